// The review desk: cards as the server gave them, and what was marked and typed on them here.
//
// `cards` is null until they were read. `drafts`: by card id {verdicts, explanation, basedOn, saving, problem};
// `saving`: saved | dirty | saving | offline | failed | conflict.

import { wordCount } from "./writing.js";

export const MIN_WORDS = 10;

export function emptyDesk() {
  return { cards: null, criteria: [], prompt: "", response: "", current: null, drafts: {}, problem: null };
}

/**
 * The state after an event:
 * `desk.read` {desk, kept}: cards from the server; `kept` are drafts that this browser had not brought home;
 * `desk.failed` {problem} · `desk.at` {cardId};
 * `desk.marked` {cardId, criterionId, verdict} (null takes it back) · `desk.explained` {cardId, explanation};
 * `desk.saving` {cardId} · `desk.saved` {cardId, review} · `desk.unsaved` {cardId, saving, problem, theirs};
 * `desk.settled` {cardId, keep: "mine"|"theirs"}: the word on a conflict · `session.left`.
 */
export function reduceDesk(desk, event) {
  switch (event.type) {
    case "desk.read":
      return read(desk, event.desk, event.kept);
    case "desk.failed":
      return { ...desk, problem: event.problem };
    case "desk.at":
      return { ...desk, current: event.cardId };
    case "desk.marked":
      return withDraft(desk, event.cardId, (draft) => ({
        ...draft, saving: waiting(draft), verdicts: marked(draft.verdicts, event.criterionId, event.verdict),
      }));
    case "desk.explained":
      return withDraft(desk, event.cardId, (draft) => ({ ...draft, saving: waiting(draft), explanation: event.explanation }));
    case "desk.saving":
      return withDraft(desk, event.cardId, (draft) => ({ ...draft, saving: "saving", problem: null }));
    case "desk.saved":
      return withDraft(desk, event.cardId, (draft) => saved(draft, event.review));
    case "desk.unsaved":
      return withDraft(desk, event.cardId, (draft) => ({ ...draft, saving: event.saving, problem: event.problem ?? null, theirs: event.theirs ?? null }));
    case "desk.settled":
      return withDraft(desk, event.cardId, (draft) => settled(draft, event.keep));
    case "session.left":
      return emptyDesk();
    default:
      return desk;
  }
}

/** Cards read again do not take away what was typed here and has not been saved. */
function read(desk, { cards, criteria, prompt, response }, kept) {
  const drafts = {};
  for (const { card_id: id, review } of cards) {
    const known = desk.drafts[id];
    const here = known && known.saving !== "saved" ? known : null;
    const stored = fromReview(review);
    drafts[id] = here ?? (kept[id] ? { ...stored, ...kept[id], saving: "dirty" } : stored);
  }
  const current = cards.some((card) => card.card_id === desk.current) ? desk.current : firstOpen(cards, criteria, drafts);
  return { ...desk, cards, criteria, prompt, response, drafts, current, problem: null };
}

function fromReview(review) {
  return {
    verdicts: review?.verdicts ?? {}, explanation: review?.explanation ?? "", basedOn: review?.saved_at ?? null,
    saving: "saved", problem: null, theirs: null,
  };
}

/** What a card is reviewed by: the criteria of the run that its reply is of. */
export function criteriaOf(desk, cardId) {
  return desk.cards?.find((card) => card.card_id === cardId)?.criteria ?? desk.criteria;
}

function firstOpen(cards, criteria, drafts) {
  const open = cards.find((card) => reviewProblems(drafts[card.card_id], card.criteria ?? criteria).length > 0);
  return (open ?? cards[0])?.card_id ?? null;
}

function marked(verdicts, criterionId, verdict) {
  const others = Object.fromEntries(Object.entries(verdicts).filter(([id]) => id !== criterionId));
  return verdict === null ? others : { ...others, [criterionId]: verdict };
}

function saved(draft, review) {
  return { ...draft, basedOn: review.saved_at, saving: sameReview(draft, review) ? "saved" : "dirty", problem: null };
}

/** Whether two reviews say the same. */
export function sameReview(one, other) {
  return one.explanation === other.explanation && JSON.stringify(sorted(one.verdicts)) === JSON.stringify(sorted(other.verdicts));
}

/** After a conflict: ours goes on top of theirs, or theirs stands. */
function settled(draft, keep) {
  const theirs = fromReview(draft.theirs);
  return keep === "theirs" ? theirs : { ...draft, basedOn: theirs.basedOn, theirs: null, problem: null, saving: "dirty" };
}

/** A conflict waits for a word; typing does not hide it. */
function waiting(draft) {
  return draft.saving === "conflict" ? "conflict" : "dirty";
}

function sorted(verdicts) {
  return Object.entries(verdicts).sort(([one], [other]) => (one < other ? -1 : 1));
}

function withDraft(desk, cardId, change) {
  const draft = desk.drafts[cardId];
  return draft ? { ...desk, drafts: { ...desk.drafts, [cardId]: change(draft) } } : desk;
}

/** What a review still needs, in words; empty when it is complete. */
export function reviewProblems(draft, criteria) {
  const open = criteria.filter(({ id }) => !draft.verdicts[id]).map(({ id }) => id);
  const words = wordCount(draft.explanation);
  const problems = [];
  if (open.length) problems.push(open.length === 1 ? `${open[0]} has no verdict.` : `${open.join(", ")} have no verdict.`);
  if (words < MIN_WORDS) problems.push(`The explanation has ${words} of at least ${MIN_WORDS} words.`);
  return problems;
}

/** How many cards are reviewed completely. */
export function completeReviews(desk) {
  return (desk.cards ?? []).filter((card) => reviewProblems(desk.drafts[card.card_id], card.criteria ?? desk.criteria).length === 0).length;
}

/** The card `step` places from the current one; null at either end. */
export function neighbourCard(desk, step) {
  const place = desk.cards.findIndex((card) => card.card_id === desk.current);
  return desk.cards[place + step]?.card_id ?? null;
}
