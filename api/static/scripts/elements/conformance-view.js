// The Deliver step: how another reader sees the finished notebook, what can be learnt from its task, and the edits after which
// both read the same. Nothing is edited before a button is pressed; the preview shows the change.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { rate } from "../format.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

const BUTTONS = { criteria: "Write the criteria so that both read them", judge_prompt_template: "Edit the judge prompt template" };

export class ConformanceView extends PageElement {
  inputs(state) {
    return [state.preview, actionOf(state.actions, "preview"), actionOf(state.actions, "template")];
  }

  build() {
    this.about = make("p", { class: "soft" });
    this.findings = make("ul", { class: "findings" });
    this.edits = make("div", { class: "edits" });
    this.kept = make("p", {}, "The criteria are written as a JSON array. ", make("button", { type: "button", class: "small", onclick: () => emit(this, "load-preview", { criteria: "kept" }) }, "Keep the notebook’s form"));
    this.rewards = make("ul", { class: "number faint" });
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Other readers"), this.about, this.findings, this.edits, this.kept, this.problem, this.rewards);
  }

  draw(preview, reading, editing) {
    show(this, preview !== null || reading.busy);
    for (const part of [this.findings, this.edits, this.kept, this.rewards]) show(part, preview !== null);
    if (preview === null) return setText(this.about, "Reading the notebook as another reader does …");
    const { conformance } = preview;
    const severe = conformance.findings.filter((finding) => finding.severity !== "note").length;
    setText(this.about, conformance.readable ? `${conformance.reader} reads the same task.` : `${conformance.reader}, which trains and evaluates models with such notebooks, does not read this task: ${counted(severe, "difference")}.`);
    keyed(this.findings, conformance.findings, (finding) => finding.message, makeFinding, (item, { severity, message }) => {
      setAttribute(item, "data-severity", severity);
      setText(item.word, severity);
      setText(item.words, message);
    });
    keyed(this.edits, conformance.edits, (edit) => edit.edit, (edit) => this.#makeEdit(edit), (item, edit) => {
      item.edit = edit;
      setText(item.words, edit.message);
      setBusy(item.button, reading.busy || editing.busy);
    });
    show(this.kept, preview.criteria === "array");
    showProblem(this.problem, editing.problem);
    return keyed(this.rewards, [...conformance.rewards.map(rewardText), ...conformance.learning.map(learningText)], (text) => text, () => make("li"), setText);
  }

  #makeEdit({ edit }) {
    const item = make("div", { class: "line" });
    item.words = make("span", { class: "soft" });
    item.button = make("button", { type: "button", class: "small", onclick: () => this.#choose(item.edit) }, BUTTONS[edit]);
    item.append(item.button, item.words);
    return item;
  }

  #choose({ edit, after }) {
    if (edit === "criteria") emit(this, "load-preview", { criteria: "array" });
    else emit(this, "edit-template", after);
  }
}

function makeFinding() {
  const item = make("li");
  item.word = make("span", { class: "tag" });
  item.words = make("span");
  item.append(item.word, " ", item.words);
  return item;
}

function rewardText({ slot, model, passed, criteria, reward_mean: mean, reward_all: all, reward_majority: majority }) {
  const [ofMean, ofAll, ofMajority] = [mean, all, majority].map((reward) => (reward === null ? "unknown" : reward.toFixed(2)));
  return `Slot ${slot} (${model}): ${passed} of ${criteria} criteria passed. In training the reply is worth ${ofMean} if the share of passed criteria counts, ${ofAll} if all must pass, ${ofMajority} if more than half must pass.`;
}

function learningText({ model, samples, hunts, held, pass_rate: p, all_alike: alike, selected }) {
  const source = selected ? "selected slots" : "hunts";
  return `${model}: ${held} of ${hunts} ${source} passed (${rate(p)}). Training compares ${samples} replies to a task. With a probability of ${rate(alike)}, all of them pass or all fail, and training learns nothing from the task.`;
}

customElements.define("conformance-view", ConformanceView);
