// Going on with another turn: the chosen reply becomes part of the history, and the next prompt is written.

import { make, setText, wish } from "../dom.js";
import { layerOf } from "../router.js";
import { actOf } from "../state/acts.js";
import { pastedCriteria } from "../state/writing.js";
import { PageElement } from "./element.js";
import { makeLayer, showLayer, showProblem } from "./pieces.js";

export class TurnDialog extends PageElement {
  inputs(state) {
    return [layerOf(state.route, "turn")?.[0] ?? null, state.hunts, state.session?.turn, actOf(state.acts, "turn")];
  }

  build() {
    this.heading = make("h2");
    this.prompt = make("textarea", { id: "turn-prompt", rows: "5" });
    this.response = make("textarea", { id: "turn-response", rows: "5" });
    this.criteria = make("textarea", { id: "turn-criteria", rows: "6", placeholder: "One criterion on each line" });
    this.problem = make("div", { hidden: true });
    this.go = make("button", { type: "submit", class: "primary" }, "Start the turn");
    const field = (label, control) => make("div", { class: "field" }, make("label", { for: control.id }, label), control);
    this.dialog = makeLayer("turn", { class: "turn", "aria-label": "Another turn" }, this.heading,
      make("p", { class: "soft" }, "The reply becomes part of the history; the hunts of this turn stay with it. The new turn is judged by the criteria below, not the old ones."),
      make("form", { onsubmit: (event) => this.#begin(event) }, field("Next prompt", this.prompt), field("Reference response", this.response), field("Criteria", this.criteria), this.problem,
        make("p", { class: "chips" }, this.go, make("button", { type: "button", onclick: () => this.dialog.close() }, "Not now"))));
    this.append(this.dialog);
  }

  draw(huntId, hunts, turn, act) {
    this.huntId = huntId;
    showLayer(this.dialog, huntId !== null && turn !== undefined);
    const hunt = hunts.byId.get(huntId);
    setText(this.heading, `Turn ${(turn ?? 1) + 1}, after hunt ${hunt?.number ?? ""}`);
    this.go.disabled = act.busy;
    showProblem(this.problem, act.problem);
  }

  #begin(event) {
    event.preventDefault();
    wish(this, "begin-turn", {
      hunt_id: this.huntId, prompt: this.prompt.value, response: this.response.value, criteria: pastedCriteria(this.criteria.value, [], []),
    });
  }
}

customElements.define("turn-dialog", TurnDialog);
