// What became of what was typed: saved, on its way, kept here, or waiting for a word. And undo.

import { make, setAttribute, setText, show, wish } from "../dom.js";
import { clashes } from "../state/draft.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";

const WORDS = {
  saved: "All saved",
  dirty: "Typing …",
  saving: "Saving …",
  offline: "The server cannot be reached. Your edits are saved in this browser and sent when it is back.",
  failed: "Not saved",
  conflict: "Changed in another tab",
};
const NAMES = { prompt: "prompt", response: "reference response", criteria: "criteria", pass_rule: "pass rule", judge_system_prompt: "judge system prompt", judge_prompt_template: "judge prompt template" };

export class WritingBar extends PageElement {
  inputs(state) {
    return [state.draft];
  }

  build() {
    this.state = make("span", { class: "state", role: "status" });
    this.undo = make("button", { type: "button", class: "small", onclick: () => wish(this, "undo") }, "Undo");
    this.problem = make("div", { hidden: true });
    this.clash = make("p");
    this.conflict = make("div", { class: "caution", role: "alert" }, this.clash,
      make("p", { class: "chips" }, make("button", { type: "button", class: "small", onclick: () => wish(this, "settle", "mine") }, "Keep this version"),
        make("button", { type: "button", class: "small", onclick: () => wish(this, "settle", "theirs") }, "Use the other tab’s version")));
    this.append(make("div", { class: "line" }, this.state, make("span", { class: "space" }), this.undo), this.problem, this.conflict);
  }

  draw(draft) {
    setText(this.state, WORDS[draft.saving]);
    setAttribute(this.state, "data-state", draft.saving);
    this.undo.disabled = draft.undo.length === 0;
    showProblem(this.problem, draft.saving === "failed" ? draft.problem : null);
    show(this.conflict, draft.saving === "conflict");
    const fields = draft.theirs ? clashes(draft.edits, draft.theirs).map((field) => NAMES[field]) : [];
    setText(this.clash, `The ${fields.join(" and the ")} ${fields.length > 1 ? "were" : "was"} also changed elsewhere. Which words are right? Everything else of both is kept.`);
  }
}

customElements.define("writing-bar", WritingBar);
