// What the verdicts of the planned judge were worth so far, and which second judge errs differently. Requested when it is opened.

import { keyed, make, setText, show } from "../dom.js";
import { confirmingNames } from "../state/second-opinions.js";
import { readJudges } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";

export class JudgeCard extends PageElement {
  #requested = "";
  #found = null;

  inputs(state) {
    return [state.plan.judge || state.session?.default_judge || "", confirmingNames(state)];
  }

  build() {
    this.words = make("p", { class: "faint" });
    this.cards = make("ul", { class: "worth" });
    this.warnings = make("ul", { class: "caution", hidden: true });
    this.details = make("details", { ontoggle: () => this.#request() }, make("summary", {}, "What its verdicts are worth"), this.words, this.cards, this.warnings);
    this.append(this.details);
  }

  draw(judge, confirming) {
    show(this, judge !== "");
    this.judge = judge;
    this.confirming = confirming.split(" and ");
    if (this.#found && this.#requested === judge) this.#drawFound(judge, this.#found);
    this.#request();
  }

  async #request() {
    const { judge } = this;
    if (!this.details.open || this.#requested === judge) return;
    this.#requested = judge;
    this.#found = null;
    this.#show("Counting …", [], []);
    try {
      const found = await readJudges(judge);
      if (this.#requested !== judge) return;
      this.#found = found;
      this.#drawFound(judge, found);
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (this.#requested !== judge) return;
      this.#requested = ""; // requested again when it is opened again
      this.#show(failure.message, [], []);
    }
  }

  #drawFound(judge, { cards, pairs, second }) {
    const own = cards.filter((card) => card.model === judge);
    const sentences = own.flatMap((card) => [nameOf(card, own.length), ...card.sentences].filter(Boolean).map((text) => ({ key: `${card.judge_id} ${text}`, text })));
    const worth = sentences.length ? sentences : [{ key: "none", text: "No verdict of this judge has been reviewed yet." }];
    const others = pairs.filter((pair) => pair.warning && pair.judges.includes(judge)).map((pair) => ({ name: pair.judges.find((one) => one !== judge), warning: pair.warning }));
    const warnings = others.filter(({ name }) => !this.confirming.includes(name)).map(({ name, warning }) => ({ key: name, text: `With ${name}: ${warning}` })); // of a chosen one, the plan warns below
    this.#show(second.model ? `Recommended second judge: ${second.model} (${second.why}).` : `No second judge is recommended: ${second.why}.`, worth, warnings);
  }

  #show(words, worth, warnings) {
    setText(this.words, words);
    drawLines(this.cards, worth);
    drawLines(this.warnings, warnings);
    show(this.warnings, warnings.length > 0);
  }
}

/** The prompt and the parameters, where the judge has several cards. */
function nameOf({ prompt, parameters }, cards) {
  return cards > 1 ? `Prompt ${prompt || "unknown"}${parameters && ` with ${parameters}`}:` : "";
}

function drawLines(list, rows) {
  keyed(list, rows, (row) => row.key, () => make("li"), (item, { text }) => setText(item, text));
}

customElements.define("judge-card", JudgeCard);
