// The stop rule: its limits, as the plan has them, as the API expects them, and in words.

import { money, rate } from "../format.js";
import { counted } from "./announcements.js";

/** One row per limit. `key`: its number in the plan; `alone`: not among several limits; `scale`: how many of the plan's units are one of the API's. */
export const STOP_LIMITS = [
  { rule: "breaks", key: "breaks", limit: "breaks", scale: 1, choice: "after this many breaks", label: "Number of breaks", unit: "breaks", input: { min: "1", max: "1000" }, words: (value) => `at ${counted(value, "break")}` },
  { rule: "confirmed_breaks", key: "confirmed", limit: "confirmed_breaks", scale: 1, alone: true, choice: "after this many confirmed breaks", label: "Number of confirmed breaks", unit: "confirmed breaks", input: { min: "1", max: "1000" }, words: (value) => `at ${counted(value, "confirmed break")}` },
  { rule: "cost", key: "cost", limit: "cost_usd", scale: 1, choice: "at a cost of $", label: "US dollars", unit: "$ of cost", input: { min: "0.01", step: "0.01" }, words: (value) => `at ${money(value)}` },
  { rule: "futility", key: "futility", limit: "futility", scale: 100, choice: "when the break rate is probably below %", label: "Worthwhile break rate in percent", unit: "% break rate", input: { min: "0.1", max: "99", step: "0.1" }, words: (value) => `when the break rate is probably below ${rate(value)}` },
];
/** The rules that can be chosen: [name, words]. */
export const STOP_RULES = [["all", "when all hunts are done"], ...STOP_LIMITS.map(({ rule, choice }) => [rule, choice]), ["any", "at the first of several limits"]];
export const DEFAULT_STOP = { rule: "all", breaks: 4, confirmed: 4, cost: 1, futility: 5 };

/** The limits that a rule of the plan has. */
export function limitsOf({ rule }) {
  return STOP_LIMITS.filter((row) => (rule === "any" && !row.alone) || row.rule === rule);
}

/** The rule after a change. Only among several limits a number may be missing; otherwise the last or the default one stays. */
export function changeStop(stop, change) {
  const after = { ...stop, ...change };
  const missing = after.rule === "any" ? [] : STOP_LIMITS.filter(({ key }) => after[key] === null);
  return { ...after, ...Object.fromEntries(missing.map(({ key }) => [key, stop[key] ?? DEFAULT_STOP[key]])) };
}

/** The stop rule as the API expects it. Of several limits, those without a number are left out. */
export function stopOrder(stop) {
  const given = limitsOf(stop).filter(({ key }) => stop[key] !== null).map(({ key, limit, scale }) => [limit, stop[key] / scale]);
  if (!given.length) return { rule: "all" };
  return { ...(stop.rule === "any" ? {} : { rule: stop.rule }), ...Object.fromEntries(given) };
}

/** When a run will stop: "Stops at 4 breaks or at $1.50."; "" when all hunts are done. */
export function stopText(stop) {
  const words = STOP_LIMITS.filter(({ limit }) => stop?.[limit] !== undefined).map((row) => row.words(stop[row.limit]));
  return words.length ? `Stops ${words.join(" or ")}.` : "";
}
