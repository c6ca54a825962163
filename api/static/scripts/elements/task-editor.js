// The Task step: editors for all parts of the task, the reference check and trials.

import { emit, make, setText, show } from "../dom.js";
import { PASS_RULES } from "../state/criteria.js";
import { draftedTask } from "../state/draft.js";
import { isLocked } from "../state/session.js";
import { PageElement } from "./element.js";
import "./check-panel.js";
import "./comment-thread.js";
import "./criteria-editor.js";
import "./notebook-facts.js";
import "./proposed-criteria.js";
import "./task-warnings.js";
import "./robustness-panel.js";
import { TextEditor } from "./text-editor.js";
import "./trial-panel.js";
import "./turn-history.js";
import "./two-sided-panel.js";
import "./save-bar.js";

export class TaskEditor extends PageElement {
  inputs(state) {
    const { session, draft } = state;
    return [session ? draftedTask(session.task, draft).pass_rule : null, session?.task.problems, isLocked(state)];
  }

  build() {
    const editors = {
      prompt: new TextEditor({ field: "prompt", label: "Prompt", rows: 7, placeholder: "The prompt for the models", about: "Sent to the models unchanged." }),
      response: new TextEditor({ field: "response", label: "Reference response", rows: 6, placeholder: "Your own correct answer", about: "The judge sees it with every reply. It must pass every criterion itself." }),
      system: new TextEditor({ field: "judge_system_prompt", label: "Judge system prompt", rows: 4, about: "If empty, the built-in one is used." }),
      template: new TextEditor({ field: "judge_prompt_template", label: "Judge prompt template", rows: 4, about: "Placeholders: {prompt} {response} {standard_response} {criteria} {response_reference}. If empty, the built-in one is used." }),
    };
    this.rule = make("select", { id: "edit-rule", onchange: () => emit(this, "type", { field: "pass_rule", value: this.rule.value }) },
      ...PASS_RULES.map(({ id, label }) => make("option", { value: id }, label)));
    this.problems = make("p", { class: "caution" });
    const [proposed, warnings] = [document.createElement("proposed-criteria"), document.createElement("task-warnings")];
    const [bar, history, check] = [document.createElement("save-bar"), document.createElement("turn-history"), document.createElement("check-panel")];
    const [twoSided, robustness] = [document.createElement("two-sided-panel"), document.createElement("robustness-panel")];
    const [criteria, trials, facts] = [document.createElement("criteria-editor"), document.createElement("trial-panel"), document.createElement("notebook-facts")];
    const comments = document.createElement("comment-thread");
    comments.scope = "criteria";
    this.parts = [comments, bar, warnings, history, check, proposed, criteria, twoSided, robustness, trials, facts, ...Object.values(editors)];
    const judging = make("details", { class: "card" }, make("summary", {}, "Judge prompts"), editors.system, editors.template);
    this.append(bar, warnings, make("div", { class: "columns" },
      make("div", { class: "column" }, history, card(editors.prompt), card(editors.response), judging, make("details", { class: "card" }, make("summary", {}, "The notebook"), facts)),
      make("div", { class: "column" }, card(proposed, this.problems, check, make("h2", {}, "Criteria"),
        make("div", { class: "rule field" }, make("label", { for: "edit-rule" }, "A reply holds if"), this.rule), criteria), card(comments), card(twoSided), card(robustness), card(trials))));
    bar.className = "card";
  }

  draw(rule, problems, locked) {
    if (rule === null) return;
    this.rule.value = rule;
    this.rule.disabled = locked;
    show(this.problems, problems.length > 0);
    setText(this.problems, `Missing before you can hunt: ${problems.join("; ")}.`);
  }
}

function card(...children) {
  return make("section", { class: "card" }, ...children);
}

customElements.define("task-editor", TaskEditor);
