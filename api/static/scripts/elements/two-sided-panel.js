// The two-sided check: edits of the reference response that violate one criterion each, proposed by a model or written here; their verdicts as
// a matrix, and what these say.

import { emit, keyed, make, setAttribute, setBusy, setOptions, setText, show } from "../dom.js";
import { money } from "../format.js";
import { actionOf } from "../state/actions.js";
import { difference } from "../state/difference.js";
import { describeTwoSided, editsOf, matrixOf } from "../state/two-sided.js";
import { PageElement } from "./element.js";
import { showProblem, verdictMark } from "./widgets.js";

export class TwoSidedPanel extends PageElement {
  inputs(state) {
    return [state.session, state.server.models, actionOf(state.actions, "propose-edits"), actionOf(state.actions, "save-edit"), actionOf(state.actions, "check-two-sided")];
  }

  build() {
    this.state = make("strong");
    this.about = make("p", { class: "faint" });
    this.model = make("select", { id: "edits-by" });
    this.propose = make("button", { type: "button", onclick: () => emit(this, "propose-edits", { model: this.model.value }) }, "Propose edits");
    this.check = make("button", { type: "button", onclick: () => emit(this, "check-two-sided") });
    this.problem = make("div", { hidden: true });
    this.findings = make("ul", { class: "findings", role: "status" });
    this.matrix = make("div", { class: "matrix", tabindex: "0", role: "region", "aria-label": "Verdicts on each edit" });
    this.legend = make("p", { class: "faint" }, "Each row is a reply: the reference, then one edit for each criterion that it violates. Only that criterion should fail. A frame marks a verdict that is not as expected.");
    this.edits = make("ol", { class: "edits" });
    this.required = make("input", { type: "checkbox", id: "require-two-sided", onchange: () => emit(this, "change-settings", { require_two_sided_check: this.required.checked }) });
    this.append(make("h3", {}, "Two-sided check"), make("div", { class: "line" }, make("div", {}, this.state, this.about), this.check),
      make("p", { class: "faint" }, "Can each criterion fail? A small edit of the reference response violates it and nothing else, and is judged on all criteria."),
      make("div", { class: "line by" }, make("label", { for: "edits-by" }, "Model"), this.model, this.propose), this.problem, this.findings, this.matrix, this.legend, this.edits,
      make("label", { class: "line required" }, this.required, "Require it before a run"));
  }

  draw(session, models, proposing, saving, checking) {
    if (session === null) return;
    const { two_sided_check: check, task } = session;
    const { state, words, about } = describeTwoSided(check, task.criteria);
    setAttribute(this, "data-state", state);
    setText(this.state, words);
    setText(this.about, [about, check.cost_usd ? money(check.cost_usd) : ""].filter(Boolean).join(" · "));
    this.#drawButtons(session, models, proposing, checking);
    showProblem(this.problem, [proposing, saving, checking].map((action) => action.problem).find(Boolean) ?? proposalProblem(check.proposals));
    show(this.findings, check.findings.length > 0);
    keyed(this.findings, check.findings, ({ words: text }) => text, () => make("li"), (item, finding) => {
      setAttribute(item, "data-kind", finding.kind);
      setText(item, finding.words);
    });
    this.#drawMatrix(check, task.criteria);
    keyed(this.edits, editsOf(check, task.criteria), ({ id }) => id, ({ id }) => this.#makeEdit(id), (item, one) => drawEdit(item, one, task.response));
    this.required.checked = session.require_two_sided_check;
  }

  #drawButtons({ two_sided_check: check, task }, models, proposing, checking) {
    const usable = (models?.models ?? []).filter((row) => row.usable && !(row.simulated && row.name === "judge")).map((row) => row.model);
    setOptions(this.model, usable.map((model) => [model, model]), usable.includes(this.model.value) ? this.model.value : usable[0]);
    const fresh = check.edits.filter((edit) => edit.text && !edit.stale).length;
    this.propose.disabled = !task.huntable || usable.length === 0 || fresh === task.criteria.length;
    setBusy(this.propose, proposing.busy || check.proposals.running);
    this.check.disabled = !task.huntable || fresh === 0;
    setBusy(this.check, checking.busy || check.status === "running");
    setText(this.check, check.status === "none" ? "Judge the edits" : "Judge again");
  }

