// The dialog that edits the parameters of one entry of the plan, or of its judge, with presets that this browser remembers.

import { emit, make, setAttribute, setBusy, setOptions, setText, show } from "../dom.js";
import { fieldsOf, orderOf, readParameters } from "../state/targets.js";
import { storedPresets, storePresets } from "../browser-storage.js";
import { estimateRun } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { iconButton, makeDialog, showDialog, showProblem } from "./widgets.js";

const YES_NO = [["", "default"], ["true", "yes"], ["false", "no"]];
/** One row per field. `kind`: input type, "text", "area" or the options of a list. `only(entry)`: for which entries it is shown. */
const FIELDS = [
  { id: "system_prompt", label: "System prompt", kind: "area", wide: true, only: ({ judge }) => !judge },
  {
    id: "reasoning", label: "Reasoning", kind: [["", "the model’s default"], ["none", "effort: none"], ["minimal", "effort: minimal"], ["low", "effort: low"],
      ["medium", "effort: medium"], ["high", "effort: high"], ["xhigh", "effort: xhigh"], ["tokens", "a number of tokens"], ["on", "on"], ["off", "off"]],
  },
  { id: "reasoning_tokens", label: "Reasoning tokens", kind: "number", step: "1", min: "1", max: "10000000", when: (values) => values.reasoning === "tokens" },
  { id: "temperature", label: "Temperature (0 to 2)", kind: "number", step: "any", min: "0", max: "2" },
  { id: "top_p", label: "Top p (0 to 1)", kind: "number", step: "any", min: "0", max: "1" },
  { id: "max_output_tokens", label: "Output limit in tokens", kind: "number", step: "1", min: "1", max: "10000000" },
  { id: "seed", label: "Seed", kind: "number", step: "1", max: "9007199254740991" }, // steps count from `min`: from the lowest seed, 1.5 would be a whole number,
  { id: "stop", label: "Stop texts, one per line", kind: "area" },
  { id: "service_tier", label: "Service tier", kind: [["", "default"], ["flex", "flex (cheaper, slower)"], ["priority", "priority"], ["auto", "auto"]] },
  { id: "only", label: "Only these upstreams", kind: "text", only: isRouted },
  { id: "order", label: "Upstreams in this order", kind: "text", only: isRouted },
  { id: "ignore", label: "Never these upstreams", kind: "text", only: isRouted },
  { id: "quantizations", label: "Quantizations", kind: "text", only: isRouted },
  { id: "allow_fallbacks", label: "Allow other upstreams", kind: YES_NO, only: isRouted },
  { id: "require_parameters", label: "Require all parameters", kind: YES_NO, only: isRouted },
  { id: "data_collection", label: "Data collection", kind: [["", "default"], ["allow", "allow"], ["deny", "deny"]], only: isRouted },
  { id: "extra_body", label: "Other request fields (JSON)", kind: "text", wide: true },
];

function isRouted({ model }) {
  return model.startsWith("openrouter/") || model.startsWith("simulated/");
}

export class TargetEditor extends HTMLElement {
  #entry = null;

