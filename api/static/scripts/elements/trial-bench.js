// Trying the task once before a run is paid for: one hunt that does not count, judged at once, judged again.

import { keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { duration, money } from "../format.js";
import { huntAddress } from "../router.js";
import { actOf } from "../state/acts.js";
import { trials } from "../state/hunts.js";
import { canBeJudgedAgain, standing, verdictsInOrder } from "../state/outcomes.js";
import { PageElement } from "./element.js";
import { cutOffTag, showProblem, standingTag, verdictMark } from "./pieces.js";

export class TrialBench extends PageElement {
  inputs(state) {
    return [state.session, state.hunts, state.plan, state.server.models, state.acts];
  }

  build() {
    this.model = make("select", { id: "trial-model" });
    this.button = make("button", { type: "button", onclick: () => wish(this, "try-once", this.model.value) });
    this.problem = make("div", { hidden: true });
    this.list = make("ol", { class: "trials" });
    this.append(make("h2", {}, "Try it once"),
      make("p", { class: "faint" }, "One hunt that does not count and cannot be delivered. Its verdicts are shown immediately, so that you can tune the task."),
      make("div", { class: "line" }, make("label", { for: "trial-model", class: "only-heard" }, "Model"), this.model, this.button), this.problem, this.list);
  }

  draw(session, hunts, plan, models, acts) {
    if (session === null) return;
    const usable = (models?.models ?? []).filter((row) => row.usable && !(row.simulated && row.name === "judge")).map((row) => row.model);
    const names = [...new Set([...plan.models, ...usable])];
    keyed(this.model, names, (name) => name, (name) => make("option", { value: name }, name), () => {});
    const act = actOf(acts, "try");
    this.button.disabled = names.length === 0 || !session.task.huntable;
    setBusy(this.button, act.busy);
    setText(this.button, act.busy ? "Starting …" : "Try once");
    showProblem(this.problem, act.problem);
    const items = trials(hunts).map((hunt) => ({ hunt, session, act: actOf(acts, `rejudge ${hunt.hunt_id}`) }));
    show(this.list, items.length > 0);
    keyed(this.list, items, ({ hunt }) => hunt.hunt_id, ({ hunt }) => this.#make(hunt), drawTrial);
  }

  #make(hunt) {
    const item = make("li", { class: "trial" });
    item.link = make("a", { class: "mono" }, hunt.model);
    item.outcome = make("span");
    item.strip = make("span", { class: "strip" });
    item.facts = make("span", { class: "faint number" });
    item.again = make("button", { type: "button", class: "small", onclick: () => wish(this, "rejudge", { huntId: hunt.hunt_id }) }, "Judge again");
    item.problem = make("div", { hidden: true });
    item.append(make("div", { class: "line" }, item.outcome, item.strip, item.link, make("span", { class: "space" }), item.facts, item.again), item.problem);
    return item;
  }
}

function drawTrial(item, { hunt, session, act }) {
  item.outcome.replaceChildren(standingTag(standing(hunt)), hunt.cut_off ? cutOffTag() : "");
  item.strip.replaceChildren(...verdictsInOrder(session.task.criteria, hunt.verdicts).map(({ id, verdict }) => verdictMark(id, verdict?.verdict)));
  setAttribute(item.link, "href", huntAddress(session.session_id, hunt.hunt_id));
  setText(item.facts, hunt.error?.message ?? `${duration(hunt.latency_ms)} · ${money(hunt.cost_usd)}`);
  item.again.disabled = !canBeJudgedAgain(hunt);
  setBusy(item.again, act.busy);
  showProblem(item.problem, act.problem);
}

customElements.define("trial-bench", TrialBench);