  #drawMatrix(check, criteria) {
    const rows = matrixOf(check, criteria);
    const shown = rows.some((row) => row.cells.some((cell) => cell.verdict));
    for (const part of [this.matrix, this.legend]) show(part, shown);
    this.matrix.classList.toggle("stale", check.stale);
    if (!shown) return this.matrix.replaceChildren();
    const head = make("tr", {}, make("th", { scope: "col" }, "Violates"), ...criteria.map(({ id, text }) => make("th", { scope: "col", title: text }, id)));
    return this.matrix.replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows.map(makeRow))));
  }

  #makeEdit(id) {
    const item = make("li");
    item.mark = make("span", { class: "faint" });
    item.asked = make("p", { class: "asked" });
    item.note = make("p", { class: "faint" });
    item.problem = make("p", { class: "caution" });
    item.diff = make("div", { class: "words text diff" });
    item.reasons = make("ul", { class: "reasons" });
    item.text = make("textarea", { id: `edit-of-${id}`, rows: 4, spellcheck: "true", onchange: () => emit(this, "save-edit", { criterionId: id, text: item.text.value }) });
    item.again = make("button", { type: "button", class: "small", onclick: () => emit(this, "propose-edits", { model: this.model.value, criterionIds: [id] }) }, "Propose another");
    item.append(make("details", {}, make("summary", {}, make("b", {}, id), " ", item.mark), item.asked, item.problem, item.diff, item.note, item.reasons,
      make("label", { for: `edit-of-${id}` }, `Edited response that violates ${id}`), item.text, make("p", { class: "chips" }, item.again)));
    return item;
  }
}

function makeRow({ criterionId, cells }) {
  return make("tr", {}, make("th", { scope: "row" }, criterionId ?? "reference"), ...cells.map(({ id, verdict, odd }) => {
    const mark = verdictMark(id, verdict?.verdict);
    if (odd) mark.append(make("span", { class: "visually-hidden" }, ", not as expected"));
    return make("td", { class: odd ? "odd" : null, title: verdict ? `${id} ${verdict.verdict}: ${verdict.reason}` : null }, mark);
  }));
}

function drawEdit(item, { id, criterion, edit }, reference) {
  const text = edit?.text ?? "";
  setText(item.mark, markWords(edit));
  setText(item.asked, criterion);
  show(item.problem, Boolean(edit?.problem));
  setText(item.problem, edit?.problem ?? "");
  setText(item.note, [edit?.model ? `Proposed by ${edit.model}` : "", edit?.change ?? ""].filter(Boolean).join(": "));
  if (item.shown !== `${text}\n${reference}`) {
    item.shown = `${text}\n${reference}`;
    item.diff.replaceChildren(...(text ? difference(reference, text).map(({ kind, text: part }) => makePart(kind, part)) : []));
    show(item.diff, text !== "");
    if (document.activeElement !== item.text) item.text.value = text || reference;
  }
  const shown = (edit?.verdicts ?? []).filter((verdict) => verdict.criterion_id === id || verdict.verdict !== "PASS");
  keyed(item.reasons, shown, (verdict) => verdict.criterion_id, () => make("li"), (line, verdict) => setText(line, `${verdict.criterion_id} ${verdict.verdict}: ${verdict.reason}`));
}

function makePart(kind, text) {
  if (kind === "same") return make("span", {}, text);
  return make(kind === "less" ? "del" : "ins", { title: kind === "less" ? "only in the reference response" : "only in the edit" }, text);
}

function markWords(edit) {
  if (edit === null) return "no edit yet";
  if (!edit.text) return "no usable proposal";
  if (edit.stale) return "stale: the task was changed";
  return edit.model ? `edit by ${edit.model}` : "your own edit";
}

function proposalProblem({ error }) {
  return error ? { message: error, hint: "" } : null;
}

customElements.define("two-sided-panel", TwoSidedPanel);
