// The way of a task, and how far it has come: written and checked, hunted, reviewed, delivered. Each step leads there.

import { make, setAttribute, setText } from "../dom.js";
import { rate } from "../format.js";
import { icon } from "../icons.js";
import { sessionAddress } from "../router.js";
import { counted } from "../state/announcements.js";
import { activeRuns, checkHasPassed, totals } from "../state/session.js";
import { PageElement } from "./element.js";

const STEPS = [
  { act: "task", title: "Task", tell: taskStep },
  { act: "hunt", title: "Hunt", tell: huntStep },
  { act: "review", title: "Review", tell: reviewStep },
  { act: "deliver", title: "Deliver", tell: deliverStep },
];
const SIGNS = { open: "next", busy: "working", done: "check", wrong: "error" };

export class ActTrail extends PageElement {
  inputs(state) {
    return [state.session, state.route.act, state.lostSince !== null];
  }

  build() {
    this.steps = STEPS.map(({ title }) => make("a", { class: "step" }, make("span", { class: "sign", "aria-hidden": "true" }),
      make("span", { class: "what" }, make("strong", {}, title), make("span", { class: "state" }))));
    this.append(make("ol", {}, ...this.steps.map((step) => make("li", {}, step))));
    this.setAttribute("role", "navigation");
    this.setAttribute("aria-label", "Steps");
  }

  draw(session, here, lost) {
    if (session === null) return;
    STEPS.forEach(({ act, tell }, place) => {
      const { state, words } = tell(session);
      const step = this.steps[place];
      if (step.dataset.state !== state) step.querySelector(".sign").replaceChildren(icon(SIGNS[state]));
      setAttribute(step, "data-state", state);
      setAttribute(step, "href", sessionAddress(session.session_id, act));
      setAttribute(step, "aria-current", act === here ? "page" : null);
      setText(step.querySelector(".state"), lost && state === "busy" ? `${words} when the connection was lost` : words);
    });
  }
}

function taskStep(session) {
  const { task, check, proposed_criteria: proposed } = session;
  if (proposed.length) return { state: "wrong", words: "criteria unconfirmed" };
  if (!task.huntable) return { state: "wrong", words: "not complete yet" };
  if (check.status === "running") return { state: "busy", words: "reference being judged" };
  if (checkHasPassed(session)) return { state: "done", words: "reference passes" };
  if (check.stale) return { state: "open", words: "changed since the check" };
  const words = { none: "reference not checked", failed: "reference fails", undetermined: "check undecided", error: "check ended with an error" };
  return { state: check.status === "none" ? "open" : "wrong", words: words[check.status] ?? check.status };
}

function huntStep(session) {
  const { total, done, broke, break_rate: share } = totals(session);
  if (!total) return { state: "open", words: "no hunts yet" };
  if (activeRuns(session).length) return { state: "busy", words: `${done} of ${total} done, ${counted(broke, "break")}` };
  return { state: "done", words: `${counted(broke, "break")}, rate ${rate(share)}` };
}

function reviewStep(session) {
  const { hunt_ids: ids, slots, complete } = session.selection;
  if (session.revealed) return { state: "done", words: "revealed" };
  if (!complete) return { state: "open", words: `${ids.length} of ${slots} selected` };
  const done = session.reviews.filter((review) => review.complete).length;
  return { state: done === ids.length ? "done" : "open", words: `${done} of ${ids.length} reviewed` };
}

function deliverStep(session) {
  const { selection, revealed, sealed, comparison } = session;
  if (comparison?.differ && !sealed) return { state: "wrong", words: comparison.words };
  if (revealed) return { state: "done", words: "ready" };
  return { state: "open", words: selection.complete ? "before the review" : "preview and download" };
}

customElements.define("act-trail", ActTrail);
