// Loads a task: from a file, a URL or pasted JSON.

import { emit, make, setAttribute, setText } from "../dom.js";
import { icon } from "../icons.js";
import { actionOf } from "../state/actions.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

export class LoadCard extends PageElement {
  inputs(state) {
    return [actionOf(state.actions, "load")];
  }

  build() {
    this.className = "card";
    this.file = make("input", {
      type: "file", id: "load-file", accept: ".ipynb,application/json,application/x-ipynb+json", class: "visually-hidden",
      onchange: () => this.#take(this.file.files),
    });
    this.word = make("strong", {}, "Choose a notebook");
    this.zone = make("label", { class: "drop-zone", for: "load-file" }, icon("file"), this.word,
      make("span", { class: "soft" }, "or drop it here – a Jupyter notebook (.ipynb)"));
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Load a task"), this.file, this.zone, this.problem, this.#address(), this.#paste());
  }

  draw({ busy, problem }) {
    setText(this.word, busy ? "Loading …" : "Choose a notebook");
    setAttribute(this, "aria-busy", String(busy));
    for (const control of this.querySelectorAll("button, input[type=file]")) control.disabled = busy;
    showProblem(this.problem, problem);
  }

  #address() {
    const field = make("input", { type: "text", inputmode: "url", id: "load-url", placeholder: "https://…", autocomplete: "off", spellcheck: "false" });
    return make("form", {
      class: "address", onsubmit: (event) => { event.preventDefault(); emit(this, "load-url", field.value); },
    }, make("div", { class: "field" }, make("label", { for: "load-url" }, "From a URL"), field),
    make("button", { type: "submit" }, "Fetch"));
  }

  #paste() {
    const text = make("textarea", { rows: "6", id: "load-json", spellcheck: "false", placeholder: "{\"cells\": [ … ]}" });
    const form = make("form", {
      class: "paste", onsubmit: (event) => { event.preventDefault(); emit(this, "load-json", text.value); },
    }, make("div", { class: "field" }, make("label", { for: "load-json" }, "The notebook’s JSON"), text),
    make("button", { type: "submit" }, "Load pasted JSON"));
    return make("details", {}, make("summary", {}, "Paste JSON instead"), form);
  }

  /** Files can be dropped anywhere: beside the box the browser would leave the page to open the file. */
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
    if (file) emit(this, "load-file", file);
    this.file.value = ""; // otherwise choosing the same file again would not be a change
  }
}

customElements.define("load-card", LoadCard);
