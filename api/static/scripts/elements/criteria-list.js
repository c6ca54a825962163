// The criteria, each with what the reference check says of it, and the pass rule.

import { keyed, make, setText, show, wish } from "../dom.js";
import { actOf } from "../state/acts.js";
import { verdictsInOrder } from "../state/outcomes.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";
import "./proposed-criteria.js";
import { makeVerdict, updateVerdict } from "./verdict-list.js";

const RULES = [
  { name: "majority", short: "more than half", label: "more than half of the criteria pass" },
  { name: "all", short: "all", label: "every criterion passes" },
];

export class CriteriaList extends PageElement {
  inputs(state) {
    const { session, acts } = state;
    return [session?.task, session?.check, session?.warnings, actOf(acts, "rule")];
  }

  update(state) {
    super.update(state);
    this.proposed.update(state);
  }

  build() {
    this.rule = make("select", { id: "pass-rule", onchange: () => wish(this, "switch-rule", this.rule.value) },
      ...RULES.map((rule) => make("option", { value: rule.name }, rule.label)));
    this.ruleWords = make("p", {});
    this.keepRule = make("button", { type: "button", onclick: () => wish(this, "switch-rule", this.rule.value) });
    this.ruleQuestion = make("div", { class: "caution", hidden: true }, this.ruleWords, this.keepRule);
    this.ruleProblem = make("div", { hidden: true });
    this.proposed = document.createElement("proposed-criteria");
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
    setText(this.missing, `Removed since the notebook was loaded: ${task.missing_criteria.join(", ")}. Bring them back, or load the notebook again.`);
    this.#drawList(task, check);
  }

  /** A rule that the prose states and that is neither of the two is asked for here, where it can be answered. */
  #drawRuleQuestion(task, warnings, ruleAct) {
    const question = warnings?.find((warning) => warning.code === "pass_rule_unclear");
    show(this.ruleQuestion, Boolean(question));
    if (!question) return;
    setText(this.ruleWords, question.message.replace(" (on the command line: --pass-rule)", ""));
    setText(this.keepRule, `Keep "${RULES.find((rule) => rule.name === task.pass_rule)?.short}"`);
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
