// Word-by-word difference of two texts: a list of {kind: "same"|"less"|"more", text}. "less" is in the first text only, "more" in the second.
// Long texts are compared line by line, which is faster.

const MAX_CELLS = 4_000_000;

export function difference(one, other) {
  for (const pattern of [/\s+|[^\s]+/gu, /[^\n]*\n?/gu]) {
    const [from, to] = [one.match(pattern) ?? [], other.match(pattern) ?? []].map((list) => list.filter(Boolean));
    if (from.length * to.length <= MAX_CELLS) return mergeParts(compareTokens(from, to));
  }
  return mergeParts([{ kind: "less", text: one }, { kind: "more", text: other }]);
}

/** Longest common subsequence by dynamic programming, after common prefixes and suffixes are removed. */
function compareTokens(from, to) {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  const [a, b] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  return [
    ...from.slice(0, start).map((text) => ({ kind: "same", text })),
    ...compareMiddle(a, b, subsequenceLengths(a, b)),
    ...from.slice(from.length - end).map((text) => ({ kind: "same", text })),
  ];
}

function subsequenceLengths(a, b) {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1
        : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  return table;
}

function compareMiddle(a, b, table) {
  const width = b.length + 1;
  const parts = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      parts.push({ kind: "same", text: a[i] });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) {
      parts.push({ kind: "less", text: a[i] });
      i += 1;
    } else {
      parts.push({ kind: "more", text: b[j] });
      j += 1;
    }
  }
  return parts;
}

function mergeParts(parts) {
  const whole = [];
  for (const { kind, text } of parts) {
    if (whole.at(-1)?.kind === kind) whole.at(-1).text += text;
    else whole.push({ kind, text });
  }
  return whole;
}
