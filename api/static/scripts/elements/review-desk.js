// The review desk: one selected reply at a time, judged by the trainer without knowing what the judge said.

import { isTyped, keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { layerOf, sessionAddress } from "../router.js";
import { actOf } from "../state/acts.js";
import { completeReviews, neighbourCard, reviewProblems } from "../state/desk.js";
import { PageElement } from "./element.js";
import "./agreement-table.js";
import { makeLayer, showLayer, showProblem } from "./pieces.js";
import "./review-card.js";

export class ReviewDesk extends PageElement {
  inputs(state) {
    return [state.session, state.desk, actOf(state.acts, "reveal"), layerOf(state.route, "reveal") !== null];
  }

  update(state) {
    super.update(state);
    this.card.update(state);
    this.agreement.update(state);
  }

  connectedCallback() {
    this.listening = new AbortController();
    addEventListener("keydown", (event) => this.#keys(event), { signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.cards = make("ol", { class: "cards" });
    this.card = document.createElement("review-card");
    this.agreement = document.createElement("agreement-table");
    this.agreement.className = "card";
    this.state = make("p", { class: "number", role: "status" });
    this.reveal = make("button", { type: "button", class: "primary", onclick: () => wish(this, "open-layer", { name: "reveal" }) }, "Reveal the judge’s verdicts");
    this.problem = make("div", { hidden: true });
    this.sure = makeLayer("reveal", { class: "sure", "aria-label": "Reveal" }, make("h2", {}, "Reveal the judge’s verdicts?"),
      make("p", {}, "This locks your reviews and selection. It can’t be undone."),
      make("form", { method: "dialog", class: "chips" }, make("button", { class: "primary", value: "yes", onclick: () => wish(this, "reveal") }, "Reveal and lock"), make("button", { value: "no" }, "Not yet")));
    this.nothing = make("p", { class: "caution" });
    this.append(this.agreement, make("section", { class: "card desk-head" }, make("div", { class: "line" }, make("h2", {}, "Review"), make("span", { class: "space" }), this.state, this.reveal), this.about, this.nothing, this.problem, this.cards), this.card, this.sure);
  }

  draw(session, desk, act, asking) {
    showLayer(this.sure, asking && session !== null && !session.revealed);
    if (session === null) return;
    const cards = desk.cards ?? [];
    const done = completeReviews(desk);
    const { complete, problems } = session.selection;
    setText(this.about, purpose(session));
    show(this.nothing, !complete && !session.revealed);
    this.nothing.replaceChildren(`The selection is not complete: ${(problems ?? []).join(" ")} `, make("a", { href: sessionAddress(session.session_id) }, "Choose hunts"));
    setText(this.state, cards.length ? `${done} of ${cards.length} reviews complete` : "");
    show(this.reveal, !session.revealed && cards.length > 0);
    this.reveal.disabled = !session.can_reveal && !(complete && done === cards.length);
    setAttribute(this.reveal, "title", this.reveal.disabled ? "Complete every review first." : null);
    showProblem(this.problem, act.problem ?? desk.problem);
    keyed(this.cards, cards.map((card, place) => ({ id: card.card_id, place, current: card.card_id === desk.current, open: reviewProblems(desk.drafts[card.card_id], card.criteria ?? desk.criteria).length })),
      (item) => item.id, (item) => this.#makeTab(item), (tab, item) => {
        setText(tab.firstChild, `Reply ${item.place + 1} ${item.open ? "" : "✓"}`);
        setAttribute(tab.firstChild, "aria-current", item.current ? "true" : null);
        setAttribute(tab.firstChild, "aria-label", `Reply ${item.place + 1}, ${item.open ? "not complete" : "complete"}`);
      });
    this.step = (step) => { const id = desk.cards && neighbourCard(desk, step); if (id) wish(this, "desk-at", id); };
  }

  #makeTab({ id }) {
    return make("li", {}, make("button", { type: "button", class: "chip", onclick: () => wish(this, "desk-at", id) }));
  }

  /** [ and ] go from reply to reply, p and f judge, wherever the focus is and nobody types. */
  #keys(event) {
    if (this.hidden || isTyped(event)) return;
    const step = { "[": -1, "]": 1 }[event.key];
    if (step) this.step?.(step);
    else if (this.card.press(event)) event.preventDefault();
  }
}

function purpose({ visibility, revealed }) {
  if (visibility === "open") return "This session is open: the judge’s verdicts were visible before the review, and the notebook will say so.";
  if (revealed) return "The judge’s verdicts are revealed, so the reviews are locked.";
  return "Grade each reply without the judge’s verdicts; the order is random. Give PASS or FAIL on every criterion and explain why in your own words.";
}

customElements.define("review-desk", ReviewDesk);
