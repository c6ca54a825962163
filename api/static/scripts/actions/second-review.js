// The second review: ask for one, do it, see how far two people agree, settle where they differ.

import { isSecondReviewer } from "../state/second-review.js";
import { askReviewer, finishSecondReview, readSecondReview, settleDifference, withdrawSecondReview } from "../wire/api.js";
import { problemOf } from "../wire/request.js";
import { perform } from "./action.js";

const REFRESH_MS = 10_000;

/** Reads the second review while it is shown. A second reviewer gets no events, so it is read again from time to time. */
export class SecondReviewLoader {
  #store;
  #loaded = "";
  #timer = 0;

  constructor(store) {
    this.#store = store;
    document.addEventListener("visibilitychange", () => this.#refresh());
  }

  /** Called after every change of the state. */
  update() {
    const { route, session } = this.#store.state;
    const reviewer = isSecondReviewer(this.#store.state);
    const known = route.step === "review" && session?.second_review;
    const wanted = reviewer ? `${route.sessionId} reviewer` : known ? `${session.session_id} ${JSON.stringify(known)}` : "";
    if (wanted === this.#loaded) return;
    this.#loaded = wanted;
    clearTimeout(this.#timer);
    if (wanted) this.#load(route.sessionId, wanted);
  }

  #refresh() {
    if (!document.hidden && isSecondReviewer(this.#store.state)) this.#load(this.#store.state.route.sessionId, this.#loaded);
  }

  async #load(sid, wanted) {
    clearTimeout(this.#timer);
    try {
      this.#store.dispatch({ type: "second-review.read", view: await readSecondReview(sid), sid });
    } catch (failure) {
      if (wanted === this.#loaded) this.#store.dispatch({ type: "second-review.failed", problem: problemOf(failure), sid });
    }
    if (wanted === this.#loaded && isSecondReviewer(this.#store.state)) this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }
}

export function ask(store, name) {
  return change(store, "ask-reviewer", (sid) => askReviewer(sid, name));
}

export function withdraw(store, sync) {
  return perform(store, "ask-reviewer", async () => {
    await withdrawSecondReview(store.state.route.sessionId);
    sync.refresh();
  });
}

/** The second reviewer is done, after every review is saved. */
export function finish(store, reviews) {
  return change(store, "finish-review", async (sid) => {
    await reviews.flush();
    return finishSecondReview(sid);
  });
}

export function settle(store, { cardId, criterionId, verdict, note }) {
  return change(store, `settle ${cardId} ${criterionId}`, (sid) => settleDifference(sid, cardId, criterionId, { verdict, note }));
}

function change(store, action, send) {
  const { sessionId: sid } = store.state.route;
  return perform(store, action, async () => store.dispatch({ type: "second-review.read", view: await send(sid), sid }));
}
