// One button for each reply on the desk: which is open, and which reviews are complete.

import { emit, keyed, make, setAttribute, setText } from "../dom.js";
import { neighbourCard, reviewProblems } from "../state/review.js";
import { PageElement } from "./element.js";

export class CardTabs extends PageElement {
  inputs(state) {
    return [state.review];
  }

  build() {
    this.list = make("ol", { class: "cards" });
    this.append(this.list);
  }

  draw(review) {
    this.review = review;
    const tabs = (review.cards ?? []).map((card, place) => ({
      id: card.card_id, place, current: card.card_id === review.current, open: reviewProblems(review.drafts[card.card_id], card.criteria ?? review.criteria).length,
    }));
    keyed(this.list, tabs, (item) => item.id, (item) => this.#make(item), (tab, item) => {
      setText(tab.firstChild, `Reply ${item.place + 1} ${item.open ? "" : "✓"}`);
      setAttribute(tab.firstChild, "aria-current", item.current ? "true" : null);
      setAttribute(tab.firstChild, "aria-label", `Reply ${item.place + 1}, ${item.open ? "not complete" : "complete"}`);
    });
  }

  #make({ id }) {
    return make("li", {}, make("button", { type: "button", class: "chip", onclick: () => emit(this, "open-card", id) }));
  }

  /** Opens the next (1) or previous (-1) reply. */
  openNeighbour(step) {
    const id = this.review?.cards && neighbourCard(this.review, step);
    if (id) emit(this, "open-card", id);
  }
}

customElements.define("card-tabs", CardTabs);
