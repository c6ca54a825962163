// What the next press of Start does: which models, how many hunts, which judge, and what that may cost.

import { keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { icon } from "../icons.js";
import { actOf } from "../state/acts.js";
import { counted } from "../state/announcements.js";
import { MAX_HUNTS, shares } from "../state/plan.js";
import { checkHasPassed, hasEnded } from "../state/session.js";
import { estimateRun } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import "./model-picker.js";
import { showProblem } from "./pieces.js";

const ESTIMATE_AFTER_MS = 300;
const USUAL = [4, 8, 16, 32, 64];
const STOPS = [["all", "when all are done"], ["breaks", "at so many breaks"], ["cost", "at a cost of $"]];

export class HuntPlan extends PageElement {
  #asked = "";

  inputs(state) {
    return [state.session, state.plan, state.server.models, actOf(state.acts, "start"), actOf(state.acts, "settings")];
  }

  update(state) {
    super.update(state);
    this.picker.update(state);
  }

  build() {
    this.chosen = make("ul", { class: "chosen" });
    this.picker = document.createElement("model-picker");
    this.hunts = make("input", {
      type: "number", id: "plan-hunts", min: "1", max: String(MAX_HUNTS), inputmode: "numeric",
      onchange: () => this.#changeHunts(this.hunts.valueAsNumber),
    });
    this.usual = make("div", { class: "usual", role: "group", "aria-label": "Common numbers" }, ...USUAL.map((number) => make("button", {
      type: "button", class: "chip number", value: number, onclick: () => this.#changeHunts(number),
    }, String(number))));
    this.judge = make("select", { id: "plan-judge", onchange: () => wish(this, "plan-judge", this.judge.value) });
    this.stop = make("select", { id: "plan-stop", onchange: () => wish(this, "plan-stop", { rule: this.stop.value }) },
      ...STOPS.map(([value, label]) => make("option", { value }, label)));
    this.breaks = make("input", { type: "number", min: "1", max: "1000", "aria-label": "Number of breaks", onchange: () => this.#changeStop("breaks", this.breaks.valueAsNumber) });
    this.cost = make("input", { type: "number", min: "0.01", step: "0.01", "aria-label": "US dollars", onchange: () => this.#changeStop("cost", this.cost.valueAsNumber) });
    this.blind = make("input", { type: "checkbox", id: "session-blind", onchange: () => wish(this, "adjust-settings", { visibility: this.blind.checked ? "blind" : "open" }) });
    this.blindLine = make("label", { class: "override", for: "session-blind" }, this.blind, make("span"));
    this.cut = make("input", { type: "checkbox", id: "session-cut", onchange: () => wish(this, "adjust-settings", { judge_cut_replies: this.cut.checked }) });
    this.cutLine = make("label", { class: "override", for: "session-cut" }, this.cut, make("span", {}, "Also judge replies that are cut off at the output limit, and mark them. Otherwise they are errors. Fixed by the first run."));
    this.override = make("input", { type: "checkbox", id: "plan-override", onchange: () => wish(this, "plan-override", this.override.checked) });
    this.overrideLine = make("label", { class: "override", for: "plan-override" }, this.override, make("span"));
    this.start = make("button", { type: "submit", class: "primary start" });
    this.about = make("p", { class: "faint" });
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Hunt"), make("form", {
      onsubmit: (event) => { event.preventDefault(); wish(this, "start-run"); },
    }, this.#modelsField(), make("div", { class: "field" }, make("label", { for: "plan-hunts" }, "Hunts"), make("div", { class: "amount" }, this.hunts, this.usual)),
    make("div", { class: "field stop" }, make("label", { for: "plan-stop" }, "Stop"), make("div", { class: "amount" }, this.stop, this.breaks, this.cost)),
    make("div", { class: "field judge" }, make("label", { for: "plan-judge" }, "Judge"), this.judge),
    make("div", { class: "go" }, this.start, this.about), this.overrideLine, this.blindLine, this.cutLine, this.problem), this.picker);
  }

  draw(session, plan, models, act, settings) {
    if (session === null) return;
    this.#drawModels(plan, models);
    if (document.activeElement !== this.hunts || act.busy) this.hunts.value = plan.hunts;
    for (const button of this.usual.children) setAttribute(button, "aria-pressed", String(Number(button.value) === plan.hunts));
    this.#drawJudge(session, plan, models);
    this.#drawOverride(session, plan);
    this.#drawStop(plan.stop);
    this.#drawFixed(session, settings);
    const hindrance = whyNot(session, plan);
    this.start.disabled = hindrance !== "";
    setBusy(this.start, act.busy);
    setText(this.start, act.busy ? "Starting …" : `Start ${counted(plan.hunts, "hunt")}`);
    setText(this.about, hindrance || prospects(plan, this.#estimate(session, plan)));
    showProblem(this.problem, act.problem ?? settings.problem);
  }

  /** What the server reckons for this plan, in words; it is asked again when the plan, the task or the replies have changed. */
  #estimate(session, plan) {
    const asked = JSON.stringify([session.session_id, session.task.hash, session.turn, plan.models, plan.hunts, plan.judge, session.runs.filter(hasEnded).length]);
    if (asked !== this.#asked && plan.models.length) {
      this.#asked = asked;
      this.costs = "";
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#ask(asked, session.session_id, plan), ESTIMATE_AFTER_MS);
    }
    return this.costs ?? "";
  }

  async #ask(asked, sid, plan) {
    try {
      const { words } = await estimateRun(sid, plan);
      if (asked !== this.#asked) return;
      this.costs = words;
      if (!this.start.disabled) setText(this.about, prospects(plan, words));
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (asked === this.#asked) this.#asked = ""; // it is asked again with the next change
    }
  }

  #changeStop(name, value) {
    if (Number.isFinite(value) && value > 0) wish(this, "plan-stop", { [name]: value });
  }

  #drawStop(stop) {
    this.stop.value = stop.rule;
    show(this.breaks, stop.rule === "breaks");
    show(this.cost, stop.rule === "cost");
    if (document.activeElement !== this.breaks) this.breaks.value = stop.breaks;
    if (document.activeElement !== this.cost) this.cost.value = stop.cost;
  }

  /** What is chosen before the first run: blind or open, and what becomes of replies that are cut off. */
  #drawFixed(session, settings) {
    const fixed = session.settings?.fixed ?? true;
    show(this.blindLine, !fixed);
    show(this.cutLine, !fixed);
    if (!settings.busy) this.blind.checked = session.visibility === "blind";
    if (!settings.busy) this.cut.checked = Boolean(session.judge_cut_replies);
    setText(this.blindLine.lastChild, "Blind: verdicts and reasons stay sealed until you reveal them. Fixed by the first run.");
  }

  #modelsField() {
    return make("div", { class: "field models", role: "group", "aria-label": "Models" },
      make("span", { class: "label" }, "Models"), make("div", { class: "choice" }, this.chosen,
        make("button", { type: "button", class: "small", onclick: () => wish(this, "open-layer", { name: "models" }) }, "Choose models …")));
  }

  #changeHunts(hunts) {
    wish(this, "plan-hunts", hunts);
    this.hunts.value = Number.isFinite(hunts) ? Math.min(MAX_HUNTS, Math.max(1, Math.trunc(hunts))) : this.hunts.defaultValue;
  }

  #drawModels(plan, models) {
    const simulated = new Set((models?.models ?? []).filter((row) => row.simulated).map((row) => row.model));
    keyed(this.chosen, plan.models, (name) => name, (name) => make("li", { class: "tag model" },
      simulated.has(name) ? icon("flask") : "", make("span", { class: "mono" }, name),
      make("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}`, onclick: () => wish(this, "plan-model", { model: name, chosen: false }) }, icon("cross"))), () => {});
  }

  #drawJudge(session, plan, models) {
    const usable = (models?.models ?? []).filter((row) => row.usable).map((row) => row.model);
    const options = [["", `${session.default_judge} (default)`], ...usable.filter((name) => name !== session.default_judge).map((name) => [name, name])];
    keyed(this.judge, options, ([value]) => value, ([value]) => make("option", { value }), (option, [, label]) => setText(option, label));
    this.judge.value = plan.judge;
  }

  #drawOverride(session, plan) {
    const needed = session.require_check && session.task.huntable && !checkHasPassed(session);
    show(this.overrideLine, needed);
    this.override.checked = plan.override;
    setText(this.overrideLine.lastChild, "Start without a passed reference check (recorded).");
  }
}

/** Why Start cannot be pressed, "" when it can. */
function whyNot(session, plan) {
  if (session.proposed_criteria.length) return "Confirm the criteria first.";
  if (!session.task.huntable) return "The task is not complete yet.";
  if (plan.models.length === 0) return "Choose at least one model.";
  if (session.require_check && !checkHasPassed(session) && !plan.override) return "Check the reference first.";
  return "";
}

/** How the hunts are shared out, then what they may cost. */
function prospects(plan, costs) {
  if (plan.models.length < 2) return costs;
  const parts = shares(plan.models, plan.hunts).map(([, hunts]) => hunts);
  const each = Math.min(...parts) === Math.max(...parts) ? `${parts[0]} for each model` : `${Math.min(...parts)} to ${Math.max(...parts)} for each model`;
  return `${each}. ${costs}`;
}

customElements.define("hunt-plan", HuntPlan);
