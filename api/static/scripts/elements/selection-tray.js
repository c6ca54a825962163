// The hunts that will be delivered, in slot order: what is chosen, what is still needed, a proposal.

import { keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { icon } from "../icons.js";
import { huntAddress, sessionAddress } from "../router.js";
import { actOf } from "../state/acts.js";
import { whyNoProposal } from "../state/selection.js";
import { PageElement } from "./element.js";
import { showProblem, standingTag } from "./pieces.js";

export class SelectionTray extends PageElement {
  inputs(state) {
    return [state.session, state.hunts, actOf(state.acts, "select")];
  }

  build() {
    this.slots = make("ol", { class: "slots" });
    this.needs = make("p", { class: "faint", role: "status" });
    this.propose = make("button", { type: "button", class: "small", onclick: () => wish(this, "propose-selection") }, "Propose");
    this.review = make("a", { class: "button small" }, "Review them");
    this.problem = make("div", { hidden: true });
    this.append(make("div", { class: "line" }, make("h2", {}, "Selection"), make("span", { class: "space" }), this.propose, this.review), this.slots, this.needs, this.problem);
  }

  draw(session, hunts, act) {
    if (session === null) return;
    const { hunt_ids: ids, slots, complete, problems } = session.selection;
    const places = Array.from({ length: Math.max(slots, ids.length) }, (_, slot) => ({
      slot, huntId: ids[slot] ?? null, hunt: hunts.byId.get(ids[slot]) ?? null, session, last: slot === ids.length - 1,
    }));
    keyed(this.slots, places, (place) => place.slot, (place) => this.#makeSlot(place), drawSlot);
    setText(this.needs, session.revealed ? "Revealed: the selection is fixed." : (problems ?? []).join(" ") || "Complete.");
    show(this.propose, !session.revealed);
    const hindrance = whyNoProposal(hunts, session);
    this.propose.disabled = hindrance !== "";
    setAttribute(this.propose, "title", hindrance || null);
    setBusy(this.propose, act.busy);
    show(this.review, Boolean(complete || session.revealed));
    this.review.href = sessionAddress(session.session_id, "review");
    setText(this.review, session.revealed ? "View the reviews" : "Review them");
    this.review.classList.toggle("primary", Boolean(complete));
    showProblem(this.problem, act.problem);
  }

  #makeSlot({ slot }) {
    const item = make("li", { class: "slot" });
    const tell = (change) => wish(this, "change-selection", change(item.huntId));
    const button = (drawing, label, turned, change) => make("button", { type: "button", class: `quiet icon-only small ${turned}`, "aria-label": label, title: label, onclick: () => tell(change) }, icon(drawing));
    item.link = make("a");
    item.outcome = make("span");
    item.model = make("span", { class: "faint" });
    item.up = button("previous", `Move slot ${slot + 1} up`, "up", (id) => ({ move: id, step: -1 }));
    item.down = button("next", `Move slot ${slot + 1} down`, "down", (id) => ({ move: id, step: 1 }));
    item.takeOut = button("cross", `Empty slot ${slot + 1}`, "", (id) => ({ remove: id }));
    item.empty = make("span", { class: "faint" }, "empty");
    item.append(make("b", { class: "number" }, String(slot + 1)), item.empty, item.outcome, item.link, item.model, make("span", { class: "space" }), item.up, item.down, item.takeOut);
    return item;
  }
}

function drawSlot(item, { slot, huntId, hunt, session, last }) {
  item.huntId = huntId;
  for (const part of [item.outcome, item.link, item.model, item.up, item.down, item.takeOut]) show(part, huntId !== null);
  show(item.empty, huntId === null);
  if (huntId === null) return;
  item.outcome.replaceChildren(...(hunt ? [standingTag(hunt.outcome)] : []));
  setText(item.link, hunt ? `#${hunt.number}` : "a hunt");
  item.link.href = huntAddress(session.session_id, huntId);
  setText(item.model, hunt ? hunt.model.slice(hunt.model.lastIndexOf("/") + 1) : "");
  item.up.disabled = slot === 0 || session.revealed;
  item.down.disabled = last || session.revealed;
  item.takeOut.disabled = session.revealed;
}

customElements.define("selection-tray", SelectionTray);
