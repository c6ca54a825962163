// Dialog to choose target models: those of each provider, and why some cannot be used; or any other by name.

import { emit, keyed, make, setAttribute, setBusy, show } from "../dom.js";
import { modelFacts } from "../format.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { PageElement } from "./element.js";
import "./model-search.js";
import { dialogHeader, makeDialog, showDialog, showProblem, simulatedTag } from "./widgets.js";

export class ModelPicker extends PageElement {
  inputs(state) {
    return [state.server.models, state.plan.models, state.plan.typed, state.plan.unlisted, actionOf(state.actions, "choose-model"), dialogIds(state.route, "models") !== null && state.session !== null];
  }

  build() {
    this.search = document.createElement("model-search");
    this.parts = [this.search];
    this.groups = make("div", { class: "groups" });
    this.name = make("input", { type: "text", id: "other-model", placeholder: "provider/model id", autocomplete: "off", spellcheck: "false" });
    this.reading = make("p", { class: "faint" }, "Loading the models …");
    this.problem = make("div", { hidden: true });
    this.add = make("button", { type: "submit" }, "Add");
    this.unlisted = make("ul", { class: "caution unlisted", role: "status" });
    this.other = make("form", { class: "other", onsubmit: (event) => this.#add(event) },
      make("div", { class: "field" }, make("label", { for: "other-model" }, "Any other model"), this.name),
      this.add, this.problem);
    this.dialog = makeDialog("models", { "aria-label": "Choose models" }, dialogHeader("Choose models"), this.reading, this.search, this.groups, this.unlisted, this.other);
    this.append(this.dialog);
  }

  draw(models, chosen, typed, unlisted, action, open) {
    showDialog(this.dialog, open);
    show(this.reading, models === null);
    show(this.other, models?.any_model ?? false);
    this.#drawOther(unlisted.filter(({ model }) => chosen.includes(model)), action);
    if (models === null) return;
    const listed = models.models.filter((row) => row.name !== "judge" || !row.simulated);
    const others = typed.map((model) => ({ model, provider: model.split("/")[0], name: model, usable: true, why_not: "" }));
    const groups = [...models.providers].sort((one, other) => Number(other.usable) - Number(one.usable))
      .map((provider) => ({ provider, rows: [...listed, ...others].filter((row) => row.provider === provider.name) }));
    keyed(this.groups, groups, (group) => group.provider.name, (group) => this.#makeGroup(group), (place, { provider, rows }) => {
      keyed(place.list, rows, (row) => row.model, (row) => this.#makeRow(row, provider), (item, row) => {
        item.box.checked = chosen.includes(row.model);
      });
    });
  }

  #drawOther(unlisted, action) {
    setBusy(this.add, action.busy);
    showProblem(this.problem, action.problem);
    show(this.unlisted, unlisted.length > 0);
    keyed(this.unlisted, unlisted, ({ model }) => model, (one) => this.#makeUnlisted(one), () => {});
  }

  /** A model that is in no list may exist all the same: the user decides. */
  #makeUnlisted({ model, near }) {
    return make("li", {}, `${model} is not in the model lists. It will be requested as written. `,
      ...near.map((other) => make("button", { type: "button", class: "small", onclick: () => emit(this, "swap-model", { model, other }) }, `Use ${other} instead`)));
  }

  #makeGroup({ provider }) {
    const list = make("ul");
    const group = make("section", { "aria-label": provider.label }, make("h3", {}, provider.label, provider.simulated ? simulatedTag() : "",
      make("span", { class: "faint" }, provider.usable ? `at most ${provider.concurrency} calls at once` : provider.why_not)), list);
    group.list = list;
    return group;
  }

  #makeRow(row, provider) {
    const facts = modelFacts(row.why_not === provider.why_not ? { ...row, why_not: "" } : row); // the group's heading says it already
    const box = make("input", {
      type: "checkbox", disabled: !row.usable, onchange: () => emit(this, "plan-model", { model: row.model, chosen: box.checked }),
    });
    const item = make("li", {}, make("label", {}, box, make("span", { class: "mono" }, row.name),
      row.simulated || row.input_usd_per_mtok === undefined ? "" : make("span", { class: "faint facts" }, facts)));
    setAttribute(item, "data-unusable", !row.usable);
    item.box = box;
    return item;
  }

  #add(event) {
    event.preventDefault();
    emit(this, "add-model", { model: this.name.value.trim(), onAdded: () => { this.name.value = ""; } });
  }
}

customElements.define("model-picker", ModelPicker);
