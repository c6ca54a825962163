// One task being worked on: what it is, the check, the hunts, what is taken away. Also says when it cannot be had.

import { make, setAttribute, setText, show } from "../dom.js";
import { startAddress } from "../router.js";
import { PageElement } from "./element.js";
import "./act-trail.js";
import "./task-panel.js";
import "./hunt-plan.js";
import "./run-list.js";
import "./hunt-table.js";
import "./hunt-panel.js";
import "./deliver-card.js";

const WORDS = {
  loading: ["Opening the task …", ""],
  gone: ["This session has ended.", "Sessions end some time after their last use. Load the notebook again, or the one that you exported: it brings everything back."],
  unreachable: ["The server cannot be reached.", "Trying again every few seconds. Nothing that has started is lost."],
};

export class SessionView extends PageElement {
  inputs(state) {
    return [state.access, state.session === null];
  }

  update(state) {
    super.update(state);
    if (state.session) for (const part of this.parts) part.update(state);
  }

  build() {
    this.trail = document.createElement("act-trail");
    this.task = section("task-panel", "Task");
    this.plan = section("hunt-plan", "Hunt");
    this.runs = section("run-list", "Runs");
    this.table = section("hunt-table", "Hunts");
    this.deliver = section("deliver-card", "Deliver");
    this.panel = document.createElement("hunt-panel");
    this.parts = [this.trail, this.task, this.plan, this.runs, this.table, this.deliver, this.panel];
    this.heading = make("h1", {});
    this.about = make("p", { class: "soft" });
    this.elsewhere = make("div", { class: "elsewhere" }, this.heading, this.about,
      make("a", { class: "button", href: startAddress() }, "To the start"));
    this.desk = make("div", { class: "desk" }, this.task, make("div", { class: "hunting" }, this.plan, this.runs, this.deliver, this.table));
    this.append(this.elsewhere, this.trail, this.desk, this.panel);
  }

  draw(access, empty) {
    const [title, about] = WORDS[access] ?? ["", ""];
    const here = access === "ready" && !empty;
    show(this.elsewhere, !here);
    for (const part of [this.trail, this.desk]) show(part, here);
    setAttribute(this.elsewhere, "aria-busy", String(access === "loading"));
    setText(this.heading, title);
    setText(this.about, about);
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