  connectedCallback() {
    if (this.dialog) return;
    this.title_ = make("h2", {});
    this.label = make("input", { type: "text", id: "target-label", maxlength: "80", autocomplete: "off" });
    this.labelName = make("label", { for: "target-label" });
    this.preset = make("select", { id: "target-preset", onchange: () => this.#fillPreset() });
    this.remember = make("button", { type: "button", class: "small", onclick: () => this.#storePreset() }, "Save as preset");
    this.forget = make("button", { type: "button", class: "small quiet", onclick: () => this.#removePreset() }, "Forget preset");
    this.inputs = Object.fromEntries(FIELDS.map((field) => [field.id, makeInput(field)]));
    this.rows = FIELDS.map((field) => make("div", { class: field.wide ? "field wide" : "field" }, make("label", { for: `target-${field.id}` }, field.label), this.inputs[field.id]));
    this.problem = make("div", { hidden: true });
    this.apply = make("button", { type: "submit", class: "primary" }, "Apply");
    this.addOther = make("button", { type: "button", onclick: () => this.#save(true) }, "Add as another setting");
    this.form = make("form", { onsubmit: (event) => { event.preventDefault(); this.#save(false); }, onchange: () => this.#drawRows() },
      make("div", { class: "field wide presets" }, make("label", { for: "target-preset" }, "Preset"), make("div", { class: "line" }, this.preset, this.remember, this.forget)),
      make("div", { class: "field wide" }, this.labelName, this.label), ...this.rows, this.problem,
      make("div", { class: "wide line" }, this.apply, this.addOther));
    this.dialog = makeDialog("parameters", { "aria-label": "Parameters" },
      make("div", { class: "top" }, this.title_, iconButton("cross", "Close", () => this.dialog.close())), this.form);
    this.append(this.dialog);
  }

  /** Shows the dialog for an entry of the plan of session `sid`, or for its judge (`judge`: the chosen one); null hides it. What is typed stays while it is open. */
  show(entry) {
    if (entry && !this.dialog.open) this.#load(entry);
    showDialog(this.dialog, entry !== null);
  }

  #load(entry) {
    this.#entry = entry;
    const { judge } = entry;
    setText(this.title_, `Parameters of ${judge ? "the judge " : ""}${entry.model}`);
    setText(this.labelName, judge ? "Name of the preset" : "Label");
    setAttribute(this.label, "placeholder", judge ? "Needed to save a preset" : "Empty: made from the parameters");
    show(this.addOther, !judge);
    this.#fill(entry.label, entry.parameters);
    this.#drawPresets("");
  }

  #fill(label, parameters) {
    this.label.value = label;
    for (const [id, value] of Object.entries(fieldsOf(parameters))) this.inputs[id].value = value;
    showProblem(this.problem, null);
    this.#drawRows();
  }

  #values() {
    const shown = FIELDS.filter((_, place) => !this.rows[place].hidden);
    return Object.fromEntries(shown.map(({ id }) => [id, this.inputs[id].value]));
  }

  #drawRows() {
    const all = Object.fromEntries(FIELDS.map(({ id }) => [id, this.inputs[id].value]));
    FIELDS.forEach(({ id, only, when }, place) => {
      show(this.rows[place], (only?.(this.#entry) ?? true) && (when?.(all) ?? true));
      this.inputs[id].disabled = this.rows[place].hidden; // its content is not validated
    });
  }

  /** The parameters as they are chosen now; null if a field is invalid, which is shown. */
  #read() {
    if (!this.form.reportValidity()) return null;
    try {
      return readParameters(this.#values());
    } catch (failure) {
      if (!(failure instanceof SyntaxError)) throw failure;
      showProblem(this.problem, { message: "The further fields of the request are not JSON.", hint: "For example {\"top_k\": 40}." });
      return null;
    }
  }

  /** The server checks what the model takes before the plan changes. */
  async #save(another) {
    const parameters = this.#read();
    if (parameters === null) return;
    const { sid, model, judge, place, count } = this.#entry;
    const label = this.label.value.trim();
    setBusy(this.apply, true);
    try {
      const checked = judge ? await checkJudge(sid, model, parameters) : await checkTarget(sid, { model, label, parameters });
      const setting = { label, name: checked.label === model ? "" : checked.label, parameters };
      if (judge) emit(this, "plan-judge-setting", { judge: judge.chosen, setting });
      else emit(this, "plan-setting", { model, place: another ? count : place, setting });
      emit(this, "close-dialog", "parameters");
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      showProblem(this.problem, failure);
    } finally {
      setBusy(this.apply, false);
    }
  }

  #drawPresets(chosen) {
    setOptions(this.preset, [["", "none"], ...storedPresets().map(({ name }) => [name, name])], chosen);
    show(this.forget, chosen !== "");
  }

  #fillPreset() {
    const preset = storedPresets().find(({ name }) => name === this.preset.value);
    if (preset) this.#fill(preset.label, preset.parameters);
    show(this.forget, this.preset.value !== "");
  }

  #storePreset() {
    const parameters = this.#read();
    if (parameters === null) return;
    const name = this.label.value.trim() || this.preset.value;
    if (!name) return showProblem(this.problem, { message: "A preset needs a name.", hint: `Fill in “${this.labelName.textContent}” first.` });
    storePresets([{ name, label: this.label.value.trim(), parameters }, ...storedPresets().filter((one) => one.name !== name)]);
    showProblem(this.problem, null);
    return this.#drawPresets(name);
  }

  #removePreset() {
    storePresets(storedPresets().filter(({ name }) => name !== this.preset.value));
    this.#drawPresets("");
  }
}

async function checkTarget(sid, target) {
  return (await estimateRun(sid, { models: [orderOf(target)], hunts: 1, judge: {} })).targets[0];
}

async function checkJudge(sid, model, parameters) {
  return (await estimateRun(sid, { models: [model], hunts: 1, judge: { judge: { model, parameters } } })).judge;
}

function makeInput({ id, kind, step, min, max }) {
  const attributes = { id: `target-${id}` };
  if (Array.isArray(kind)) return make("select", attributes, ...kind.map(([value, label]) => make("option", { value }, label)));
  if (kind === "area") return make("textarea", { ...attributes, rows: "2", spellcheck: "false" });
  return make("input", { ...attributes, type: kind, step, min, max, autocomplete: "off", spellcheck: "false" });
}

customElements.define("target-editor", TargetEditor);
