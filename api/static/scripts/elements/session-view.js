// One task being worked on, act by act: written, hunted, reviewed, delivered. Also says when it cannot be had.

import { make, setAttribute, setText, show } from "../dom.js";
import { startAddress } from "../router.js";
import { PageElement } from "./element.js";
import "./act-trail.js";
import "./compare-view.js";
import "./deliver-card.js";
import "./delivery-view.js";
import "./hunt-panel.js";
import "./hunt-plan.js";
import "./hunt-table.js";
import "./review-desk.js";
import "./run-list.js";
import "./selection-tray.js";
import "./task-editor.js";
import "./task-panel.js";
import "./turn-dialog.js";

const WORDS = {
  loading: ["Opening the task …", ""],
  gone: ["Session not found. It may have expired.", "Sessions expire some time after their last use. Load the notebook or your latest export again; an export restores everything."],
  unreachable: ["The server cannot be reached.", "Retrying every few seconds. Nothing that has started is lost."],
};

const TITLES = { task: "Write the task", review: "Review", deliver: "Deliver" };

export class SessionView extends PageElement {
  inputs(state) {
    return [state.access, state.session === null, state.route.act, state.kept];
  }

  /** Only what is looked at is drawn. What can lie over the page is always drawn: it has to go when its place is left. */
  update(state) {
    super.update(state);
    for (const part of this.over) part.update(state);
    if (state.session) for (const part of [this.trail, ...this.acts[state.route.act].parts]) part.update(state);
  }

  build() {
    this.trail = document.createElement("act-trail");
    this.table = section("hunt-table", "Hunts");
    this.panel = document.createElement("hunt-panel");
    const compare = document.createElement("compare-view");
    const turn = document.createElement("turn-dialog");
    this.acts = { task: this.#task(), hunt: this.#hunt(), review: this.#review(), deliver: this.#deliver() };
    this.over = [this.panel, compare, turn, this.acts.hunt.plan, this.acts.review.place, this.acts.deliver.card];
    this.heading = make("h1", {});
    this.about = make("p", { class: "soft" });
    this.words = make("pre", { class: "words" });
    this.kept = make("section", { class: "card kept", "aria-label": "Not saved yet" },
      make("p", { class: "soft" }, "These changes were never saved. Copy them before you leave."), this.words);
    this.elsewhere = make("div", { class: "elsewhere" }, this.heading, this.about,
      make("a", { class: "button", href: startAddress() }, "To the start"), this.kept);
    this.heard = make("h1", { class: "only-heard" });
    this.append(this.elsewhere, this.heard, this.trail, ...Object.values(this.acts).map(({ place }) => place), this.panel, compare, turn);
  }

  draw(access, empty, act, kept) {
    const [title, about] = WORDS[access] ?? ["", ""];
    const here = access === "ready" && !empty;
    show(this.elsewhere, !here);
    show(this.trail, here);
    show(this.heard, here && act !== "hunt"); // the hunt's own title is the task's name
    setText(this.heard, TITLES[act] ?? "");
    for (const [name, { place }] of Object.entries(this.acts)) show(place, here && name === act);
    setAttribute(this.elsewhere, "aria-busy", String(access === "loading"));
    setText(this.heading, title);
    setText(this.about, about);
    show(this.kept, kept.length > 0);
    setText(this.words, kept.join("\n\n"));
  }

  #task() {
    const editor = document.createElement("task-editor");
    return { place: editor, parts: [editor] };
  }

  #hunt() {
    const [tray, task, plan, runs] = [section("selection-tray", "Selection"), section("task-panel", "Task"), section("hunt-plan", "Hunt"), section("run-list", "Runs")];
    const place = make("div", { class: "desk" }, make("div", { class: "aside" }, tray, task), make("div", { class: "hunting" }, plan, runs, this.table));
    return { place, plan, parts: [tray, task, runs, this.table] };
  }

  #review() {
    const desk = document.createElement("review-desk");
    return { place: desk, parts: [] };
  }

  #deliver() {
    const [deliver, preview] = [section("deliver-card", "Deliver"), section("delivery-view", "Notebook preview")];
    return { place: make("div", { class: "delivering" }, deliver, preview), card: deliver, parts: [preview] };
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
