// Download of the notebook: what goes into its slots, and how many attempts it will state.

import { emit, make, setBusy, setText, show } from "../dom.js";
import { count } from "../format.js";
import { icon } from "../icons.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { activeRuns, attemptsMade, totals } from "../state/session.js";
import { repliesToReview } from "../state/review.js";
import { PageElement } from "./element.js";
import { confirmDialog, showDialog, showProblem } from "./widgets.js";

export class DeliverCard extends PageElement {
  inputs(state) {
    return [state.session, actionOf(state.actions, "export"), dialogIds(state.route, "deliver") !== null];
  }

  build() {
    this.what = make("p");
    this.attempts = make("p", { class: "faint number" });
    this.going = make("p", { class: "faint" }, "Hunts are still running: only finished hunts are included. Download again later.");
    this.word = make("span");
    this.button = make("button", { type: "button", onclick: () => (this.asks ? emit(this, "open-dialog", { name: "deliver" }) : emit(this, "download")) }, icon("download"), this.word);
    this.problem = make("div", { hidden: true });
    this.differ = make("p", { class: "caution" });
    this.question = make("p");
    const title = "You and the judge disagree";
    this.confirm = confirmDialog("deliver", title, title, this.question, make("button", { onclick: () => emit(this, "download") }, "Download anyway"), make("button", { class: "primary" }, "Not yet"));
    this.append(make("h2", {}, "Deliver"), this.what, make("div", {}, this.attempts, this.going), this.button, this.differ, this.problem, this.confirm);
  }

  draw(session, action, asking) {
    showDialog(this.confirm, asking && Boolean(session?.comparison?.differ));
    if (session === null) return;
    const { broke, held } = totals(session);
    const { slots, hunt_ids: chosen } = session.selection;
    setText(this.what, chosen.length ? selectionText(session) : contentsText(broke, held, slots, session.sealed));
    setText(this.attempts, `The notebook will state ${counted(attemptsMade(session), "attempt")}${session.attempts_before ? `, ${count(session.attempts_before)} of which it came with` : ""}.`);
    show(this.going, activeRuns(session).length > 0);
    setText(this.word, action.busy ? "Preparing …" : "Download the notebook");
    setBusy(this.button, action.busy);
    const { differ = false, question = "", words = "" } = session.comparison ?? {};
    this.asks = differ;
    show(this.differ, differ);
    setText(this.differ, `${words} You and the judge disagree on the selected hunts.`);
    setText(this.question, question);
    this.button.className = differ ? "" : session.revealed || (session.visibility === "open" && broke + held >= slots) ? "primary" : "";
    showProblem(this.problem, action.problem);
  }
}

function selectionText({ selection, audit, reviews, revealed, sealed, agreement }) {
  const { hunt_ids: chosen, slots } = selection;
  const reviewed = reviews.filter((review) => review.complete).length;
  const empty = slots - chosen.length;
  const words = [`The ${counted(chosen.length, "selected hunt")} ${chosen.length === 1 ? "fills" : "fill"} the slots in selection order; ${reviewed} of ${repliesToReview({ selection, audit })} replies reviewed.`];
  if (empty > 0) words.push(`${counted(empty, "slot")} stay${empty === 1 ? "s" : ""} empty.`);
  if (sealed) words.push(`Until the reveal, the notebook is delivered without the judge’s verdicts. ${SEALED_EXPORT}`);
  if (revealed) words.push(`The notebook contains your reviews${wasCompared(agreement) ? " and the judge’s verdicts" : "; the selected hunts have no verdicts of the judge"}.`);
  return words.join(" ");
}

const SEALED_EXPORT = "A session resumed from it has none: its hunts must be judged again before a reveal.";

/** False in a session that was revealed after an export had left all verdicts out. */
function wasCompared(agreement) {
  return !agreement || agreement.agree + agreement.disagree > 0 || agreement.unclear === 0;
}

function contentsText(broke, held, slots, sealed) {
  if (broke + held === 0) return "No hunt is decided yet. The notebook would be unchanged.";
  const breaks = Math.min(broke, slots);
  const rest = Math.min(held, slots - breaks);
  const words = [breaks ? counted(breaks, "break") : "", rest ? `${counted(rest, "held hunt")}` : ""].filter(Boolean).join(" and ");
  const empty = slots - breaks - rest;
  return `${words} ${breaks + rest === 1 ? "fills" : "fill"} the slots in number order, ${sealed ? "without the judge’s verdicts, which stay sealed until the reveal" : "with verdicts and reasons"}${empty ? `; ${counted(empty, "slot")} stay${empty === 1 ? "s" : ""} empty` : ""}.${sealed ? ` ${SEALED_EXPORT}` : ""}`;
}

customElements.define("deliver-card", DeliverCard);
