// Taking the notebook away: what goes into its slots, how many attempts it will state, and the download.

import { make, setBusy, setText, show, wish } from "../dom.js";
import { count } from "../format.js";
import { icon } from "../icons.js";
import { layerOf } from "../router.js";
import { actOf } from "../state/acts.js";
import { counted } from "../state/announcements.js";
import { activeRuns, attemptsMade, totals } from "../state/session.js";
import { PageElement } from "./element.js";
import { makeLayer, showLayer, showProblem } from "./pieces.js";

export class DeliverCard extends PageElement {
  inputs(state) {
    return [state.session, actOf(state.acts, "export"), layerOf(state.route, "deliver") !== null];
  }

  build() {
    this.what = make("p");
    this.attempts = make("p", { class: "faint number" });
    this.going = make("p", { class: "faint" }, "Hunts are still running: only finished hunts are included. Download again later.");
    this.word = make("span");
    this.button = make("button", { type: "button", onclick: () => (this.asks ? wish(this, "open-layer", { name: "deliver" }) : wish(this, "deliver")) }, icon("download"), this.word);
    this.problem = make("div", { hidden: true });
    this.differ = make("p", { class: "caution" });
    this.question = make("p");
    this.sure = makeLayer("deliver", { class: "sure", "aria-label": "Your reviews differ from the judge" }, make("h2", {}, "Your reviews differ from the judge"), this.question,
      make("form", { method: "dialog", class: "chips" }, make("button", { value: "yes", onclick: () => wish(this, "deliver") }, "Download anyway"), make("button", { class: "primary", value: "no" }, "Not yet")));
    this.append(make("h2", {}, "Deliver"), this.what, make("div", {}, this.attempts, this.going), this.button, this.differ, this.problem, this.sure);
  }

  draw(session, act, asking) {
    showLayer(this.sure, asking && Boolean(session?.comparison?.differ));
    if (session === null) return;
    const { broke, held } = totals(session);
    const { slots, hunt_ids: chosen } = session.selection;
    setText(this.what, chosen.length ? chosenWords(session) : contents(broke, held, slots, session.sealed));
    setText(this.attempts, `The notebook will state ${counted(attemptsMade(session), "attempt")}${session.attempts_before ? `, ${count(session.attempts_before)} of which it came with` : ""}.`);
    show(this.going, activeRuns(session).length > 0);
    setText(this.word, act.busy ? "Preparing …" : "Download the notebook");
    setBusy(this.button, act.busy);
    const { differ = false, question = "", words = "" } = session.comparison ?? {};
    this.asks = differ;
    show(this.differ, differ);
    setText(this.differ, `${words} Your reviews differ from the judge on what is delivered.`);
    setText(this.question, question);
    this.button.className = differ ? "" : session.revealed || (session.visibility === "open" && broke + held >= slots) ? "primary" : "";
    showProblem(this.problem, act.problem);
  }
}

function chosenWords({ selection, reviews, revealed, sealed }) {
  const { hunt_ids: chosen, slots } = selection;
  const reviewed = reviews.filter((review) => review.complete).length;
  const empty = slots - chosen.length;
  const words = [`The ${counted(chosen.length, "selected hunt")} ${chosen.length === 1 ? "goes" : "go"} into the slots in the order of the selection, ${reviewed} of them reviewed.`];
  if (empty > 0) words.push(`${counted(empty, "slot")} stay${empty === 1 ? "s" : ""} empty.`);
  if (sealed) words.push("Until the reveal, the notebook is delivered without the judge’s verdicts.");
  if (revealed) words.push("With your reviews and the judge’s verdicts.");
  return words.join(" ");
}

function contents(broke, held, slots, sealed) {
  if (broke + held === 0) return "No hunt is decided yet. The notebook would be unchanged.";
  const breaks = Math.min(broke, slots);
  const rest = Math.min(held, slots - breaks);
  const words = [breaks ? counted(breaks, "break") : "", rest ? `${rest} that held` : ""].filter(Boolean).join(" and ");
  const empty = slots - breaks - rest;
  return `${words} in order of number ${breaks + rest === 1 ? "goes" : "go"} into the slots, ${sealed ? "without the judge’s verdicts: they stay sealed until the reveal" : "with verdicts and reasons"}${empty ? `; ${counted(empty, "slot")} stay${empty === 1 ? "s" : ""} empty` : ""}.`;
}

customElements.define("deliver-card", DeliverCard);
