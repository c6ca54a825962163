// The task beside the hunts, read-only: criteria with the verdicts of the reference check, prompt, reference response, judge prompts, notebook.

import { emit, make, setText, show } from "../dom.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";
import { makeTabs, tabPanel, updateTabs } from "./widgets.js";
import "./check-panel.js";
import "./criteria-list.js";
import "./notebook-facts.js";
import "./task-warnings.js";

export class TaskPanel extends PageElement {
  inputs(state) {
    return [state.session?.task, state.session?.name, state.view.taskTab];
  }

  build() {
    this.name = make("h1", { class: "task-title" });
    this.warnings = document.createElement("task-warnings");
    this.check = document.createElement("check-panel");
    this.problems = make("div", { class: "caution", role: "status" });
    this.tabs = makeTabs("task", "Task details", (tab) => emit(this, "view-change", { taskTab: tab }));
    this.criteria = document.createElement("criteria-list");
    this.notebook = document.createElement("notebook-facts");
    this.prompt = make("p", { class: "words text" });
    this.words = make("p", { class: "faint" });
    this.response = make("p", { class: "words text" });
    this.template = make("p", { class: "words text mono" });
    this.system = make("p", { class: "words text mono" });
    this.panels = {
      criteria: tabPanel("task", "criteria", this.criteria),
      prompt: tabPanel("task", "prompt", this.words, this.prompt),
      response: tabPanel("task", "response", this.response),
      judge: tabPanel("task", "judge", make("h3", {}, "Judge system prompt"), this.system,
        make("h3", {}, "Judge prompt template"), this.template),
      notebook: tabPanel("task", "notebook", this.notebook),
    };
    this.parts = [this.warnings, this.check, this.criteria, this.notebook];
    this.append(this.name, this.warnings, this.problems, this.check, this.tabs, ...Object.values(this.panels));
  }

  draw(task, name, tab) {
    if (!task) return;
    setText(this.name, name || "Task");
    show(this.problems, !task.huntable);
    setText(this.problems, task.huntable ? "" : `This task is not ready: ${task.problems.join("; ")}. Complete it on the Task step.`);
    updateTabs(this.tabs, [
      { name: "criteria", label: "Criteria" },
      { name: "prompt", label: "Prompt" },
      { name: "response", label: "Reference" },
      { name: "judge", label: "Judge" },
      { name: "notebook", label: "Notebook" },
    ], tab);
    for (const [one, panel] of Object.entries(this.panels)) show(panel, one === tab);
    setText(this.words, `${counted(task.prompt_words, "word")}. Sent to the models unchanged.`);
    setText(this.prompt, task.prompt || "No prompt.");
    setText(this.response, task.response || "No reference response.");
    setText(this.system, task.judge_system_prompt || "The notebook has none; the built-in one is used.");
    setText(this.template, task.judge_prompt_template || "The notebook has none; the built-in one is used.");
  }
}

customElements.define("task-panel", TaskPanel);
