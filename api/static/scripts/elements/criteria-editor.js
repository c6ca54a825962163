// Editor for the criteria: text, order, new and pasted criteria, removed ones to restore. Each with its verdict from the reference check
// and with what the hunts show about it.

import { emit, keyed, make, setText, show } from "../dom.js";
import { draftedTask } from "../state/draft.js";
import { missingCriteria, moveCriterion, nextId, pastedCriteria, restoreCriterion } from "../state/criteria.js";
import { isLocked } from "../state/session.js";
import { PageElement } from "./element.js";
import { iconButton, verdictMark } from "./widgets.js";

export class CriteriaEditor extends PageElement {
  #criteria = [];
  #loaded = [];

  inputs(state) {
    const { session, draft, insights } = state;
    return [session ? draftedTask(session.task, draft).criteria : null, session?.loaded_criteria, session?.check, insights, isLocked(state)];
  }

  build() {
    this.list = make("ol", { class: "writing" });
    this.missing = make("ul", { class: "missing" });
    this.add = make("button", { type: "button", onclick: () => this.#append() }, "Add a criterion");
    this.paste = make("textarea", { rows: "5", id: "paste-criteria", placeholder: "One criterion per line, a numbered list, or the notebook’s JSON" });
    this.append(this.list, this.missing, this.add, make("details", {}, make("summary", {}, "Paste a list"),
      make("div", { class: "field" }, make("label", { for: "paste-criteria" }, "Criteria"), this.paste),
      make("button", { type: "button", class: "small", onclick: () => this.#paste() }, "Add them")));
  }

  draw(criteria, loaded, check, insights, locked) {
    if (!criteria) return;
    this.#criteria = criteria;
    this.#loaded = loaded ?? [];
    this.toggleAttribute("inert", locked);
    const verdicts = new Map(check.verdicts.map((verdict) => [verdict.criterion_id, verdict]));
    const items = criteria.map((criterion, place) => ({
      ...criterion, place, last: place === criteria.length - 1, check, verdict: verdicts.get(criterion.id) ?? null, notes: notesOn(criterion.id, insights, check),
    }));
    keyed(this.list, items, (item) => item.id, (item) => this.#makeRow(item), drawRow);
    keyed(this.missing, missingCriteria(criteria, this.#loaded), (one) => one.id, (one) => this.#makeMissing(one), (item, one) => setText(item.words, one.text));
  }

  #makeRow({ id }) {
    const row = make("li", { class: "writing-row" });
    const place = () => this.#criteria.findIndex((criterion) => criterion.id === id);
    row.words = make("textarea", {
      rows: "1", "aria-label": `Criterion ${id}`, placeholder: "One yes/no requirement",
      oninput: () => this.#publish(this.#criteria.map((one) => (one.id === id ? { id, text: row.words.value } : one))),
    });
    row.move = (step) => this.#move(place(), step);
    row.addBelow = () => this.#append(place() + 1);
    row.mark = make("span", { class: "place" });
    row.up = iconButton("previous", `Move ${id} up (Alt+↑)`, () => row.move(-1), "small up");
    row.down = iconButton("next", `Move ${id} down (Alt+↓)`, () => row.move(1), "small down");
    row.again = iconButton("again", `Judge the reference on ${id} again`, () => emit(this, "check-reference", [id]), "small");
    row.removeButton = iconButton("cross", `Remove ${id}`, () => this.#publish(this.#criteria.filter((one) => one.id !== id)), "small");
    row.reason = make("p", { class: "words reason" });
    row.notes = make("p", { class: "notes" });
    row.append(row.mark, make("b", { class: "mono" }, id), make("div", { class: "body" }, row.words, row.reason, row.notes),
      make("span", { class: "tools" }, row.up, row.down, row.again, row.removeButton));
    return row;
  }

  #makeMissing({ id }) {
    const item = make("li", { class: "caution" });
    item.words = make("span");
    item.append(make("p", {}, make("b", { class: "mono" }, `${id} MISSING `), item.words),
      make("button", { type: "button", class: "small", onclick: () => this.#publish(restoreCriterion(this.#criteria, this.#loaded, id)) }, `Restore ${id}`));
    return item;
  }

  #move(place, step) {
    const id = this.#criteria[place]?.id;
    this.#publish(moveCriterion(this.#criteria, place, step));
    requestAnimationFrame(() => this.#focus(id));
  }

  #append(at = this.#criteria.length) {
    const id = nextId(this.#criteria, this.#loaded);
    this.#publish(this.#criteria.toSpliced(at, 0, { id, text: "" }));
    requestAnimationFrame(() => this.#focus(id));
  }

  #paste() {
    const more = pastedCriteria(this.paste.value, this.#criteria, this.#loaded);
    if (more.length === 0) return;
    this.#publish([...this.#criteria.filter((one) => one.text.trim()), ...more]);
    this.paste.value = "";
  }

  #focus(id) {
    this.querySelector(`[aria-label="Criterion ${CSS.escape(id)}"]`)?.focus();
  }

  #publish(criteria) {
    this.#criteria = criteria;
    emit(this, "type", { field: "criteria", value: criteria });
  }
}

function drawRow(row, { text, place, last, check, verdict, notes }) {
  if (row.words.value !== text) row.words.value = text;
  row.up.disabled = place === 0;
  row.down.disabled = last;
  show(row.again, check.status !== "none" && check.status !== "running");
  row.mark.replaceChildren(verdictMark(verdict?.criterion_id ?? "", verdict?.verdict));
  row.mark.classList.toggle("stale", check.stale);
  const reason = verdict && !check.stale ? verdict.reason || verdict.error : "";
  show(row.reason, Boolean(reason));
  setText(row.reason, reason ?? "");
  show(row.notes, notes !== "");
  setText(row.notes, notes);
}

/** What the hunts and checks so far show about a criterion. */
function notesOn(id, insights, check) {
  const notes = [];
  const known = insights?.criteria?.find((one) => one.criterion_id === id);
  if (known?.note && known.decided >= 4) notes.push(`${known.note} in ${known.decided} hunts: it does not distinguish replies.`);
  const others = (insights?.together ?? []).filter((group) => group.includes(id)).flat().filter((other) => other !== id);
  if (others.length) notes.push(`Always gets the same verdict as ${[...new Set(others)].join(", ")}.`);
  if (insights?.flipped?.includes(id) || check.flips?.[id]) notes.push("The judge gave different verdicts: the wording may be ambiguous.");
  return notes.join(" ");
}

customElements.define("criteria-editor", CriteriaEditor);
