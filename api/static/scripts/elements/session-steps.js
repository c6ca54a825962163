// Navigation between the steps of a session, with the progress of each.

import { make, setAttribute, setText } from "../dom.js";
import { rate } from "../format.js";
import { icon } from "../icons.js";
import { sessionAddress } from "../router.js";
import { counted } from "../state/announcements.js";
import { confirmationWords } from "../state/second-opinions.js";
import { repliesToReview } from "../state/review.js";
import { activeRuns, checkHasPassed, totals } from "../state/session.js";
import { PageElement } from "./element.js";

const STEPS = [
  { step: "task", title: "Task", describe: taskStep },
  { step: "hunt", title: "Hunt", describe: huntStep },
  { step: "review", title: "Review", describe: reviewStep },
  { step: "deliver", title: "Deliver", describe: deliverStep },
];
const SIGNS = { open: "next", busy: "working", done: "check", wrong: "error" };

export class SessionSteps extends PageElement {
  inputs(state) {
    return [state.session, state.route.step, state.lostSince !== null];
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
    STEPS.forEach(({ step, describe }, place) => {
      const { state, words } = describe(session);
      const link = this.steps[place];
      if (link.dataset.state !== state) link.querySelector(".sign").replaceChildren(icon(SIGNS[state]));
      setAttribute(link, "data-state", state);
      setAttribute(link, "href", sessionAddress(session.session_id, step));
      setAttribute(link, "aria-current", step === here ? "page" : null);
      setText(link.querySelector(".state"), lost && state === "busy" ? `${words} when the connection was lost` : words);
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
  const sum = totals(session);
  const { total, done, broke, break_rate: share } = sum;
  const opinions = confirmationWords(sum);
  const found = [counted(broke, "break"), opinions].filter(Boolean).join(": ");
  if (!total) return { state: "open", words: "no hunts yet" };
  if (activeRuns(session).length) return { state: "busy", words: `${done} of ${total} done, ${found}` };
  return { state: "done", words: opinions ? found : `${found}, rate ${rate(share)}` };
}

function reviewStep(session) {
  const { hunt_ids: ids, slots, complete } = session.selection;
  if (session.revealed) return { state: "done", words: "revealed" };
  if (!complete) return { state: "open", words: `${ids.length} of ${slots} selected` };
  const done = session.reviews.filter((review) => review.complete).length;
  const all = repliesToReview(session);
  return { state: done === all ? "done" : "open", words: `${done} of ${all} reviewed` };
}

function deliverStep(session) {
  const { selection, revealed, sealed, comparison } = session;
  if (comparison?.differ && !sealed) return { state: "wrong", words: comparison.words.replace(/\.$/, "") };
  if (revealed) return { state: "done", words: "ready" };
  return { state: "open", words: selection.complete ? "not reviewed yet" : "preview and download" };
}

customElements.define("session-steps", SessionSteps);
