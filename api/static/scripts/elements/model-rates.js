// Break rate by model, each with its interval: a bar says where the truth lies with 95 % confidence.

import { keyed, make, setText, show } from "../dom.js";
import { rate } from "../format.js";
import { ratesByModel } from "../state/rates.js";
import { PageElement } from "./element.js";

export class ModelRates extends PageElement {
  inputs(state) {
    return [state.hunts];
  }

  build() {
    this.list = make("dl", { class: "rates" });
    this.append(make("h3", {}, "Break rate by model"), this.list);
  }

  draw(hunts) {
    const rows = ratesByModel(hunts).filter((row) => row.decided > 0);
    show(this, rows.length > 0);
    keyed(this.list, rows, (row) => row.model, ({ model }) => {
      const item = make("div", {}, make("dt", { class: "mono" }, model));
      item.bar = make("span", { class: "interval", "aria-hidden": "true" }, make("span", { class: "range" }), make("span", { class: "point" }));
      item.words = make("dd", { class: "number" });
      item.append(item.bar, item.words);
      return item;
    }, (item, row) => {
      const [range, point] = item.bar.children;
      range.style.left = `${row.low * 100}%`;
      range.style.width = `${(row.high - row.low) * 100}%`;
      point.style.left = `${row.rate * 100}%`;
      setText(item.words, `${rate(row.rate)} (${row.broke} of ${row.decided}; ${rate(row.low)} to ${rate(row.high)})`);
    });
  }
}

customElements.define("model-rates", ModelRates);
