// Trials: single hunts that do not count, to tune the task before a run is paid for.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { duration, money } from "../format.js";
import { huntAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { trials } from "../state/hunts.js";
import { canBeJudgedAgain, displayStatus, verdictsInOrder } from "../state/outcomes.js";
import { PLAIN, labelOf, planEntries } from "../state/targets.js";
import { PageElement } from "./element.js";
import { incompleteTags, showProblem, statusTag, verdictMark } from "./widgets.js";

export class TrialPanel extends PageElement {
  inputs(state) {
    return [state.session, state.hunts, state.plan, state.server.models, state.actions];
  }

  build() {
    this.model = make("select", { id: "trial-model" });
    this.button = make("button", { type: "button", onclick: () => emit(this, "run-trial", this.#chosen()) });
    this.problem = make("div", { hidden: true });
    this.list = make("ol", { class: "trials" });
    this.append(make("h2", {}, "Try it once"),
      make("p", { class: "faint" }, "One hunt that does not count and cannot be delivered. Its verdicts are shown immediately, so that you can tune the task."),
      make("div", { class: "line" }, make("label", { for: "trial-model", class: "visually-hidden" }, "Model"), this.model, this.button), this.problem, this.list);
  }

  draw(session, hunts, plan, models, actions) {
    if (session === null) return;
    const usable = (models?.models ?? []).filter((row) => row.usable && !(row.simulated && row.name === "judge")).map((row) => row.model);
    const others = usable.filter((model) => !plan.models.includes(model)).map((model) => ({ ...PLAIN, model, place: 0 }));
    this.entries = [...planEntries(plan), ...others];
    keyed(this.model, this.entries, keyOf, (entry) => make("option", { value: keyOf(entry) }), (option, entry) => setText(option, nameOf(entry)));
    const action = actionOf(actions, "try");
    this.button.disabled = this.entries.length === 0 || !session.task.huntable;
    setBusy(this.button, action.busy);
    setText(this.button, action.busy ? "Starting …" : "Try once");
    showProblem(this.problem, action.problem);
    const items = trials(hunts).map((hunt) => ({ hunt, session, action: actionOf(actions, `rejudge ${hunt.hunt_id}`) }));
    show(this.list, items.length > 0);
    keyed(this.list, items, ({ hunt }) => hunt.hunt_id, ({ hunt }) => this.#make(hunt), drawTrial);
  }

  #chosen() {
    const { model, parameters } = this.entries.find((entry) => keyOf(entry) === this.model.value);
    return { model, parameters };
  }

  #make(hunt) {
    const item = make("li", { class: "trial" });
    item.link = make("a", { class: "mono" }, labelOf(hunt));
    item.outcome = make("span");
    item.strip = make("span", { class: "strip" });
    item.facts = make("span", { class: "faint number" });
    item.again = make("button", { type: "button", class: "small", onclick: () => emit(this, "rejudge", { huntId: hunt.hunt_id }) }, "Judge again");
    item.problem = make("div", { hidden: true });
    item.append(make("div", { class: "line" }, item.outcome, item.strip, item.link, make("span", { class: "space" }), item.facts, item.again), item.problem);
    return item;
  }
}

/** A model's first setting is found under the model's name. */
function keyOf({ model, place }) {
  return place === 0 ? model : `${model} ${place + 1}`;
}

function nameOf({ model, label, name }) {
  return label || name || model;
}

function drawTrial(item, { hunt, session, action }) {
  item.outcome.replaceChildren(statusTag(displayStatus(hunt)), ...incompleteTags(hunt));
  item.strip.replaceChildren(...verdictsInOrder(session.task.criteria, hunt.verdicts).map(({ id, verdict }) => verdictMark(id, verdict?.verdict)));
  setAttribute(item.link, "href", huntAddress(session.session_id, hunt.hunt_id));
  setText(item.facts, hunt.error?.message ?? `${duration(hunt.latency_ms)} · ${money(hunt.cost_usd)}`);
  item.again.disabled = !canBeJudgedAgain(hunt);
  setBusy(item.again, action.busy);
  showProblem(item.problem, action.problem);
}

customElements.define("trial-panel", TrialPanel);
