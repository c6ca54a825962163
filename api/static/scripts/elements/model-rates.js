// Break rates by model and by upstream, each with its 95 % confidence interval.

import { keyed, make, setText, show } from "../dom.js";
import { METHODS, rate } from "../format.js";
import { runsOfFixedSize, ratesByModel, ratesByUpstream } from "../state/rates.js";
import { PageElement } from "./element.js";

export class ModelRates extends PageElement {
  inputs(state) {
    return [state.hunts, state.session?.runs];
  }

  build() {
    this.models = make("dl", { class: "rates" });
    this.upstreams = make("dl", { class: "rates" });
    this.byUpstream = make("section", {}, make("h3", {}, "Break rate by upstream"), this.upstreams);
    this.method = make("p", { class: "faint" });
    this.note = make("p", { class: "faint" }, "Of runs with adaptive allocation only the hunts that went to the models in turn count here.");
    this.append(make("h3", {}, "Break rate by model"), this.models, this.byUpstream, this.method, this.note);
  }

  draw(hunts, runs) {
    const isDecided = (row) => row.decided > 0;
    const fixed = runsOfFixedSize(runs);
    const models = ratesByModel(hunts, fixed).filter(isDecided);
    const upstreams = ratesByUpstream(hunts, fixed).filter(isDecided);
    setText(this.method, `“Probably”: of 100 such ranges, 95 contain the rate of the long run (${[...new Set(models.map(({ method }) => METHODS[method]))].join("; or ")}).`);
    show(this.note, (runs ?? []).some((run) => run.rate_note));
    show(this, models.length > 0);
    show(this.byUpstream, upstreams.length > 0);
    drawRates(this.models, models);
    drawRates(this.upstreams, upstreams);
  }
}

function drawRates(list, rows) {
  keyed(list, rows, (row) => row.key, ({ label }) => {
    const item = make("div", {}, make("dt", { class: "mono" }, label));
    item.bar = make("span", { class: "interval", "aria-hidden": "true" }, make("span", { class: "range" }), make("span", { class: "point" }));
    item.words = make("dd", { class: "number" });
    item.append(item.bar, item.words);
    return item;
  }, (item, row) => {
    const [range, point] = item.bar.children;
    range.style.left = `${row.low * 100}%`;
    range.style.width = `${(row.high - row.low) * 100}%`;
    point.style.left = `${row.rate * 100}%`;
    setText(item.words, `${rate(row.rate)}: ${row.broke} of ${row.decided} broke; in the long run probably ${rate(row.low)} to ${rate(row.high)}`);
  });
}

customElements.define("model-rates", ModelRates);
