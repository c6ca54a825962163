// The owner's side of a second review: ask somebody, see how far they are, take the request back.

import { emit, make, setBusy, setText, show } from "../dom.js";
import { moment } from "../format.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

export class SecondReviewPanel extends PageElement {
  inputs(state) {
    return [state.session, state.server.who, actionOf(state.actions, "ask-reviewer")];
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.name = make("input", { type: "text", id: "second-reviewer", maxlength: 60, autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true });
    this.send = make("button", { class: "primary" }, "Ask for a second review");
    this.form = make("form", { class: "line", onsubmit: (event) => this.#ask(event) },
      make("label", { for: "second-reviewer" }, "Name"), this.name, this.send);
    this.withdraw = make("button", { type: "button", class: "small", onclick: () => emit(this, "withdraw-second-review") }, "Withdraw the request");
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Second reviewer"), this.about, this.form, this.withdraw, this.problem);
  }

  draw(session, who, action) {
    show(this, session !== null && Boolean(who?.sign_in));
    if (session === null) return;
    const { second_review: second = null, selection, owner } = session; // the release before sends none
    setText(this.about, second ? progress(second, session.revealed) : purpose(selection.complete));
    show(this.form, second === null && selection.complete && owner === who?.name);
    show(this.withdraw, second !== null && !second.done && owner === who?.name);
    setBusy(this.send, action.busy);
    setBusy(this.withdraw, action.busy);
    showProblem(this.problem, action.problem);
  }

  #ask(event) {
    event.preventDefault();
    emit(this, "ask-reviewer", this.name.value.trim());
  }
}

function purpose(complete) {
  const what = "Somebody who has not seen this task reviews the same replies. They see neither your reviews nor the judge’s verdicts.";
  return complete ? `${what} Your selection is locked until you reveal.` : `${what} Complete the selection first.`;
}

function progress({ reviewer, asked_at: at, done, both_done: both, cards, unsettled }, revealed) {
  const name = reviewer || "The second reviewer";
  if (both) return unsettled ? `${name} is done. ${counted(unsettled, "difference")} to settle.` : `${name} is done, and nothing is left to settle.`;
  if (done) return `${name} is done. Finish your own reviews and reveal, then you both see where you differ.`;
  return `${name} was asked on ${moment(at)} to review ${cards === 1 ? "the reply" : `the ${cards} replies`}. ${revealed ? "You see where you differ when they are done." : "You can reveal when they are done."}`;
}

customElements.define("second-review-panel", SecondReviewPanel);
