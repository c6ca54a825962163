// Numbers, times and JSON for people. What is unknown is never shown as 0.

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const whole = new Intl.NumberFormat();
const timeOfDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** US dollars: `$0.0123`, `$1.24`, or `unknown`. */
export function money(usd) {
  if (usd === null || usd === undefined) return "unknown";
  if (usd > 0 && usd < 0.0001) return "< $0.0001";
  return `$${usd.toFixed(usd === 0 || usd >= 1 ? 2 : 4)}`;
}

/** A duration in milliseconds: `3.2 s`, `1 min 5 s`, `2 h 3 min`; "–" when there is none. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

/** The time left, in seconds: `about 12 s left`; "" if unknown. */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return "nearly done";
  if (seconds < 90) return `about ${Math.round(seconds)} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

/** A share of decided hunts: `25%`, or `n/a` when none was decided. */
export function rate(share) {
  return share === null || share === undefined ? "n/a" : percent.format(share);
}

/** What the methods of intervals are called. */
export const METHODS = { wilson: "95% Wilson interval, for a fixed number of hunts", confidence_sequence: "95% confidence sequence, valid at every moment" };

/** The 95 % interval of a break rate: `In the long run, probably 14% to 49% of the hunts break.`; "" without one. */
export function intervalText(interval) {
  return interval ? `In the long run, probably ${rate(interval.low)} to ${rate(interval.high)} of the hunts break.` : "";
}

export function count(number) {
  return number === null || number === undefined ? "unknown" : whole.format(number);
}

export function clock(iso) {
  return iso ? timeOfDay.format(new Date(iso)) : "–";
}

export function moment(iso) {
  return iso ? dayAndTime.format(new Date(iso)) : "–";
}

/** A model's price per million tokens, in and out: `$1.25 in · $10.00 out`, or "price unknown". */
export function price(model) {
  const { input_usd_per_mtok: input, output_usd_per_mtok: output } = model;
  if (input === null && output === null) return "price unknown";
  return `${perMillion(input)} in · ${perMillion(output)} out per 1M tokens`;
}

/** What is known of a model: price, context, and whether it is new, gone or cannot be used. */
export function modelFacts(model) {
  const facts = [
    !model.usable && model.why_not,
    !model.simulated && price(model),
    model.context_tokens && `${whole.format(model.context_tokens)} tokens of context`,
    model.reasoning && "reasoning",
    model.new && `new since ${date.format(new Date(model.first_seen_at))}`,
    model.gone_at && `gone since ${date.format(new Date(model.gone_at))}`,
    model.listed === false && !model.gone_at && "not in the provider's list",
  ];
  return facts.filter(Boolean).join(" · ");
}

function perMillion(usd) {
  return usd === null || usd === undefined ? "unknown" : `$${usd.toFixed(usd > 0 && usd < 0.005 ? 4 : 2)}`;
}

const JSON_PARTS = /"(?:[^"\\]|\\.)*"|\s+|[{[]\s*[}\]]|[{[}\],:]/g;

/** Indented JSON; text that is not JSON stays as it is. Numbers, names and escapes are not changed. */
export function prettyJson(text) {
  if (typeof text !== "string") return JSON.stringify(text, null, 2);
  if (!isJson(text)) return text;
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  return text.replace(JSON_PARTS, (part) => {
    if (part.startsWith('"')) return part;
    if (/^\s/.test(part)) return "";
    if (part.length > 1) return part[0] + part.at(-1); // empty
    if (part === ":") return ": ";
    if (part === ",") return part + line();
    depth += "{[".includes(part) ? 1 : -1;
    return "{[".includes(part) ? part + line() : line() + part;
  });
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch (notJson) {
    if (notJson instanceof SyntaxError) return false;
    throw notJson;
  }
}
