// Starts another turn: the chosen reply becomes part of the conversation; asks for the next prompt, reference response and criteria.

import { emit, make, setText, show } from "../dom.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { pastedCriteria } from "../state/criteria.js";
import { PageElement } from "./element.js";
import { makeDialog, showDialog, showProblem } from "./widgets.js";

export class TurnDialog extends PageElement {
  inputs(state) {
    return [dialogIds(state.route, "turn")?.[0] ?? null, state.hunts, state.session?.turn, actionOf(state.actions, "turn")];
  }

  build() {
    this.heading = make("h2");
    this.prompt = make("textarea", { id: "turn-prompt", rows: "5" });
    this.response = make("textarea", { id: "turn-response", rows: "5" });
    this.criteria = make("textarea", { id: "turn-criteria", rows: "6", placeholder: "One criterion per line" });
    this.problem = make("div", { hidden: true });
    const close = (label) => make("button", { type: "button", onclick: () => this.dialog.close() }, label);
    this.missing = make("div", {}, make("p", { class: "caution" }, "This turn has no hunt with this address. Open a hunt in the table and choose “Continue from this reply”."), make("p", { class: "chips" }, close("Close")));
    this.go = make("button", { type: "submit", class: "primary" }, "Start the turn");
    const field = (label, control) => make("div", { class: "field" }, make("label", { for: control.id }, label), control);
    this.dialog = makeDialog("turn", { class: "turn", "aria-label": "Another turn" }, this.heading,
      this.missing,
      this.form = make("form", { onsubmit: (event) => this.#begin(event) },
        make("p", { class: "soft" }, "The reply becomes part of the history, and this turn keeps its hunts. The new turn is judged by the criteria below, not by the old ones."),
        field("Next prompt", this.prompt), field("Reference response", this.response), field("Criteria", this.criteria), this.problem,
        make("p", { class: "chips" }, this.go, close("Cancel"))));
    this.append(this.dialog);
  }

  draw(huntId, hunts, turn, action) {
    this.huntId = huntId;
    showDialog(this.dialog, huntId !== null && turn !== undefined && hunts.complete);
    const hunt = hunts.byId.get(huntId);
    setText(this.heading, hunt ? `Turn ${turn + 1}, after hunt ${hunt.number}` : "Hunt not found");
    show(this.form, Boolean(hunt));
    show(this.missing, !hunt);
    this.go.disabled = action.busy;
    showProblem(this.problem, action.problem);
  }

  #begin(event) {
    event.preventDefault();
    emit(this, "begin-turn", {
      hunt_id: this.huntId, prompt: this.prompt.value, response: this.response.value, criteria: pastedCriteria(this.criteria.value, [], []),
    });
  }
}

customElements.define("turn-dialog", TurnDialog);
