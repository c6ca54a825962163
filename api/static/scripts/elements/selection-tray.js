// The hunts selected for delivery, in slot order; what is still missing; a button for a proposal.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { huntAddress, sessionAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { whyNoProposal } from "../state/selection.js";
import { shortLabelOf } from "../state/targets.js";
import { PageElement } from "./element.js";
import { iconButton, showProblem, statusTag } from "./widgets.js";

export class SelectionTray extends PageElement {
  inputs(state) {
    return [state.session, state.hunts, actionOf(state.actions, "select")];
  }

  build() {
    this.slots = make("ol", { class: "slots" });
    this.needs = make("p", { class: "faint", role: "status" });
    this.propose = make("button", { type: "button", class: "small", onclick: () => emit(this, "propose-selection") }, "Propose");
    this.review = make("a", { class: "button small" }, "Review them");
    this.problem = make("div", { hidden: true });
    this.append(make("div", { class: "line" }, make("h2", {}, "Selection"), make("span", { class: "space" }), this.propose, this.review), this.slots, this.needs, this.problem);
  }

  draw(session, hunts, action) {
    if (session === null) return;
    const { hunt_ids: ids, slots, complete, problems } = session.selection;
    const places = Array.from({ length: Math.max(slots, ids.length) }, (_, slot) => ({
      slot, huntId: ids[slot] ?? null, hunt: hunts.byId.get(ids[slot]) ?? null, session, last: slot === ids.length - 1,
    }));
    keyed(this.slots, places, (place) => place.slot, (place) => this.#makeSlot(place), drawSlot);
    setText(this.needs, session.revealed ? "Revealed: the selection is fixed." : (problems ?? []).join(" ") || "Complete.");
    show(this.propose, !session.revealed);
    const reason = whyNoProposal(hunts, session);
    this.propose.disabled = reason !== "";
    setAttribute(this.propose, "title", reason || null);
    setBusy(this.propose, action.busy);
    show(this.review, Boolean(complete || session.revealed));
    this.review.href = sessionAddress(session.session_id, "review");
    setText(this.review, session.revealed ? "View the reviews" : "Review them");
    this.review.classList.toggle("primary", Boolean(complete));
    showProblem(this.problem, action.problem);
  }

  #makeSlot({ slot }) {
    const item = make("li", { class: "slot" });
    const change = (fields) => emit(this, "change-selection", fields(item.huntId));
    item.link = make("a");
    item.outcome = make("span");
    item.model = make("span", { class: "faint" });
    item.up = iconButton("previous", `Move slot ${slot + 1} up`, () => change((id) => ({ move: id, step: -1 })), "small up");
    item.down = iconButton("next", `Move slot ${slot + 1} down`, () => change((id) => ({ move: id, step: 1 })), "small down");
    item.clear = iconButton("cross", `Empty slot ${slot + 1}`, () => change((id) => ({ remove: id })), "small");
    item.empty = make("span", { class: "faint" }, "empty");
    item.append(make("b", { class: "number" }, String(slot + 1)), item.empty, item.outcome, item.link, item.model, make("span", { class: "space" }), item.up, item.down, item.clear);
    return item;
  }
}

function drawSlot(item, { slot, huntId, hunt, session, last }) {
  item.huntId = huntId;
  for (const part of [item.outcome, item.link, item.model, item.up, item.down, item.clear]) show(part, huntId !== null);
  show(item.empty, huntId === null);
  if (huntId === null) return;
  item.outcome.replaceChildren(...(hunt ? [statusTag(hunt.outcome)] : []));
  setText(item.link, hunt ? `#${hunt.number}` : "a hunt");
  item.link.href = huntAddress(session.session_id, huntId);
  setText(item.model, hunt ? shortLabelOf(hunt) : "");
  item.up.disabled = slot === 0 || session.revealed;
  item.down.disabled = last || session.revealed;
  item.clear.disabled = session.revealed;
}

customElements.define("selection-tray", SelectionTray);
