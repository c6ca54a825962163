// Break rates corrected for what the judge gets wrong, beside the judge's own, each in a sentence; by model where there are several.

import { keyed, make, setText, show } from "../dom.js";
import { PageElement } from "./element.js";

export class CorrectedRates extends PageElement {
  inputs(state) {
    return [state.rates, state.session?.revealed];
  }

  build() {
    this.waiting = make("p", { class: "faint", role: "status" }, "Counting …");
    this.groups = make("div", { class: "groups" });
    this.append(make("h2", {}, "Break rate, corrected"),
      make("p", { class: "soft" }, "What people would find if they reviewed every hunt. You chose the breaks that you reviewed; held hunts are drawn at random. “Probably”: of 100 such ranges, 95 contain the share of the long run."), this.waiting, this.groups);
  }

  draw(rates, revealed) {
    const groups = rates?.groups ?? [];
    const waiting = rates === null && Boolean(revealed);
    show(this, groups.length > 0 || waiting);
    show(this.waiting, waiting);
    keyed(this.groups, groups, (group) => `${group.task_hash} ${group.judge}`, makeGroup, (item, group) => drawGroup(item, group, groups.length > 1));
  }
}

function makeGroup() {
  const item = make("section");
  item.heading = make("h3", {});
  item.sentences = make("ul", { class: "sentences" });
  item.models = make("dl", { class: "models" });
  item.byModel = make("details", {}, make("summary", {}, "By model"), item.models);
  item.append(item.heading, item.sentences, item.byModel);
  return item;
}

function drawGroup(item, { judge_model: judge, task_hash: task, rows }, several) {
  const [all, ...models] = rows;
  show(item.heading, several);
  setText(item.heading, `Judge ${judge}, task ${task}`);
  drawSentences(item.sentences, all.sentences);
  show(item.byModel, models.length > 0);
  keyed(item.models, models, (row) => row.label, ({ label }) => {
    const line = make("div", {}, make("dt", { class: "mono" }, label));
    line.sentences = make("ul", { class: "sentences" });
    line.append(make("dd", {}, line.sentences));
    return line;
  }, (line, row) => drawSentences(line.sentences, row.sentences));
}

/** The last sentence is the conclusion. */
function drawSentences(list, sentences) {
  keyed(list, sentences.map((text, place) => ({ text, place })), ({ place }) => place, () => make("li", {}), (item, { text, place }) => {
    setText(item, text);
    item.className = place === sentences.length - 1 ? "conclusion" : "";
  });
}

customElements.define("corrected-rates", CorrectedRates);
