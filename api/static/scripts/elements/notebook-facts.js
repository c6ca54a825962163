// The notebook's warnings, metadata and slots.

import { keyed, make, setText, show } from "../dom.js";
import { count } from "../format.js";
import { attemptsMade } from "../state/session.js";
import { warningText } from "../state/warnings.js";
import { PageElement } from "./element.js";

export class NotebookFacts extends PageElement {
  inputs(state) {
    const { session } = state;
    return [session?.warnings, session?.task.metadata, session?.slots, session?.attempts_before, session ? attemptsMade(session) : 0];
  }

  build() {
    this.warnings = make("ul", { class: "warnings" });
    this.none = make("p", { class: "soft" }, "The notebook was read without warnings.");
    this.metadata = make("dl", { class: "facts" });
    this.slots = make("ul", { class: "slots" });
    this.attempts = make("p", { class: "soft number" });
    this.append(this.none, this.warnings, make("h3", {}, "Metadata"), this.metadata, make("h3", {}, "Slots"), this.slots, this.attempts);
  }

  draw(warnings, metadata, slots, before, made) {
    if (!warnings) return;
    show(this.none, warnings.length === 0);
    keyed(this.warnings, warnings.map((warning, place) => ({ ...warning, place })), (one) => one.place,
      () => make("li", { class: "caution" }), (item, one) => setText(item, warningText(one)));
    const entries = Object.entries(metadata);
    keyed(this.metadata, entries.length ? entries : [["Metadata", "none"]], ([key]) => key,
      ([key]) => make("div", {}, make("dt", {}, key), make("dd")), (item, [, value]) => setText(item.lastChild, value));
    keyed(this.slots, slots, (slot) => slot.number, () => make("li"), (item, slot) => setText(item, slotText(slot)));
    setText(this.attempts, before
      ? `Attempts made: ${count(made)}, including ${count(before)} from the notebook.`
      : `Attempts made: ${count(made)}.`);
  }
}

function slotText(slot) {
  if (!slot.filled) return `Slot ${slot.number}: empty`;
  const judged = [slot.llm_judge && "judged", slot.human_judge && "reviewed"].filter(Boolean).join(", ");
  return `Slot ${slot.number}: ${slot.model}${judged ? `, ${judged}` : ""}`;
}

customElements.define("notebook-facts", NotebookFacts);
