// One reply on the review desk: the reply at the left, every criterion with PASS and FAIL at the right, and why.

import { keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { criteriaOf, MIN_WORDS, reviewProblems } from "../state/desk.js";
import { wordCount } from "../state/writing.js";
import { PageElement } from "./element.js";
import { cutOffTag, showProblem } from "./pieces.js";
import "./reply-frame.js";

const SAVING = { saved: "Saved", dirty: "Typing …", saving: "Saving …", offline: "Saved in this browser until the server is back", failed: "Not saved", conflict: "Changed in another tab" };
const KEYS = { p: "PASS", f: "FAIL" };

export class ReviewCard extends PageElement {
  #cardId = null;

  inputs(state) {
    const { desk, session, theme } = state;
    return [desk.current, desk.cards, desk.drafts[desk.current] ?? null, criteriaOf(desk, desk.current), desk.prompt, desk.response, session?.revealed, session?.reviews, theme];
  }

  build() {
    this.cutOff = make("p", { class: "caution" }, cutOffTag(), " This reply stopped at its output limit and is incomplete.");
    this.frame = document.createElement("reply-frame");
    this.prompt = make("p", { class: "words" });
    this.reference = make("p", { class: "words" });
    this.list = make("ol", { class: "marks" });
    this.words = make("textarea", { id: "review-words", rows: "4", oninput: () => wish(this, "explain", { cardId: this.#cardId, explanation: this.words.value }) });
    this.count = make("span", { class: "faint number" });
    this.saving = make("span", { class: "faint", role: "status" });
    this.needs = make("p", { class: "faint" });
    this.problem = make("div", { hidden: true });
    this.conflict = make("p", { class: "chips" }, make("button", { type: "button", class: "small", onclick: () => wish(this, "settle-review", { cardId: this.#cardId, keep: "mine" }) }, "Keep this version"),
      make("button", { type: "button", class: "small", onclick: () => wish(this, "settle-review", { cardId: this.#cardId, keep: "theirs" }) }, "Use the other tab’s version"));
    this.append(make("section", { class: "card reply", "aria-label": "Reply" }, this.cutOff, this.frame,
      make("details", {}, make("summary", {}, "The prompt"), this.prompt), make("details", {}, make("summary", {}, "The reference response"), this.reference)),
    make("section", { class: "card judging", "aria-label": "Your review" }, this.list,
      make("div", { class: "field" }, make("label", { for: "review-words" }, "Why, in your own words"), this.words, make("div", { class: "line" }, this.count, make("span", { class: "space" }), this.saving)),
      this.needs, this.problem, this.conflict));
  }

  draw(cardId, cards, draft, criteria, prompt, response, revealed, _reviews, theme) {
    const card = cards?.find((one) => one.card_id === cardId);
    show(this, Boolean(card && draft));
    if (!card || !draft) return;
    const another = this.#cardId !== cardId;
    this.#cardId = cardId;
    show(this.cutOff, Boolean(card.cut_off));
    this.frame.show(card.response_html, theme);
    setText(this.prompt, prompt);
    setText(this.reference, response);
    keyed(this.list, criteria.map((criterion, place) => ({ ...criterion, place, verdict: draft.verdicts[criterion.id] ?? null, revealed })), (item) => item.id, (item) => this.#makeMark(item), drawMark);
    if (another || this.words.value !== draft.explanation) this.words.value = draft.explanation;
    this.words.readOnly = Boolean(revealed);
    setText(this.count, `${wordCount(draft.explanation)} words, at least ${MIN_WORDS}`);
    setText(this.saving, revealed ? "Locked" : SAVING[draft.saving]);
    setText(this.needs, revealed ? "" : reviewProblems(draft, criteria).join(" "));
    showProblem(this.problem, draft.problem);
    show(this.conflict, draft.saving === "conflict");
  }

  #makeMark({ id }) {
    const item = make("li", { class: "to-judge", "data-criterion": id });
    item.words = make("p", { class: "words" });
    item.buttons = Object.values(KEYS).map((verdict) => make("button", {
      type: "button", class: `verdict-button ${verdict.toLowerCase()}`, "aria-label": `${id} ${verdict}`, onclick: () => this.#mark(id, verdict),
    }, verdict));
    item.append(make("b", { class: "mono" }, id), item.words, make("span", { class: "pair", role: "group", "aria-label": `Verdict on ${id}` }, ...item.buttons));
    return item;
  }

  #mark(criterionId, verdict) {
    const pressed = this.list.querySelector(`[data-criterion="${CSS.escape(criterionId)}"] [aria-pressed="true"]`);
    wish(this, "mark", { cardId: this.#cardId, criterionId, verdict: pressed?.textContent === verdict ? null : verdict });
  }

  /** p and f judge the criterion that has the focus, else the first one that is open, and go on to the next; the arrows walk. Whether the key meant that. */
  press(event) {
    const focused = event.target.closest?.(".to-judge");
    const verdict = KEYS[event.key];
    const item = focused ?? (verdict ? this.#firstOpen() : null);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? (verdict ? 1 : 0);
    if (!item || !step || this.hidden) return false;
    if (verdict) wish(this, "mark", { cardId: this.#cardId, criterionId: item.dataset.criterion, verdict });
    const next = step > 0 ? item.nextElementSibling : item.previousElementSibling;
    (next?.querySelector("button") ?? (step > 0 ? this.words : null))?.focus();
    return true;
  }

  #firstOpen() {
    return [...this.list.children].find((item) => !item.querySelector("[aria-pressed=true]:not(:disabled), :disabled"));
  }
}

function drawMark(item, { text, verdict, revealed }) {
  setText(item.words, text);
  for (const button of item.buttons) {
    setAttribute(button, "aria-pressed", String(button.textContent === verdict));
    button.disabled = Boolean(revealed);
  }
}

customElements.define("review-card", ReviewCard);
