// One reply under review: the reply on the left, PASS or FAIL for each criterion and an explanation on the right.

import { emit, keyed, make, setAttribute, setText, show } from "../dom.js";
import { criteriaOf, MIN_WORDS, missingVerdicts, savingWords } from "../state/review.js";
import { wordCount } from "../state/length.js";
import { reviewsAreLocked } from "../state/second-review.js";
import { PageElement } from "./element.js";
import { conflictChoice, cutOffTag, showProblem } from "./widgets.js";
import "./reply-frame.js";

const VERDICTS = ["PASS", "FAIL"];

export class ReviewCard extends PageElement {
  #cardId = null;

  /** The ID of the text field: two desks can be on one page. */
  wordsId = "review-words";

  inputs(state) {
    const { review, session, theme } = state;
    return [review.current, review.cards, review.drafts[review.current] ?? null, criteriaOf(review, review.current), review.prompt, review.response, reviewsAreLocked(state), session?.reviews, theme];
  }

  build() {
    this.cutOff = make("p", { class: "caution" }, cutOffTag(), " This reply stopped at its output limit and is incomplete.");
    this.frame = document.createElement("reply-frame");
    this.prompt = make("p", { class: "words" });
    this.reference = make("p", { class: "words" });
    this.list = make("ol", { class: "marks" });
    this.words = make("textarea", { id: this.wordsId, rows: "4", oninput: () => emit(this, "explain", { cardId: this.#cardId, explanation: this.words.value }) });
    this.count = make("span", { class: "faint number" });
    this.saving = make("span", { class: "faint", role: "status" });
    this.needs = make("p", { class: "faint" });
    this.problem = make("div", { hidden: true });
    this.conflict = conflictChoice((keep) => emit(this, "resolve-review-conflict", { cardId: this.#cardId, keep }));
    this.append(make("section", { class: "card reply", "aria-label": "Reply" }, this.cutOff, this.frame,
      make("details", {}, make("summary", {}, "The prompt"), this.prompt), make("details", {}, make("summary", {}, "The reference response"), this.reference)),
    make("section", { class: "card judging", "aria-label": "Your review" }, this.list,
      make("div", { class: "field" }, make("label", { for: this.wordsId }, "Why, in your own words"), this.words, make("div", { class: "line" }, this.count, make("span", { class: "space" }), this.saving)),
      this.needs, this.problem, this.conflict));
  }

  draw(cardId, cards, draft, criteria, prompt, response, locked, _reviews, theme) {
    const card = cards?.find((one) => one.card_id === cardId);
    show(this, Boolean(card && draft));
    if (!card || !draft) return;
    const another = this.#cardId !== cardId;
    this.#cardId = cardId;
    show(this.cutOff, Boolean(card.cut_off));
    this.frame.show(card.response_html, theme);
    setText(this.prompt, prompt);
    setText(this.reference, response);
    keyed(this.list, criteria.map((criterion, place) => ({ ...criterion, place, verdict: draft.verdicts[criterion.id] ?? null, locked })), (item) => item.id, (item) => this.#makeMark(item), drawMark);
    if (another || this.words.value !== draft.explanation) this.words.value = draft.explanation;
    this.words.readOnly = locked;
    setText(this.count, `${wordCount(draft.explanation)} words, at least ${MIN_WORDS}`);
    setText(this.saving, locked ? "Locked" : savingWords(draft));
    setText(this.needs, locked ? "" : missingVerdicts(draft, criteria));
    showProblem(this.problem, draft.problem);
    show(this.conflict, draft.saving === "conflict");
  }

  #makeMark({ id }) {
    const item = make("li", { class: "to-judge", "data-criterion": id });
    item.words = make("p", { class: "words" });
    item.buttons = VERDICTS.map((verdict) => make("button", {
      type: "button", class: `verdict-button ${verdict.toLowerCase()}`, "aria-label": `${id} ${verdict}`, onclick: () => this.#mark(id, verdict),
    }, verdict));
    item.append(make("b", { class: "mono" }, id), item.words, make("span", { class: "pair", role: "group", "aria-label": `Verdict on ${id}` }, ...item.buttons));
    return item;
  }

  #mark(criterionId, verdict) {
    const pressed = this.list.querySelector(`[data-criterion="${CSS.escape(criterionId)}"] [aria-pressed="true"]`);
    emit(this, "mark", { cardId: this.#cardId, criterionId, verdict: pressed?.textContent === verdict ? null : verdict });
  }

  /** Gives `verdict` on the criterion that has the focus, else on the first one without a verdict, and focuses the next. */
  judge(verdict) {
    const item = this.#focused() ?? this.#firstOpen();
    if (!item || this.hidden) return false;
    emit(this, "mark", { cardId: this.#cardId, criterionId: item.dataset.criterion, verdict });
    return this.#focusAfter(item, 1);
  }

  /** From the criterion that has the focus to the next (1) or previous (-1). */
  moveFocus(step) {
    const item = this.#focused();
    return Boolean(item) && this.#focusAfter(item, step);
  }

  #focusAfter(item, step) {
    const next = step > 0 ? item.nextElementSibling : item.previousElementSibling;
    (next?.querySelector("button") ?? (step > 0 ? this.words : null))?.focus();
    return true;
  }

  #focused() {
    return this.contains(document.activeElement) ? document.activeElement.closest(".to-judge") : null;
  }

  #firstOpen() {
    return [...this.list.children].find((item) => !item.querySelector("[aria-pressed=true]:not(:disabled), :disabled"));
  }
}

function drawMark(item, { text, verdict, locked }) {
  setText(item.words, text);
  for (const button of item.buttons) {
    setAttribute(button, "aria-pressed", String(button.textContent === verdict));
    button.disabled = locked;
  }
}

customElements.define("review-card", ReviewCard);
