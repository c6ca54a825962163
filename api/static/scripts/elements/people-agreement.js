// Once both reviewers are done: how far they agree on each criterion, and the differences to settle, reply by reply.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { moment } from "../format.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { agreementWords, alphaSentence, differencesByReply, reviewerNames, totalSentence } from "../state/second-review.js";
import { PageElement } from "./element.js";
import { showProblem, verdictMark } from "./widgets.js";

const MAX_NOTE_CHARS = 2000;
const SIDES = ["first", "second"];

export class PeopleAgreement extends PageElement {
  inputs(state) {
    return [state.second, state.review.cards, state.server.who?.name ?? "", state.actions];
  }

  build() {
    this.total = make("p", { class: "total" });
    this.alpha = make("p", { class: "faint" });
    this.criteria = make("ul", { class: "chips" });
    this.heading = make("h3", {});
    this.list = make("ol", { class: "replies" });
    this.append(make("h2", {}, "Agreement between reviewers"), this.total, this.criteria, this.alpha, this.heading, this.list);
  }

  draw({ view }, cards, own, actions) {
    show(this, Boolean(view?.both_done));
    if (!view?.both_done) return;
    const names = reviewerNames(view, own);
    setText(this.total, totalSentence(view.agreement, names));
    setText(this.alpha, alphaSentence(view.agreement));
    keyed(this.criteria, view.agreement.slice(1), (one) => one.criterion_id, () => make("li", { class: "tag" }), (tag, one) => setText(tag, `${one.criterion_id}: ${agreementWords(one)}`));
    setText(this.heading, view.unsettled ? `${counted(view.unsettled, "difference")} to settle` : view.differences.length ? "All differences are settled" : "No differences");
    keyed(this.list, differencesByReply(view, cards), (reply) => reply.cardId, makeReply, (item, reply) => drawReply(item, reply, names, actions));
  }
}

function makeReply({ cardId }) {
  const item = make("li", {});
  item.open = make("button", { type: "button", class: "small", onclick: () => openReply(item, cardId) });
  item.why = SIDES.map(() => make("div", { class: "side" }, make("b", {}), make("p", { class: "words soft" })));
  item.rows = make("ul", { class: "differences" });
  item.append(make("div", { class: "line" }, item.open), make("div", { class: "sides" }, ...item.why), item.rows);
  return item;
}

function drawReply(item, { place, explanations, differences }, names, actions) {
  setText(item.open, place === null ? "Show the reply" : `Reply ${place}`);
  item.why.forEach((part, nth) => {
    setText(part.firstChild, names[SIDES[nth]]);
    setText(part.lastChild, explanations[nth]);
  });
  const rows = differences.map((one) => ({ ...one, names, action: actionOf(actions, `settle ${one.card_id} ${one.criterion_id}`) }));
  keyed(item.rows, rows, (row) => row.criterion_id, makeDifference, drawDifference);
}

/** The reply is below, among the cards. */
function openReply(item, cardId) {
  emit(item, "open-card", cardId);
  [...document.querySelectorAll("review-card")].find((card) => card.getClientRects().length > 0)?.scrollIntoView({ block: "start" });
}

function makeDifference({ card_id: cardId, criterion_id: criterionId }) {
  const item = make("li", {});
  item.words = make("p", { class: "words" });
  item.sides = SIDES.map(() => make("span", { class: "whose" }));
  item.note = make("input", { type: "text", maxlength: MAX_NOTE_CHARS, placeholder: "Why (optional)", "aria-label": `Why, for ${criterionId}` });
  item.settle = ["PASS", "FAIL"].map((verdict) => make("button", {
    type: "button", class: `verdict-button ${verdict.toLowerCase()}`, "aria-label": `Settle ${criterionId} as ${verdict}`,
    onclick: () => emit(item, "settle", { cardId, criterionId, verdict, note: item.note.value }),
  }, verdict));
  item.settled = make("p", { class: "soft", role: "status" });
  item.problem = make("div", { hidden: true });
  item.append(make("div", { class: "line" }, make("b", { class: "mono" }, criterionId), ...item.sides), item.words,
    make("div", { class: "line settling" }, make("span", { class: "label" }, "Settle as"), ...item.settle, item.note), item.settled, item.problem);
  return item;
}

function drawDifference(item, { criterion_id: id, criterion, names, settled, action, ...row }) {
  setAttribute(item, "data-settled", settled ? "true" : null);
  setText(item.words, criterion);
  item.sides.forEach((part, nth) => part.replaceChildren(make("span", { class: "faint" }, names[SIDES[nth]]), " ", verdictMark(id, row[SIDES[nth]]), ` ${row[SIDES[nth]]}`));
  for (const button of item.settle) {
    setAttribute(button, "aria-pressed", String(settled?.verdict === button.textContent));
    setBusy(button, action.busy);
  }
  show(item.settled, settled !== null);
  setText(item.settled, settled ? `${settled.by || "Somebody"} settled it as ${settled.verdict} on ${moment(settled.at)}${settled.note ? `: ${settled.note}` : "."}` : "");
  showProblem(item.problem, action.problem);
}

customElements.define("people-agreement", PeopleAgreement);
