// Rules for editing criteria: new IDs, pasted lists, order, restoring.

/** The next free ID: one above every number that was ever used in this session. */
export function nextId(criteria, loaded) {
  const numbers = [...criteria, ...loaded].map(({ id }) => Number(/\d+$/.exec(id)?.[0] ?? 0));
  return `C${Math.max(0, ...numbers) + 1}`;
}

/**
 * Criteria from a pasted list: one per line, or numbered items of several lines. IDs in the text are kept, the others are new. JSON as in
 * notebooks is accepted too.
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

/** A line with an item marker begins an item; in a list with markers the other lines continue the item above. */
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

/** `criteria` with the one at `place` moved by `step`; the same list at either end. */
export function moveCriterion(criteria, place, step) {
  const to = place + step;
  if (to < 0 || to >= criteria.length) return criteria;
  const list = [...criteria];
  [list[place], list[to]] = [list[to], list[place]];
  return list;
}

/** Loaded criteria that have been removed, in their order. */
export function missingCriteria(criteria, loaded) {
  const here = new Set(criteria.map(({ id }) => id));
  return loaded.filter(({ id }) => !here.has(id));
}

/** `criteria` with the loaded criterion `id` back at its place. */
export function restoreCriterion(criteria, loaded, id) {
  const order = loaded.map((criterion) => criterion.id);
  const back = loaded.find((criterion) => criterion.id === id);
  const at = criteria.findIndex((criterion) => order.indexOf(criterion.id) > order.indexOf(id));
  return at < 0 ? [...criteria, back] : criteria.toSpliced(at, 0, back);
}

/** The pass rules: what has to pass for a reply to hold. */
export const PASS_RULES = [
  { id: "majority", short: "more than half", label: "more than half of the criteria pass" },
  { id: "all", short: "all", label: "every criterion passes" },
];
