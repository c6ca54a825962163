// The second review of the open task: {view, problem}; `view` is the server's, null until it is read.

import { isLocked } from "./session.js";

export function noSecondReview() {
  return { view: null, problem: null };
}

/** The state after `second-review.read` {view}, `second-review.failed` {problem} or `session.left`. */
export function reduceSecondReview(second, event) {
  switch (event.type) {
    case "second-review.read":
      return { view: event.view, problem: null };
    case "second-review.failed":
      return { ...second, problem: event.problem };
    case "session.left":
      return noSecondReview();
    default:
      return second;
  }
}

/** Whether the page shows the desk of a second reviewer, who has nothing else of the task. */
export function isSecondReviewer({ access }) {
  return access === "reviewer";
}

/** The name of the open task, also for its second reviewer; null if none is known. */
export function taskName(state) {
  return isSecondReviewer(state) ? state.review.name || null : state.session?.name ?? null;
}

/** Whether the reviews on the desk can no longer be changed: after the reveal, by a reader, or once the second reviewer is done. */
export function reviewsAreLocked(state) {
  return isSecondReviewer(state) ? Boolean(state.second.view?.done) : isLocked(state);
}

/** The task whose desk is to be loaded, and the desk's version: {sid, version}; null if none is shown. */
export function wantedDesk(state) {
  const { route, session } = state;
  if (isSecondReviewer(state)) return { sid: route.sessionId, version: `second ${reviewsAreLocked(state)}` };
  if (route.step !== "review" || !session || route.sessionId !== session.session_id) return null;
  return { sid: session.session_id, version: `${session.revealed} ${session.selection.hunt_ids.join()} ${session.settings.audit_held} ${session.task.hash}` };
}

/** The names of both reviewers as `own` reads them. */
export function reviewerNames({ reviewer, asked_by: first }, own) {
  const named = (name, other) => (name && name === own ? "You" : name || other);
  return { first: named(first, "First reviewer"), second: named(reviewer, "Second reviewer") };
}

/** The agreement on one criterion, or on all, in words. */
export function agreementWords({ replies, agree, alpha }) {
  return `${agree} of ${replies}${alpha === null ? "" : `, α ${alpha.toFixed(2).replace("-", "−")}`}`;
}

/** What alpha says, as one sentence. */
export function alphaSentence(agreement) {
  const [all] = agreement;
  if (!all) return "";
  if (all.alpha === null) return "Both always gave the same verdict, so there is nothing to compare with chance.";
  const scale = "Krippendorff’s alpha is 1 if two people always agree, and 0 if they agree as often as by chance.";
  return all.replies < 20 ? `${scale} With ${all.replies} verdicts it is rough.` : scale;
}

/** How far two people agree on all criteria, as a sentence. */
export function totalSentence([all], { first, second }) {
  if (!all) return "There are no verdicts to compare.";
  return `${first} and ${second === "You" ? "you" : second} agree on ${all.agree} of ${all.replies} verdicts${all.alpha === null ? "" : ` (α ${all.alpha.toFixed(2).replace("-", "−")})`}.`;
}

/** The differences by reply, in the order of the cards: [{cardId, place, explanations, differences}]; `place` from 1, null while the cards are not read. */
export function differencesByReply({ differences }, cards) {
  const places = new Map((cards ?? []).map((card, nth) => [card.card_id, nth + 1]));
  const replies = new Map();
  for (const one of differences) {
    const known = replies.get(one.card_id) ?? { cardId: one.card_id, place: places.get(one.card_id) ?? null, explanations: [one.first_explanation, one.second_explanation], differences: [] };
    replies.set(one.card_id, { ...known, differences: [...known.differences, one] });
  }
  return [...replies.values()].sort((one, other) => one.place - other.place);
}
