// The Review step: the cards as the server sent them, and the reviews written on them in this tab.
//
// `cards` is null until they are read. `drafts`: by card ID {verdicts, explanation, basedOn, saving, problem};
// `saving`: saved | dirty | saving | offline | failed | conflict.

import { wordCount } from "./length.js";

export const MIN_WORDS = 10;
const SAVING = { saved: "Saved", dirty: "Typing …", saving: "Saving …", offline: "Saved in this browser until the server is back", failed: "Not saved", conflict: "Changed in another tab" };

export function emptyReview() {
  return { cards: null, name: "", criteria: [], prompt: "", response: "", current: null, drafts: {}, problem: null };
}

/**
 * The state after an event:
 * `review.read` {cards, name, criteria, prompt, response, stored}: from the server; `stored` are drafts that this browser holds and the server does not;
 * `review.failed` {problem} · `route.changed` {route}, which may name a card;
 * `review.marked` {cardId, criterionId, verdict} (null clears it) · `review.explained` {cardId, explanation};
 * `review.saving` {cardId} · `review.saved` {cardId, review} · `review.unsaved` {cardId, saving, problem, theirs};
 * `review.resolved` {cardId, keep: "mine"|"theirs"}: the choice after a conflict · `session.left`.
 */
export function reduceReview(review, event) {
  switch (event.type) {
    case "review.read":
      return withCards(review, event);
    case "review.failed":
      return { ...review, problem: event.problem };
    case "route.changed":
      return event.route.cardId ? { ...review, current: event.route.cardId } : review;
    case "review.marked":
      return withDraft(review, event.cardId, (draft) => ({
        ...draft, saving: savingAfterTyping(draft), verdicts: withVerdict(draft.verdicts, event.criterionId, event.verdict),
      }));
    case "review.explained":
      return withDraft(review, event.cardId, (draft) => ({ ...draft, saving: savingAfterTyping(draft), explanation: event.explanation }));
    case "review.saving":
      return withDraft(review, event.cardId, (draft) => ({ ...draft, saving: "saving", problem: null }));
    case "review.saved":
      return withDraft(review, event.cardId, (draft) => afterSaving(draft, event.review));
    case "review.unsaved":
      return withDraft(review, event.cardId, (draft) => ({ ...draft, saving: event.saving, problem: event.problem ?? null, theirs: event.theirs ?? null }));
    case "review.resolved":
      return withDraft(review, event.cardId, (draft) => afterResolving(draft, event.keep));
    case "session.left":
      return emptyReview();
    default:
      return review;
  }
}

/** Reading the cards again keeps what was typed here and is not saved yet. */
function withCards(review, { cards, name = "", criteria, prompt, response, stored }) {
  const drafts = {};
  for (const { card_id: id, review: saved } of cards) {
    const known = review.drafts[id];
    const unsaved = known && known.saving !== "saved" ? known : null;
    drafts[id] = unsaved ?? { ...fromReview(saved), ...(stored[id] && { ...stored[id], saving: "dirty" }) };
  }
  const current = cards.some((card) => card.card_id === review.current) ? review.current : firstIncomplete(cards, criteria, drafts);
  return { ...review, cards, name, criteria, prompt, response, drafts, current, problem: null };
}

function fromReview(review) {
  return {
    verdicts: review?.verdicts ?? {}, explanation: review?.explanation ?? "", basedOn: review?.saved_at ?? null,
    saving: "saved", problem: null, theirs: null,
  };
}

/** The criteria that a card is reviewed by: those of the run that its reply is from. */
export function criteriaOf(review, cardId) {
  return review.cards?.find((card) => card.card_id === cardId)?.criteria ?? review.criteria;
}

function firstIncomplete(cards, criteria, drafts) {
  const open = cards.find((card) => reviewProblems(drafts[card.card_id], card.criteria ?? criteria).length > 0);
  return (open ?? cards[0])?.card_id ?? null;
}

function withVerdict(verdicts, criterionId, verdict) {
  const others = Object.fromEntries(Object.entries(verdicts).filter(([id]) => id !== criterionId));
  return verdict === null ? others : { ...others, [criterionId]: verdict };
}

function afterSaving(draft, review) {
  return { ...draft, basedOn: review.saved_at, saving: sameReview(draft, review) ? "saved" : "dirty", problem: null };
}

/** Whether a review is saved, in words; "" for one that was never begun. */
export function savingWords({ saving, basedOn }) {
  return saving === "saved" && basedOn === null ? "" : SAVING[saving];
}

/** Whether two reviews say the same. */
export function sameReview(one, other) {
  return one.explanation === other.explanation && JSON.stringify(sortVerdicts(one.verdicts)) === JSON.stringify(sortVerdicts(other.verdicts));
}

/** After a conflict: ours overwrites theirs, or theirs is kept. */
function afterResolving(draft, keep) {
  const theirs = fromReview(draft.theirs);
  return keep === "theirs" ? theirs : { ...draft, basedOn: theirs.basedOn, theirs: null, problem: null, saving: "dirty" };
}

/** A conflict stays visible until it is resolved, whatever is typed. */
function savingAfterTyping(draft) {
  return draft.saving === "conflict" ? "conflict" : "dirty";
}

function sortVerdicts(verdicts) {
  return Object.entries(verdicts).sort(([one], [other]) => (one < other ? -1 : 1));
}

function withDraft(review, cardId, change) {
  const draft = review.drafts[cardId];
  return draft ? { ...review, drafts: { ...review.drafts, [cardId]: change(draft) } } : review;
}

/** What a review still lacks, as sentences; empty when it is complete. */
export function reviewProblems(draft, criteria) {
  const words = wordCount(draft.explanation);
  return [missingVerdicts(draft, criteria), words < MIN_WORDS ? `The explanation has ${words} of at least ${MIN_WORDS} words.` : ""].filter(Boolean);
}

/** Which criteria have no verdict yet, "" if all have one. */
export function missingVerdicts(draft, criteria) {
  const open = criteria.filter(({ id }) => !draft.verdicts[id]).map(({ id }) => id);
  return open.length ? `${open.join(", ")} ${open.length === 1 ? "has" : "have"} no verdict.` : "";
}

/** How many replies are to be reviewed: the selected ones and those drawn at random. */
export function repliesToReview({ selection, audit }) {
  return selection.hunt_ids.length + (audit?.cards ?? 0);
}

/** How many cards are reviewed completely. */
export function completeReviews(review) {
  return (review.cards ?? []).filter((card) => reviewProblems(review.drafts[card.card_id], card.criteria ?? review.criteria).length === 0).length;
}

/** The card `step` places from the current one; null at either end. */
export function neighbourCard(review, step) {
  const place = review.cards.findIndex((card) => card.card_id === review.current);
  return review.cards[place + step]?.card_id ?? null;
}
