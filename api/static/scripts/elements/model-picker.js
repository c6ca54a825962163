// Choosing target models: what each provider has, what can be used now and why not, or any other by name.

import { keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { price } from "../format.js";
import { icon } from "../icons.js";
import { looksLikeModel } from "../state/plan.js";
import { PageElement } from "./element.js";
import { simulatedTag } from "./pieces.js";

export class ModelPicker extends PageElement {
  inputs(state) {
    return [state.server.models, state.plan.models, state.plan.typed];
  }

  build() {
    this.groups = make("div", { class: "groups" });
    this.name = make("input", { type: "text", id: "other-model", placeholder: "provider/model id", autocomplete: "off", spellcheck: "false" });
    this.refusal = make("p", { class: "faint", role: "alert" });
    this.other = make("form", { class: "other", onsubmit: (event) => this.#add(event) },
      make("div", { class: "field" }, make("label", { for: "other-model" }, "Any other model"), this.name),
      make("button", { type: "submit" }, "Add"), this.refusal);
    this.append(make("div", { class: "top" }, make("h3", {}, "Choose models"), make("button", {
      type: "button", class: "quiet icon-only", popovertarget: "model-picker", popovertargetaction: "hide", "aria-label": "Close",
    }, icon("cross"))), this.groups, this.other);
  }

  draw(models, chosen, typed) {
    if (models === null) return setText(this.refusal, "The models are being read …");
    setText(this.refusal, "");
    show(this.other, models.any_model);
    const listed = models.models.filter((row) => row.name !== "judge" || !row.simulated);
    const others = typed.map((model) => ({ model, provider: model.split("/")[0], name: model, usable: true, why_not: "" }));
    const groups = [...models.providers].sort((one, other) => Number(other.usable) - Number(one.usable))
      .map((provider) => ({ provider, rows: [...listed, ...others].filter((row) => row.provider === provider.name) }));
    keyed(this.groups, groups, (group) => group.provider.name, (group) => this.#makeGroup(group), (place, { rows }) => {
      keyed(place.list, rows, (row) => row.model, (row) => this.#makeRow(row), (item, row) => {
        item.box.checked = chosen.includes(row.model);
      });
    });
    return undefined;
  }

  #makeGroup({ provider }) {
    const list = make("ul");
    const group = make("section", { "aria-label": provider.label }, make("h4", {}, provider.label, provider.simulated ? simulatedTag() : "",
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
    const model = this.name.value.trim();
    if (!looksLikeModel(model)) {
      setText(this.refusal, "Write it as provider/model id, for example openrouter/qwen/qwen3-32b.");
      return;
    }
    setText(this.refusal, "");
    this.name.value = "";
    wish(this, "plan-typed", model);
  }
}

customElements.define("model-picker", ModelPicker);
