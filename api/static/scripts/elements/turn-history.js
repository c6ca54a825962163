// Earlier turns of a conversation, read-only: prompts, and the replies that became part of the conversation.

import { emit, keyed, make, setText, show } from "../dom.js";
import { rate } from "../format.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

export class TurnHistory extends PageElement {
  inputs(state) {
    return [state.session?.turns, state.session?.turn, isUnused(state.session), actionOf(state.actions, "undo-turn")];
  }

  build() {
    this.heading = make("h2");
    this.list = make("ol", { class: "turns" });
    this.className = "card";
    this.undo = make("button", { type: "button", onclick: () => emit(this, "undo-turn") });
    this.problem = make("div", { hidden: true });
    this.append(this.heading, make("p", { class: "faint" }, "Sent to the models and the judge before the prompt below."), this.list,
      make("p", { class: "chips" }, this.undo), this.problem);
  }

  draw(turns, turn, unused, action) {
    show(this, Boolean(turns?.length));
    if (!turns) return;
    setText(this.heading, `Turn ${turn} of a conversation`);
    show(this.undo, unused);
    setText(this.undo, `Undo turn ${turn}`);
    this.undo.title = `Discards the prompt and the criteria of turn ${turn} and returns to turn ${turn - 1}.`;
    this.undo.disabled = action.busy;
    showProblem(this.problem, action.problem);
    keyed(this.list, turns, (one) => one.number, makeTurn, drawTurn);
  }
}

/** Whether the current turn has no run, trial or reference check. The server checks it again. */
function isUnused(session) {
  return Boolean(session?.turns?.length) && !session.revealed && session.check.status === "none" && !hasTwoSidedCheck(session) && !session.runs.some((run) => run.turn === session.turn);
}

function hasTwoSidedCheck({ two_sided_check: check }) {
  return check.status !== "none" || check.proposals.started_at !== null;
}

function makeTurn({ number }) {
  const item = make("li");
  item.facts = make("span", { class: "faint" });
  item.prompt = make("p", { class: "words" });
  item.answer = make("p", { class: "words" });
  item.criteria = make("ol", { class: "words" });
  item.append(make("details", {}, make("summary", {}, make("strong", {}, `Turn ${number} `), item.facts),
    make("h3", {}, "Prompt"), item.prompt, make("h3", {}, "Reply in the history"), item.answer, make("h3", {}, "Criteria"), item.criteria));
  return item;
}

function drawTurn(item, turn) {
  setText(item.facts, `${counted(turn.hunts, "hunt")}, break rate ${rate(turn.counts?.break_rate)}`);
  setText(item.prompt, turn.prompt);
  setText(item.answer, turn.selected_response);
  keyed(item.criteria, turn.criteria, (one) => one.id, (one) => make("li", {}, make("b", { class: "mono" }, `${one.id} `), make("span")), (entry, one) => setText(entry.lastChild, one.text));
}

customElements.define("turn-history", TurnHistory);
