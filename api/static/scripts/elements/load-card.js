// Bringing a task in: choose or drop a file, give an address, or paste the notebook's JSON.

import { make, setAttribute, setText, wish } from "../dom.js";
import { icon } from "../icons.js";
import { actOf } from "../state/acts.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";

export class LoadCard extends PageElement {
  inputs(state) {
    return [actOf(state.acts, "load")];
  }

  build() {
    this.className = "card";
    this.file = make("input", {
      type: "file", id: "load-file", accept: ".ipynb,application/json,application/x-ipynb+json", class: "only-heard",
      onchange: () => this.#take(this.file.files),
    });
    this.word = make("strong", {}, "Choose a notebook");
    this.zone = make("label", { class: "drop-zone", for: "load-file" }, icon("file"), this.word,
      make("span", { class: "soft" }, "or drop it here – a Jupyter notebook (.ipynb)"));
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Load a task"), this.file, this.zone, this.problem, this.#address(), this.#paste());
  }

  draw({ busy, problem }) {
    setText(this.word, busy ? "Reading …" : "Choose a notebook");
    setAttribute(this, "aria-busy", String(busy));
    for (const control of this.querySelectorAll("button, input[type=file]")) control.disabled = busy;
    showProblem(this.problem, problem);
  }

  #address() {
    const field = make("input", { type: "text", inputmode: "url", id: "load-url", placeholder: "https://…", autocomplete: "off", spellcheck: "false" });
    return make("form", {
      class: "address", onsubmit: (event) => { event.preventDefault(); wish(this, "load-url", field.value); },
    }, make("div", { class: "field" }, make("label", { for: "load-url" }, "From a URL"), field),
    make("button", { type: "submit" }, "Fetch"));
  }

  #paste() {
    const text = make("textarea", { rows: "6", id: "load-json", spellcheck: "false", placeholder: "{\"cells\": [ … ]}" });
    const form = make("form", {
      class: "paste", onsubmit: (event) => { event.preventDefault(); wish(this, "load-json", text.value); },
    }, make("div", { class: "field" }, make("label", { for: "load-json" }, "The notebook’s JSON"), text),
    make("button", { type: "submit" }, "Load pasted JSON"));
    return make("details", {}, make("summary", {}, "Paste JSON instead"), form);
  }

  /** Anywhere on the page counts: nobody should lose the page because a file fell beside the box. */
  connectedCallback() {
    this.drops = new AbortController();
    for (const name of ["dragover", "dragleave", "drop"]) {
      document.addEventListener(name, (event) => this.#over(event), { signal: this.drops.signal });
    }
  }

  disconnectedCallback() {
    this.drops.abort();
  }

  #over(event) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    setAttribute(this.zone, "data-over", event.type === "dragover");
    if (event.type === "drop") this.#take(event.dataTransfer.files);
  }

  #take(files) {
    const [file] = files;
    if (file) wish(this, "load-file", file);
    this.file.value = ""; // so that the same file can be chosen again
  }
}

customElements.define("load-card", LoadCard);
