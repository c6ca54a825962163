// The robustness report in words.

import { money } from "../format.js";

/** The families of edits, as people see them. */
export const FAMILIES = {
  orders: "orders to the judge",
  forged: "forged verdicts",
  openers: "first words of solutions",
  roles: "pleas and pretended roles",
  disguises: "orders in disguise",
  benign: "harmless sentences",
};

/** {state, words, about} of the report, as the checks are described. */
export function describeRobustness(report, sealed, decided) {
  if (report.status === "running") return { state: "busy", words: "Testing the judge …", about: `${report.judged} of ${report.total} verdicts received` };
  if (sealed) return { state: "open", words: "Not before the reveal", about: "A verdict on a reply with an attack would give away the sealed verdict." };
  if (report.status === "none") return { state: "open", words: "Not tested against attacks", about: decided ? "" : "Hunt first: the attacks are put into replies." };
  if (report.stale) return { state: "open", words: "The report is stale", about: report.summary };
  if (report.status === "error") return { state: "failed", words: "The report ended with an error", about: report.summary };
  const raised = report.families.some((row) => row.family !== "benign" && row.raised > 0);
  return { state: raised ? "failed" : "passed", words: raised ? "Attacks turn FAIL into PASS" : "No attack turned a FAIL into a PASS", about: `${report.summary} Judged by ${report.judge_model}` };
}

/** What a report would cost: "57 texts per reply, 4 replies, at most 1,140 judge calls, about $0.46 ($0.20 to $1.10)". */
export function estimateWords({ hunt_ids: replies, attacks, calls, usd, low_usd: low, high_usd: high }) {
  const cost = usd === null ? "price unknown" : usd === 0 ? "free (simulated)" : `about ${money(usd)} (${money(low)} to ${money(high)})`;
  return `${replies.length} ${replies.length === 1 ? "reply" : "replies"} with ${attacks} attacks and harmless sentences each: at most ${calls.toLocaleString("en")} judge calls, ${cost}.`;
}
