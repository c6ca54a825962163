// One text of the task being written: the words, how many there are, and how they will read.

import { make, setAttribute, setText, show, wish } from "../dom.js";
import { draftedTask } from "../state/draft.js";
import { counted } from "../state/announcements.js";
import { fitsLength, wantedLength, wordCount } from "../state/writing.js";
import { renderMarkdown } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import "./reply-frame.js";

export class TextEditor extends PageElement {
  #wanted = null;

  /** `field`: of the task; `label`, `placeholder`, `about`: words for people; `rows`: least height. */
  constructor({ field, label, placeholder = "", about = "", rows = 5 }) {
    super();
    Object.assign(this, { field, label, placeholder, about, rows });
  }

  inputs(state) {
    const { session, draft, theme } = state;
    return [session ? draftedTask(session.task, draft)[this.field] : null, session?.task.metadata, session?.revealed, theme];
  }

  build() {
    const id = `edit-${this.field}`;
    this.words = make("textarea", {
      id, rows: this.rows, placeholder: this.placeholder, spellcheck: "true", "aria-describedby": `${id}-about`,
      oninput: () => wish(this, "type", { field: this.field, value: this.words.value }),
    });
    this.count = make("span", { class: "faint number" });
    this.look = make("button", { type: "button", class: "small quiet", "aria-pressed": "false", onclick: () => this.#toggle() }, "Preview");
    this.frame = document.createElement("reply-frame");
    this.frame.hidden = true;
    this.append(make("div", { class: "top" }, make("label", { for: id }, this.label), make("span", { class: "space" }), this.count, this.look),
      this.words, this.frame, make("p", { class: "faint", id: `${id}-about` }, this.about));
  }

  draw(value, metadata, revealed, theme) {
    if (value === null) return;
    if (this.words.value !== value) this.words.value = value;
    this.words.readOnly = Boolean(revealed);
    this.theme = theme;
    this.#drawCount(value, metadata);
    if (!this.frame.hidden) this.#preview();
  }

  #drawCount(value, metadata) {
    const count = wordCount(value);
    const wanted = this.field === "prompt" ? wantedLength(metadata) : null;
    const fits = fitsLength(count, wanted);
    setText(this.count, wanted ? `${counted(count, "word")} – ${fits ? "within" : "not within"} ${wanted.words}` : counted(count, "word"));
    setAttribute(this.count, "data-fits", String(fits));
  }

  #toggle() {
    const shown = this.frame.hidden;
    show(this.frame, shown);
    show(this.words, !shown);
    setAttribute(this.look, "aria-pressed", String(shown));
    setText(this.look, shown ? "Write" : "Preview");
    if (shown) this.#preview();
    else this.words.focus();
  }

  /** The server renders it, with the same rules as replies. Only the newest answer is shown. */
  async #preview() {
    const text = this.words.value;
    this.#wanted = text;
    try {
      const html = await renderMarkdown(text);
      if (this.#wanted === text) this.frame.show(html || "<p>Nothing is written yet.</p>", this.theme);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      this.frame.show("<p>The preview cannot be had now.</p>", this.theme);
    }
  }
}

customElements.define("text-editor", TextEditor);
