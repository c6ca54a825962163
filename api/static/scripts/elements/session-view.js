// One session, step by step: Task, Hunt, Review, Deliver. Also says why a session cannot be shown.

import { make, setAttribute, setText, show } from "../dom.js";
import { startAddress } from "../router.js";
import { isSecondReviewer } from "../state/second-review.js";
import { isReader } from "../state/session.js";
import { PageElement } from "./element.js";
import "./session-steps.js";
import "./compare-view.js";
import "./conformance-view.js";
import "./deliver-card.js";
import "./delivery-view.js";
import "./hunt-panel.js";
import "./hunt-plan.js";
import "./hunt-table.js";
import "./review-view.js";
import "./run-list.js";
import "./second-review-view.js";
import "./session-people.js";
import "./selection-tray.js";
import "./task-editor.js";
import "./task-panel.js";
import "./turn-dialog.js";

const WORDS = {
  loading: ["Opening the task …", ""],
  gone: ["Session not found. It may have been deleted or have expired.", "Load your latest export, or the notebook, again."],
  unreachable: ["The server cannot be reached.", "Retrying every few seconds. Nothing that has started is lost."],
};

const TITLES = { task: "Write the task", review: "Review", deliver: "Deliver" };

export class SessionView extends PageElement {
  inputs(state) {
    return [state.access, state.session === null, state.route.step, state.unsaved, isReader(state)];
  }

  /** Only the current step is updated, and `parts`: what can cover the page has to disappear when its page is left. */
  update(state) {
    super.update(state);
    if (isSecondReviewer(state) || !this.second.hidden) this.second.update(state);
    show(this.second, isSecondReviewer(state));
    if (state.session) for (const part of [this.trail, ...this.steps[state.route.step].parts]) part.update(state);
  }

  /** However a hunt was closed (Esc, its button, the browser's Back), the focus returns to its row. */
  restoreFocus(huntId) {
    const { activeElement } = document;
    if (!activeElement || activeElement === document.body || this.panel.contains(activeElement)) this.table.focusHunt(huntId);
  }

  build() {
    const [tray, task] = [section("selection-tray", "Selection"), section("task-panel", "Task")];
    const [plan, runs, table] = [section("hunt-plan", "Hunt"), section("run-list", "Runs"), section("hunt-table", "Hunts")];
    const [deliver, preview] = [section("deliver-card", "Deliver"), section("delivery-view", "Notebook preview")];
    const conformance = section("conformance-view", "Other readers");
    this.table = table;
    const editor = document.createElement("task-editor");
    const review = document.createElement("review-view");
    /** Of each step: what is shown, and the parts that are updated only then. */
    this.steps = {
      task: { place: editor, parts: [editor] },
      hunt: { place: make("div", { class: "hunt-layout" }, make("div", { class: "aside" }, tray, task), make("div", { class: "hunting" }, plan, runs, table)), parts: [tray, task, runs, table] },
      review: { place: review, parts: [] },
      deliver: { place: make("div", { class: "delivering" }, deliver, conformance, preview), parts: [conformance, preview] },
    };
    this.trail = document.createElement("session-steps");
    this.people = document.createElement("session-people");
    this.second = document.createElement("second-review-view");
    this.second.hidden = true;
    this.panel = document.createElement("hunt-panel");
    const compare = document.createElement("compare-view");
    const turn = document.createElement("turn-dialog");
    this.parts = [this.people, this.panel, compare, turn, plan, review, deliver];
    this.heading = make("h1", {});
    this.about = make("p", { class: "soft" });
    this.words = make("pre", { class: "words" });
    this.unsaved = make("section", { class: "card unsaved", "aria-label": "Not saved yet" },
      make("p", { class: "soft" }, "These changes were never saved. Copy them before you leave."), this.words);
    this.elsewhere = make("div", { class: "elsewhere" }, this.heading, this.about,
      make("a", { class: "button", href: startAddress() }, "Start page"), this.unsaved);
    this.stepTitle = make("h1", { class: "visually-hidden" });
    this.append(this.elsewhere, this.second, this.stepTitle, this.trail, this.people, ...Object.values(this.steps).map(({ place }) => place), this.panel, compare, turn);
  }

  draw(access, empty, step, unsaved, reader) {
    this.toggleAttribute("data-reader", reader); // hides what only changes the task (sharing.css)
    const [title, about] = WORDS[access] ?? ["", ""];
    const here = access === "ready" && !empty;
    show(this.elsewhere, !here && access !== "reviewer");
    show(this.trail, here);
    show(this.stepTitle, here && step !== "hunt"); // the hunt's own title is the task's name
    setText(this.stepTitle, TITLES[step] ?? "");
    for (const [name, { place }] of Object.entries(this.steps)) show(place, here && name === step);
    setAttribute(this.elsewhere, "aria-busy", String(access === "loading"));
    setText(this.heading, title);
    setText(this.about, about);
    show(this.unsaved, unsaved.length > 0);
    setText(this.words, unsaved.join("\n\n"));
  }
}

function section(name, label) {
  const element = document.createElement(name);
  element.id = name;
  element.className = "card";
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", label);
  element.setAttribute("tabindex", "-1");
  return element;
}

customElements.define("session-view", SessionView);
