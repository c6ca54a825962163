// Criteria that could be read of a broken list: nobody's until the trainer has compared them and says yes.

import { keyed, make, setText, show, wish } from "../dom.js";
import { actOf } from "../state/acts.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";

export class ProposedCriteria extends PageElement {
  inputs(state) {
    return [state.session?.proposed_criteria, actOf(state.acts, "criteria")];
  }

  build() {
    this.className = "caution proposal";
    this.list = make("ol", { class: "proposed" });
    this.confirm = make("button", { type: "button", class: "primary", onclick: () => wish(this, "confirm-criteria") }, "Yes, these are the criteria");
    this.problem = make("div", { hidden: true });
    this.append(
      make("p", {}, make("strong", {}, "The criteria need your confirmation. "), "This is what could be read. Compare it with your notebook before you accept it."),
      this.list, this.confirm, this.problem,
    );
  }

  draw(proposed, act) {
    show(this, Boolean(proposed?.length));
    keyed(this.list, proposed ?? [], (one) => one.id, (one) => make("li", {}, make("b", {}, one.id), " ", make("span")), (item, one) => setText(item.lastChild, one.text));
    this.confirm.disabled = act.busy;
    showProblem(this.problem, act.problem);
  }
}

customElements.define("proposed-criteria", ProposedCriteria);
