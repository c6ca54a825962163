// Editor for one text of the task, with a word count and a preview.

import { emit, make, setAttribute, setText, show } from "../dom.js";
import { draftedTask } from "../state/draft.js";
import { fitsLength, lengthWords, wantedLength, wordCount } from "../state/length.js";
import { isLocked } from "../state/session.js";
import { renderMarkdown } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import "./reply-frame.js";

export class TextEditor extends PageElement {
  #previewed = null;

  /** `field`: of the task; `label`, `placeholder`, `about`: visible text; `rows`: minimum height. */
  constructor({ field, label, placeholder = "", about = "", rows = 5 }) {
    super();
    Object.assign(this, { field, label, placeholder, about, rows });
  }

  inputs(state) {
    const { session, draft, theme } = state;
    return [session ? draftedTask(session.task, draft)[this.field] : null, session?.task.metadata, isLocked(state), theme];
  }

  build() {
    const id = `edit-${this.field}`;
    this.words = make("textarea", {
      id, rows: this.rows, placeholder: this.placeholder, spellcheck: "true", "aria-describedby": `${id}-about`,
      oninput: () => emit(this, "type", { field: this.field, value: this.words.value }),
    });
    this.count = make("span", { class: "faint number" });
    this.look = make("button", { type: "button", class: "small quiet", "aria-pressed": "false", onclick: () => this.#toggle() }, "Preview");
    this.frame = document.createElement("reply-frame");
    this.frame.hidden = true;
    this.append(make("div", { class: "top" }, make("label", { for: id }, this.label), make("span", { class: "space" }), this.count, this.look),
      this.words, this.frame, make("p", { class: "faint", id: `${id}-about` }, this.about));
  }

  draw(value, metadata, locked, theme) {
    if (value === null) return;
    if (this.words.value !== value) this.words.value = value;
    this.words.readOnly = locked;
    this.theme = theme;
    this.#drawCount(value, metadata);
    if (!this.frame.hidden) this.#preview();
  }

  #drawCount(value, metadata) {
    const count = wordCount(value);
    const wanted = this.field === "prompt" ? wantedLength(metadata) : null;
    setText(this.count, lengthWords(count, wanted));
    setAttribute(this.count, "data-fits", String(fitsLength(count, wanted)));
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

  /** The server renders the preview, by the same rules as replies. Only the latest response is shown. */
  async #preview() {
    const text = this.words.value;
    this.#previewed = text;
    try {
      const html = await renderMarkdown(text);
      if (this.#previewed === text) this.frame.show(html || "<p>Nothing to preview yet.</p>", this.theme);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      this.frame.show("<p>Couldn’t load the preview.</p>", this.theme);
    }
  }
}

customElements.define("text-editor", TextEditor);
