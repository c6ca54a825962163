// The Review step: loads the cards, saves each verdict and explanation shortly after it was entered, reveals the judge's verdicts.

import { sameReview } from "../state/review.js";
import { wantedDesk } from "../state/second-review.js";
import { adoptFromClosedTabs, storeUnsaved } from "../unsaved.js";
import { putReview, readReviewCards, reveal } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { perform } from "./action.js";

const SAVE_AFTER_MS = 600;
const RETRY_AFTER_MS = 5000;

export class ReviewSaver {
  #store;
  #sync;
  #timers = new Map();
  #requests = new Map();
  #loaded = "";

  constructor(store, sync) {
    this.#store = store;
    this.#sync = sync;
    addEventListener("online", () => this.#saveAll());
  }

  /** Called after every change of the state: loads the cards when the step is open and the selection has changed. */
  async update() {
    const desk = wantedDesk(this.#store.state);
    if (desk === null) {
      this.#loaded = ""; // a session that is left takes its cards with it
      return;
    }
    const { sid, version } = desk;
    const wanted = `${sid} ${version}`;
    if (this.#loaded === wanted) return;
    this.#loaded = wanted;
    try {
      const { cards, name, criteria, prompt, response } = await readReviewCards(sid);
      const stored = {};
      await adoptFromClosedTabs("reviews", sid, (reviews) => this.#isOpen(sid) && Object.assign(stored, reviews));
      this.#store.dispatch({ type: "review.read", cards, name, criteria, prompt, response, stored, sid });
      if (this.#isOpen(sid)) this.#storeLocally();
      this.#saveAll();
    } catch (failure) {
      this.#loaded = "";
      this.#store.dispatch({ type: "review.failed", problem: problemOf(failure), sid });
    }
  }

  mark(cardId, criterionId, verdict) {
    this.#change({ type: "review.marked", cardId, criterionId, verdict });
  }

  explain(cardId, explanation) {
    this.#change({ type: "review.explained", cardId, explanation });
  }

  /** The user's choice for a review that was also changed in another tab. */
  resolve(cardId, keep) {
    this.#change({ type: "review.resolved", cardId, keep });
  }

  /** Shows the judge's verdicts, after every review is saved. */
  reveal() {
    const { session_id: sid } = this.#store.state.session; // the session on screen now, wherever the user goes meanwhile
    return perform(this.#store, "reveal", async () => {
      await this.flush();
      this.#sync.apply(await reveal(sid));
    });
  }

  /** Saves every review that is not saved. */
  async flush() {
    await Promise.all(this.#unsaved().map((cardId) => this.#save(cardId)));
  }

  /** Whether the desk of that task is open: as its owner, or as the second reviewer, who has no session. */
  #isOpen(sid) {
    return this.#store.state.route.sessionId === sid;
  }

  #change(event) {
    this.#store.dispatch(event);
    this.#storeLocally();
    this.#schedule(event.cardId, SAVE_AFTER_MS);
  }

  #unsaved() {
    return Object.entries(this.#store.state.review.drafts).filter(([, draft]) => draft.saving !== "saved").map(([cardId]) => cardId);
  }

  #saveAll() {
    for (const cardId of this.#unsaved()) this.#schedule(cardId, 0);
  }

  #schedule(cardId, delayMs) {
    clearTimeout(this.#timers.get(cardId));
    this.#timers.set(cardId, setTimeout(() => this.#save(cardId), delayMs));
  }

  /** One request per card at a time: a second one would be based on the review that the first replaces. */
  async #save(cardId) {
    await this.#requests.get(cardId);
    const { route, review } = this.#store.state;
    const draft = review.drafts[cardId];
    if (!route.sessionId || !draft || ["saved", "saving", "conflict"].includes(draft.saving)) return;
    const request = this.#send(route.sessionId, cardId, draft).finally(() => this.#requests.delete(cardId));
    this.#requests.set(cardId, request);
    await request;
  }

  async #send(sid, cardId, draft) {
    this.#store.dispatch({ type: "review.saving", cardId });
    try {
      this.#onSaved(sid, cardId, await putReview(sid, cardId, draft, draft.basedOn));
    } catch (failure) {
      const stored = failure.details?.review;
      if (stored && sameReview(stored, draft)) this.#onSaved(sid, cardId, stored); // the request had arrived, only its response was lost
      else this.#onFailed(cardId, failure);
    }
    if (this.#isOpen(sid)) this.#storeLocally();
  }

  #onSaved(sid, cardId, review) {
    if (!this.#isOpen(sid)) return;
    this.#store.dispatch({ type: "review.saved", cardId, review });
    if (this.#store.state.review.drafts[cardId]?.saving === "dirty") this.#schedule(cardId, SAVE_AFTER_MS);
  }

  #onFailed(cardId, failure) {
    if (!(failure instanceof Problem)) throw failure;
    const saving = failure.retryable ? "offline" : failure.code === "conflict" ? "conflict" : "failed";
    const theirs = failure.details.review ?? null;
    this.#store.dispatch({ type: "review.unsaved", cardId, saving, problem: problemOf(failure), theirs });
    if (failure.retryable) this.#schedule(cardId, RETRY_AFTER_MS);
  }

  #storeLocally() {
    const { route, review } = this.#store.state;
    const unsaved = this.#unsaved().map((cardId) => {
      const { verdicts, explanation, basedOn } = review.drafts[cardId];
      return [cardId, { verdicts, explanation, basedOn }];
    });
    storeUnsaved("reviews", route.sessionId, unsaved.length ? Object.fromEntries(unsaved) : null);
  }
}
