// Second opinions: what the confirmation of a hunt says, and whom the next run, or a stored hunt, is asked of.

import { judgeSetting } from "./targets.js";

/** In the order in which the table sorts them. */
export const CONFIRMATIONS = {
  confirmed: { word: "Confirmed", sign: "✓", about: "The outcome stays the same with the answers of every other judge that was asked." },
  unconfirmed: { word: "Unconfirmed", sign: "·", about: "Only one judge decided. No other judge was asked, or none gave a usable answer." },
  contested: { word: "Contested", sign: "≠", about: "Another judge’s answers lead to the opposite outcome. Never proposed for the selection, but you can choose it." },
  refuted: { word: "Refuted", sign: "✕", about: "A person’s review says that the reply held." },
};

/** [policy, label, what is asked again]. */
export const POLICIES = [
  ["none", "off", "Each verdict is one judge’s."],
  ["breaks", "on breaks", "Another judge is asked about every FAIL of a break that could change the outcome."],
  ["pivotal", "on breaks and held replies", "Another judge is asked about every FAIL of a break and every PASS of a held reply that could change the outcome."],
  ["all", "on every verdict", "Another judge is asked about every verdict."],
];

export const MAX_EXTRA_CALLS = 100_000;

/** What no plan says: the policy follows from the judges that are usable, and so does the judge. */
export function emptyConfirm() {
  return { policy: "", judges: [""], cap: 200 };
}

export function changeConfirm(confirm, { judge, place, ...change }) {
  if (place !== undefined) return { ...confirm, judges: confirm.judges.toSpliced(place, 1, judge) };
  if (Number.isFinite(change.cap)) return { ...confirm, cap: Math.min(MAX_EXTRA_CALLS, Math.max(1, Math.trunc(change.cap))) };
  if (change.count) return { ...confirm, judges: Array.from({ length: change.count }, (_, one) => confirm.judges[one] ?? "") };
  return { ...confirm, ...(change.policy ? { policy: change.policy } : {}) };
}

/** Usable models other than the plan's judge. First comes the one whose mistakes differ most, as far as reviews tell; then those of other makers, and those that do not judge themselves. */
export function confirmingModels(plan, defaultJudge, { models, judges }) {
  const judge = plan.judge || defaultJudge;
  const best = judges?.[judge]?.second.model;
  const rows = (models?.models ?? []).filter((row) => row.usable && row.model !== judge);
  const simulated = models?.models.find((row) => row.model === judge)?.simulated ?? false;
  const rank = (row) => (row.model === best ? -9 : 0) + (row.simulated === simulated ? 0 : 3) + (makerOf(row.model) === makerOf(judge)) + plan.models.includes(row.model);
  return rows.toSorted((one, other) => rank(one) - rank(other)).map((row) => row.model);
}

/** "openai" for openai/gpt-5 and for openrouter/openai/gpt-5. */
function makerOf(model) {
  return model.split("/").at(-2) ?? model;
}

/** What the plan asks for: {policy, judges: [model], cap, usable: [model]}. Without another usable judge nothing is asked. */
export function chosenConfirm(plan, defaultJudge, server) {
  const usable = confirmingModels(plan, defaultJudge, server);
  const { policy, judges, cap } = plan.confirm;
  const named = judges.map((name) => (usable.includes(name) ? name : ""));
  const free = usable.filter((name) => !named.includes(name));
  const found = named.map((name) => name || free.shift()).filter(Boolean);
  return { policy: found.length ? policy || "breaks" : "none", judges: found, cap, usable };
}

/** What reviews say against these judges beside the plan's judge: that they share its mistakes; "" if nothing. */
export function sharedMistakes(plan, defaultJudge, { judges: reports }, others) {
  const judge = plan.judge || defaultJudge;
  const pairs = reports?.[judge]?.pairs ?? [];
  return pairs.filter(({ judges }) => judges.includes(judge) && others.some((name) => judges.includes(name))).map(({ warning }) => warning).filter(Boolean).join(" ");
}

/** Whom the plan would ask: "a and b"; "" without another usable judge. */
export function confirmingNames({ session, plan, server }) {
  return session ? chosenConfirm(plan, session.default_judge, server).judges.join(" and ") : "";
}

/** `confirm` as requests have it; null where nothing is asked. */
export function confirmOrder(plan, { policy, judges, cap }) {
  if (policy === "none") return null;
  return { policy, judges: judgesOrder(plan, judges), max_extra_calls: cap };
}

/** Judges with the parameters that the plan has for them. */
export function judgesOrder(plan, judges) {
  return judges.map((model) => {
    const { parameters } = judgeSetting({ ...plan, judge: model });
    return { model, ...(Object.keys(parameters).length ? { parameters } : {}) };
  });
}

/** Whether there is anything to say about second opinions on a hunt. */
export function hasOpinions(hunt) {
  return Boolean(hunt.confirmation) && hunt.confirmation !== "unconfirmed";
}

/** Breaks among `hunts` on which no other judge was asked. */
export function unconfirmedBreaks(hunts) {
  return hunts.filter((hunt) => hunt.kind !== "trial" && hunt.outcome === "broke" && hunt.confirmation === "unconfirmed");
}

/** "3 confirmed, 1 contested"; "" where there is none. */
export function confirmationWords(counts) {
  return ["confirmed", "contested", "refuted"].filter((name) => counts[name]).map((name) => `${counts[name]} ${name}`).join(", ");
}

/** The newest vote of each other judge on each criterion: a Map of lists by criterion ID. */
export function votesByCriterion(votes) {
  const newest = new Map();
  for (const vote of votes ?? []) newest.set(JSON.stringify([vote.criterion_id, vote.judge_model, vote.judge_parameters]), vote);
  const found = new Map();
  for (const vote of newest.values()) found.set(vote.criterion_id, [...(found.get(vote.criterion_id) ?? []), vote]);
  return found;
}
