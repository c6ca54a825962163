// The criteria with their verdicts from the reference check, and the pass rule.

import { emit, keyed, make, setText, show } from "../dom.js";
import { actionOf } from "../state/actions.js";
import { PASS_RULES } from "../state/criteria.js";
import { verdictsInOrder } from "../state/outcomes.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";
import "./proposed-criteria.js";
import { makeVerdict, updateVerdict } from "./verdict-list.js";

export class CriteriaList extends PageElement {
  inputs(state) {
    const { session, actions } = state;
    return [session?.task, session?.check, session?.warnings, actionOf(actions, "rule")];
  }

  build() {
    this.rule = make("select", { id: "pass-rule", onchange: () => emit(this, "change-pass-rule", this.rule.value) },
      ...PASS_RULES.map(({ id, label }) => make("option", { value: id }, label)));
    this.ruleWords = make("p", {});
    this.keepRule = make("button", { type: "button", onclick: () => emit(this, "change-pass-rule", this.rule.value) });
    this.ruleQuestion = make("div", { class: "caution", hidden: true }, this.ruleWords, this.keepRule);
    this.ruleProblem = make("div", { hidden: true });
    this.proposed = document.createElement("proposed-criteria");
    this.parts = [this.proposed];
    this.list = make("ol", { class: "criteria" });
    this.missing = make("p", { class: "caution" });
    this.append(
      make("div", { class: "rule field" }, make("label", { for: "pass-rule" }, "A reply holds if"), this.rule), this.ruleQuestion, this.ruleProblem,
      this.proposed, this.missing, this.list,
    );
  }

  draw(task, check, warnings, ruleAct) {
    if (!task) return;
    this.rule.value = task.pass_rule;
    this.rule.disabled = ruleAct.busy;
    this.#drawRuleQuestion(task, warnings, ruleAct);
    showProblem(this.ruleProblem, ruleAct.problem);
    show(this.missing, task.missing_criteria.length > 0);
    setText(this.missing, `Removed since the notebook was loaded: ${task.missing_criteria.join(", ")}. Restore them, or load the notebook again.`);
    this.#drawList(task, check);
  }

  /** If the notebook states a pass rule that is neither of the two, the user confirms one of them here. */
  #drawRuleQuestion(task, warnings, ruleAct) {
    const question = warnings?.find((warning) => warning.code === "pass_rule_unclear");
    show(this.ruleQuestion, Boolean(question));
    if (!question) return;
    setText(this.ruleWords, question.message.replace(" (on the command line: --pass-rule)", ""));
    setText(this.keepRule, `Keep "${PASS_RULES.find(({ id }) => id === task.pass_rule)?.short}"`);
    this.keepRule.disabled = ruleAct.busy;
  }

  #drawList(task, check) {
    this.list.classList.toggle("stale", check.stale);
    const texts = new Map(task.criteria.map((criterion) => [criterion.id, criterion.text]));
    const shown = verdictsInOrder(task.criteria, check.verdicts.filter((verdict) => texts.has(verdict.criterion_id)));
    const items = shown.map((item) => ({ ...item, text: texts.get(item.id) }));
    keyed(this.list, items, (item) => item.id, makeVerdict, updateVerdict);
  }
}

customElements.define("criteria-list", CriteriaList);
