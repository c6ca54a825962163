// Choosing target models: what each provider has, what can be used now and why not, or any other by name.

import { keyed, make, setAttribute, setBusy, show, wish } from "../dom.js";
import { price } from "../format.js";
import { layerOf } from "../router.js";
import { actOf } from "../state/acts.js";
import { PageElement } from "./element.js";
import { layerTop, makeLayer, showLayer, showProblem, simulatedTag } from "./pieces.js";

export class ModelPicker extends PageElement {
  inputs(state) {
    return [state.server.models, state.plan.models, state.plan.typed, state.plan.doubted, actOf(state.acts, "choose-model"), layerOf(state.route, "models") !== null && state.session !== null];
  }

  build() {
    this.groups = make("div", { class: "groups" });
    this.name = make("input", { type: "text", id: "other-model", placeholder: "provider/model id", autocomplete: "off", spellcheck: "false" });
    this.reading = make("p", { class: "faint" }, "Loading the models …");
    this.problem = make("div", { hidden: true });
    this.add = make("button", { type: "submit" }, "Add");
    this.doubt = make("ul", { class: "caution doubted", role: "status" });
    this.other = make("form", { class: "other", onsubmit: (event) => this.#add(event) },
      make("div", { class: "field" }, make("label", { for: "other-model" }, "Any other model"), this.name),
      this.add, this.problem);
    this.dialog = makeLayer("models", { "aria-label": "Choose models" }, layerTop(() => this.dialog, "Choose models"), this.reading, this.groups, this.doubt, this.other);
    this.append(this.dialog);
  }

  draw(models, chosen, typed, doubted, act, open) {
    showLayer(this.dialog, open);
    show(this.reading, models === null);
    show(this.other, models?.any_model ?? false);
    this.#drawOther(doubted.filter(({ model }) => chosen.includes(model)), act);
    if (models === null) return;
    const listed = models.models.filter((row) => row.name !== "judge" || !row.simulated);
    const others = typed.map((model) => ({ model, provider: model.split("/")[0], name: model, usable: true, why_not: "" }));
    const groups = [...models.providers].sort((one, other) => Number(other.usable) - Number(one.usable))
      .map((provider) => ({ provider, rows: [...listed, ...others].filter((row) => row.provider === provider.name) }));
    keyed(this.groups, groups, (group) => group.provider.name, (group) => this.#makeGroup(group), (place, { rows }) => {
      keyed(place.list, rows, (row) => row.model, (row) => this.#makeRow(row), (item, row) => {
        item.box.checked = chosen.includes(row.model);
      });
    });
  }

  #drawOther(doubted, act) {
    setBusy(this.add, act.busy);
    showProblem(this.problem, act.problem);
    show(this.doubt, doubted.length > 0);
    keyed(this.doubt, doubted, ({ model }) => model, (one) => this.#makeDoubt(one), () => {});
  }

  /** A model that no list names may be real all the same: the trainer decides. */
  #makeDoubt({ model, near }) {
    return make("li", {}, `${model} is not in the model lists. It will be requested as written. `,
      ...near.map((other) => make("button", { type: "button", class: "small", onclick: () => wish(this, "swap-model", { model, other }) }, `Use ${other} instead`)));
  }

  #makeGroup({ provider }) {
    const list = make("ul");
    const group = make("section", { "aria-label": provider.label }, make("h3", {}, provider.label, provider.simulated ? simulatedTag() : "",
      make("span", { class: "faint" }, provider.usable ? `at most ${provider.concurrency} calls at once` : provider.why_not)), list);
    group.list = list;
    return group;
  }

  #makeRow(row) {
    const box = make("input", {
      type: "checkbox", disabled: !row.usable, onchange: () => wish(this, "plan-model", { model: row.model, chosen: box.checked }),
    });
    const item = make("li", {}, make("label", {}, box, make("span", { class: "mono" }, row.name),
      row.simulated || row.input_usd_per_mtok === undefined ? "" : make("span", { class: "faint number" }, price(row))));
    setAttribute(item, "data-unusable", !row.usable);
    item.box = box;
    return item;
  }

  #add(event) {
    event.preventDefault();
    wish(this, "add-model", { model: this.name.value.trim(), taken: () => { this.name.value = ""; } });
  }
}

customElements.define("model-picker", ModelPicker);
