// The Review step: one selected reply at a time, reviewed without knowing the judge's verdicts.

import { emit, make, setAttribute, setText, show } from "../dom.js";
import { dialogIds, sessionAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { completeReviews } from "../state/review.js";
import { PageElement } from "./element.js";
import "./agreement-table.js";
import "./card-tabs.js";
import "./corrected-rates.js";
import { confirmDialog, showDialog, showProblem } from "./widgets.js";
import "./people-agreement.js";
import "./review-card.js";
import "./second-review-panel.js";

const MAX_AUDIT_HELD = 100;

export class ReviewView extends PageElement {
  inputs(state) {
    return [state.session, state.review, actionOf(state.actions, "reveal"), dialogIds(state.route, "reveal") !== null, actionOf(state.actions, "settings")];
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.cards = document.createElement("card-tabs");
    this.card = document.createElement("review-card");
    this.agreement = document.createElement("agreement-table");
    this.agreement.className = "card";
    this.rates = document.createElement("corrected-rates");
    this.rates.className = "card";
    this.second = document.createElement("second-review-panel");
    this.second.className = "card";
    this.people = document.createElement("people-agreement");
    this.people.className = "card";
    this.parts = [this.cards, this.card, this.agreement, this.rates, this.second, this.people];
    this.held = make("input", { type: "number", id: "audit-held", min: "0", max: String(MAX_AUDIT_HELD), inputmode: "numeric", onchange: () => this.#changeAudit(this.held.valueAsNumber) });
    this.audit = make("span", { class: "faint" });
    this.auditLine = make("div", { class: "line audit" }, make("label", { for: "audit-held" }, "Replies that held, drawn at random"), this.held, this.audit);
    this.state = make("p", { class: "number", role: "status" });
    this.reveal = make("button", { type: "button", class: "primary", onclick: () => emit(this, "open-dialog", { name: "reveal" }) }, "Reveal the judge’s verdicts");
    this.problem = make("div", { hidden: true });
    this.confirm = confirmDialog("reveal", "Reveal the judge’s verdicts?", "Reveal", make("p", {}, "This locks your reviews and selection. It can’t be undone."),
      make("button", { class: "primary", onclick: () => emit(this, "reveal") }, "Reveal and lock"), make("button", {}, "Not yet"));
    this.nothing = make("p", { class: "caution" });
    this.append(this.people, this.rates, this.agreement, make("section", { class: "card review-head" }, make("div", { class: "line" }, make("h2", {}, "Review"), make("span", { class: "space" }), this.state, this.reveal), this.about, this.auditLine, this.nothing, this.problem, this.cards), this.card, this.second, this.confirm);
  }

  draw(session, review, action, asking, settings) {
    showDialog(this.confirm, asking && session !== null && !session.revealed);
    if (session === null) return;
    const cards = review.cards ?? [];
    const done = completeReviews(review);
    const { complete, problems } = session.selection;
    setText(this.about, purpose(session));
    show(this.nothing, !complete && !session.revealed);
    this.nothing.replaceChildren(`The selection is not complete: ${(problems ?? []).join(" ")} `, make("a", { href: sessionAddress(session.session_id) }, "Choose hunts"));
    setText(this.state, cards.length ? `${done} of ${cards.length} reviews complete` : "");
    show(this.reveal, !session.revealed && cards.length > 0);
    this.reveal.disabled = !session.can_reveal && (!(complete && done === cards.length) || waitsForSecond(session));
    setAttribute(this.reveal, "title", this.reveal.disabled ? whyNotRevealed(session, done === cards.length) : null);
    this.#drawAudit(session);
    showProblem(this.problem, action.problem ?? settings.problem ?? review.problem);
  }

  #drawAudit({ settings, audit, revealed, second_review: second }) {
    show(this.auditLine, !revealed || audit.cards > 0);
    if (document.activeElement !== this.held) this.held.value = String(settings.audit_held);
    this.held.disabled = revealed || Boolean(second);
    setText(this.audit, auditText(settings.audit_held, audit.cards, revealed));
  }

  #changeAudit(held) {
    if (Number.isInteger(held) && this.held.checkValidity()) emit(this, "change-settings", { audit_held: held });
    else this.held.reportValidity();
  }

  /** Opens the next (1) or previous (-1) reply. */
  openNeighbour(step) {
    this.cards.openNeighbour(step);
  }
}

/** What the drawn hunts are for, and how many there are. */
function auditText(wanted, cards, revealed) {
  if (wanted === 0 && cards === 0) return "Review some held replies, too: otherwise nobody knows which breaks the judge missed, and there is no corrected break rate.";
  if (revealed) return `${cards} of the replies ${cards === 1 ? "was" : "were"} drawn.`;
  if (cards === 0) return "They are mixed into the replies once the selection is complete. They fill no slot.";
  const fewer = cards < wanted ? ` Only ${cards} held so far.` : "";
  return `${cards} of the replies below ${cards === 1 ? "was" : "were"} drawn, to find out which breaks the judge missed. ${cards === 1 ? "It fills" : "They fill"} no slot.${fewer}`;
}

function waitsForSecond({ second_review: second }) {
  return Boolean(second) && !second.done;
}

function whyNotRevealed(session, reviewed) {
  return reviewed && waitsForSecond(session) ? "Wait for the second reviewer, or withdraw the request." : "Complete every review first.";
}

function purpose({ visibility, revealed }) {
  if (visibility === "open") return "This session is open: the judge’s verdicts were visible before the review, and the notebook will say so.";
  if (revealed) return "The judge’s verdicts are revealed, so the reviews are locked.";
  return "Grade each reply without the judge’s verdicts; the order is random. Give PASS or FAIL on every criterion and explain why in your own words.";
}

customElements.define("review-view", ReviewView);
