// Rules for writing criteria and prompts that need no server: new ids, pasted lists, what is missing, word counts.

/** The next free id: one above every number that was ever used here. */
export function nextId(criteria, loaded) {
  const numbers = [...criteria, ...loaded].map(({ id }) => Number(/\d+$/.exec(id)?.[0] ?? 0));
  return `C${Math.max(0, ...numbers) + 1}`;
}

/**
 * Criteria of a pasted list: one for each line, or numbered items whose lines belong together. Ids that stand there
 * are kept, the others are new. JSON as notebooks have it is read too.
 */
export function pastedCriteria(text, criteria, loaded) {
  const items = jsonItems(text) ?? lineItems(text);
  const made = [];
  const taken = new Set(criteria.map(({ id }) => id));
  for (const { id, text: words } of items) {
    if (!words) continue;
    const own = id && !taken.has(id) ? id : nextId([...criteria, ...made], loaded);
    taken.add(own);
    made.push({ id: own, text: words });
  }
  return made;
}

function jsonItems(text) {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    const list = JSON.parse(text);
    return (Array.isArray(list) ? list : Object.entries(list).map(([id, words]) => ({ id, text: words }))).map(jsonItem);
  } catch (failure) {
    if (failure instanceof SyntaxError) return null;
    throw failure;
  }
}

function jsonItem(item) {
  if (typeof item === "string") return { id: "", text: item.trim() };
  const key = Object.keys(item ?? {}).find((name) => /^criteria/i.test(name)) ?? ["text", "description"].find((name) => name in (item ?? {}));
  return { id: String(item?.id ?? "").toUpperCase(), text: String(item?.[key] ?? "").trim() };
}

const ITEM = /^\s*(?:[-*•]|\d+[.)])?\s*(?:\*\*)?(C\d+)?(?:\*\*)?\s*(?:[:：.)-]\s*)?(.*)$/i;
const BEGINS = /^\s*(?:[-*•]|\d+[.)]|(?:\*\*)?C\d+\b)/i;

/** Lines that begin like an item begin one; in a list with such lines the others go on with the item above. */
function lineItems(text) {
  const lines = text.split("\n").filter((line) => line.trim());
  const marked = lines.some((line) => BEGINS.test(line));
  const items = [];
  for (const line of lines) {
    if (marked && !BEGINS.test(line) && items.length) items.at(-1).text += `\n${line.trim()}`;
    else {
      const [, id, words] = ITEM.exec(line);
      items.push({ id: id?.toUpperCase() ?? "", text: words.trim() });
    }
  }
  return items;
}

/** `criteria` with the one at `place` moved by `step`; the same list when there is no room. */
export function moved(criteria, place, step) {
  const to = place + step;
  if (to < 0 || to >= criteria.length) return criteria;
  const list = [...criteria];
  [list[place], list[to]] = [list[to], list[place]];
  return list;
}

/** Loaded criteria that are gone, in their order. */
export function missingCriteria(criteria, loaded) {
  const here = new Set(criteria.map(({ id }) => id));
  return loaded.filter(({ id }) => !here.has(id));
}

/** A criterion put back where it stood among those that are left. */
export function restored(criteria, loaded, id) {
  const order = loaded.map((criterion) => criterion.id);
  const back = loaded.find((criterion) => criterion.id === id);
  const at = criteria.findIndex((criterion) => order.indexOf(criterion.id) > order.indexOf(id));
  return at < 0 ? [...criteria, back] : criteria.toSpliced(at, 0, back);
}

export function wordCount(text) {
  return text.split(/\s+/u).filter(Boolean).length;
}

/** The asked-for length of the prompt, `20 - 50 words` or `Above 500 words`, as {least, most}; null when none is asked. */
export function wantedLength(metadata) {
  const key = Object.keys(metadata).find((name) => name.toLowerCase() === "user prompt length");
  const words = key ? metadata[key] : "";
  const numbers = (words.match(/\d[\d,]*/g) ?? []).map((number) => Number(number.replaceAll(",", "")));
  if (numbers.length >= 2) return { least: numbers[0], most: numbers[1], words };
  if (numbers.length === 0) return null;
  return /above|over|more|at least|>/i.test(words) ? { least: numbers[0] + 1, most: Infinity, words } : { least: 0, most: numbers[0], words };
}

export function fitsLength(count, wanted) {
  return wanted === null || (count >= wanted.least && count <= wanted.most);
}
