// The way of a task, and how far it has come: read, checked, hunted, delivered. Each step leads to its place.

import { make, setAttribute, setText } from "../dom.js";
import { rate } from "../format.js";
import { icon } from "../icons.js";
import { counted } from "../state/announcements.js";
import { activeRuns, checkHasPassed, totals } from "../state/session.js";
import { PageElement } from "./element.js";

const STEPS = [
  { title: "Task", place: "task-panel", tell: taskStep },
  { title: "Check", place: "task-panel", tell: checkStep },
  { title: "Hunt", place: "hunt-plan", tell: huntStep },
  { title: "Deliver", place: "deliver-card", tell: deliverStep },
];

export class ActTrail extends PageElement {
  inputs(state) {
    return [state.session];
  }

  build() {
    this.steps = STEPS.map(({ title, place }) => make("button", {
      type: "button", class: "step", onclick: () => goTo(place),
    }, make("span", { class: "sign", "aria-hidden": "true" }), make("span", { class: "what" }, make("strong", {}, title), make("span", { class: "state" }))));
    this.append(make("ol", {}, ...this.steps.map((step) => make("li", {}, step))));
    this.setAttribute("role", "navigation");
    this.setAttribute("aria-label", "Steps");
  }

  draw(session) {
    if (session === null) return;
    STEPS.forEach(({ tell }, place) => {
      const { state, words } = tell(session);
      const step = this.steps[place];
      if (step.dataset.state !== state) step.querySelector(".sign").replaceChildren(icon(SIGNS[state]));
      setAttribute(step, "data-state", state);
      setText(step.querySelector(".state"), words);
    });
  }
}

const SIGNS = { open: "next", busy: "working", done: "check", wrong: "error" };

function taskStep({ task, proposed_criteria: proposed }) {
  if (proposed.length) return { state: "wrong", words: "criteria wait for your word" };
  if (!task.huntable) return { state: "wrong", words: "not complete yet" };
  return { state: "done", words: `${task.criteria.length} criteria, ${task.pass_rule === "all" ? "all must pass" : "most must pass"}` };
}

function checkStep(session) {
  const { check } = session;
  if (check.status === "running") return { state: "busy", words: "being judged" };
  if (checkHasPassed(session)) return { state: "done", words: "reference passes" };
  if (check.stale) return { state: "open", words: "task changed since" };
  const words = { none: "not checked yet", failed: "reference fails", undetermined: "undecided", error: "ended with an error" };
  return { state: check.status === "none" ? "open" : "wrong", words: words[check.status] ?? check.status };
}

function huntStep(session) {
  const { total, done, broke, break_rate: share } = totals(session);
  if (!total) return { state: "open", words: "no hunts yet" };
  if (activeRuns(session).length) return { state: "busy", words: `${done} of ${total} done, ${counted(broke, "break")}` };
  return { state: "done", words: `${counted(broke, "break")}, rate ${rate(share)}` };
}

function deliverStep(session) {
  const { broke, held } = totals(session);
  const filled = Math.min(session.selection.slots, broke + held);
  return filled === session.selection.slots
    ? { state: "done", words: `${filled} hunts for the slots` }
    : { state: "open", words: `${filled} of ${session.selection.slots} slots` };
}

function goTo(id) {
  const place = document.getElementById(id);
  place.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  place.focus({ preventScroll: true });
}

customElements.define("act-trail", ActTrail);
