// Whether typed text is saved, undo, and the choice after a conflict with another tab.

import { emit, make, setAttribute, setText, show } from "../dom.js";
import { clashes } from "../state/draft.js";
import { PageElement } from "./element.js";
import { conflictChoice, showProblem } from "./widgets.js";

const WORDS = {
  saved: "All saved",
  dirty: "Typing …",
  saving: "Saving …",
  offline: "The server cannot be reached. Your edits are saved in this browser and sent when it is back.",
  failed: "Not saved",
  conflict: "Changed in another tab",
};
const NAMES = { prompt: "prompt", response: "reference response", criteria: "criteria", pass_rule: "pass rule", judge_system_prompt: "judge system prompt", judge_prompt_template: "judge prompt template" };

export class SaveBar extends PageElement {
  inputs(state) {
    return [state.draft];
  }

  build() {
    this.state = make("span", { class: "state", role: "status" });
    this.undo = make("button", { type: "button", class: "small", onclick: () => emit(this, "undo") }, "Undo");
    this.problem = make("div", { hidden: true });
    this.clash = make("p");
    this.conflict = make("div", { class: "caution", role: "alert" }, this.clash, conflictChoice((keep) => emit(this, "resolve-conflict", keep)));
    this.otherTexts = make("pre", { class: "words" });
    this.otherTabs = make("div", { class: "caution", role: "status" },
      make("p", {}, "Another open tab has text for this task that is not saved. It is not part of what you see here; copy it if you need it."),
      make("details", {}, make("summary", {}, "Show the text"), this.otherTexts),
      make("p", { class: "chips" }, make("button", { type: "button", class: "small", onclick: () => copyText(this.otherTexts) }, "Copy the text")));
    this.append(make("div", { class: "line" }, this.state, make("span", { class: "space" }), this.undo), this.problem, this.conflict, this.otherTabs);
  }

  draw(draft) {
    setText(this.state, WORDS[draft.saving]);
    setAttribute(this.state, "data-state", draft.saving);
    this.undo.disabled = draft.undo.length === 0;
    showProblem(this.problem, draft.saving === "failed" ? draft.problem : null);
    show(this.conflict, draft.saving === "conflict");
    show(this.otherTabs, draft.otherTabs.length > 0);
    setText(this.otherTexts, draft.otherTabs.join("\n\n"));
    const fields = draft.theirs ? clashes(draft.edits, draft.theirs).map((field) => NAMES[field]) : [];
    setText(this.clash, `The ${fields.join(" and the ")} ${fields.length > 1 ? "were" : "was"} also changed elsewhere. Choose which version to keep. Changes to other fields are kept, yours and the others’.`);
  }
}

/** Copies the text of a node and leaves it selected. (navigator.clipboard does not exist on pages that are served over plain HTTP.) */
function copyText(node) {
  node.closest("details").open = true;
  getSelection().selectAllChildren(node);
  document.execCommand("copy");
}

customElements.define("save-bar", SaveBar);
