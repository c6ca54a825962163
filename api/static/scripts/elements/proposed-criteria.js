// Criteria that were recovered from a broken list; they apply once the user has confirmed them.

import { emit, keyed, make, setText, show } from "../dom.js";
import { actionOf } from "../state/actions.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

export class ProposedCriteria extends PageElement {
  inputs(state) {
    return [state.session?.proposed_criteria, actionOf(state.actions, "criteria")];
  }

  build() {
    this.className = "caution proposal";
    this.list = make("ol", { class: "proposed" });
    this.confirm = make("button", { type: "button", class: "primary", onclick: () => emit(this, "confirm-criteria") }, "Yes, these are the criteria");
    this.problem = make("div", { hidden: true });
    this.append(
      make("p", {}, make("strong", {}, "The criteria need your confirmation. "), "This is what could be read. Compare it with your notebook before you accept it."),
      this.list, this.confirm, this.problem,
    );
  }

  draw(proposed, action) {
    show(this, Boolean(proposed?.length));
    keyed(this.list, proposed ?? [], (one) => one.id, (one) => make("li", {}, make("b", {}, one.id), " ", make("span")), (item, one) => setText(item.lastChild, one.text));
    this.confirm.disabled = action.busy;
    showProblem(this.problem, action.problem);
  }
}

customElements.define("proposed-criteria", ProposedCriteria);
