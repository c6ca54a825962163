// The plan of the next run: models, number of hunts, stop rule, judge, estimated cost; and the Start button.

import { emit, keyed, make, setAttribute, setBusy, setOptions, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { chosenConfirm, confirmOrder } from "../state/second-opinions.js";
import { budgetText } from "../state/estimate.js";
import { allocationOrder, limitHunts, MAX_HUNTS, shares } from "../state/plan.js";
import { hasEnded, isReader, unpassedChecks } from "../state/session.js";
import { limitsOf, STOP_LIMITS, STOP_RULES } from "../state/stop-rule.js";
import { judgeOrder, judgeSetting, orderOf, planEntries } from "../state/targets.js";
import { estimateRun } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { PageElement } from "./element.js";
import "./judge-card.js";
import "./model-picker.js";
import "./second-opinions-field.js";
import "./target-editor.js";
import { iconButton, showProblem } from "./widgets.js";

const ESTIMATE_AFTER_MS = 300;
const COMMON_NUMBERS = [4, 8, 16, 32, 64];

export class HuntPlan extends PageElement {
  #requested = "";
  #costs = "";

  inputs(state) {
    return [isReader(state) ? null : state.session, state.plan, state.server, actionOf(state.actions, "start"), actionOf(state.actions, "settings"), dialogIds(state.route, "parameters")];
  }

  build() {
    this.chosen = make("ul", { class: "chosen" });
    this.picker = document.createElement("model-picker");
    this.editor = document.createElement("target-editor");
    this.card = document.createElement("judge-card");
    this.confirm = document.createElement("second-opinions-field");
    this.parts = [this.picker, this.card, this.confirm];
    this.hunts = make("input", {
      type: "number", id: "plan-hunts", min: "1", max: String(MAX_HUNTS), inputmode: "numeric",
      onchange: () => this.#changeHunts(this.hunts.valueAsNumber),
    });
    this.common = make("div", { class: "common", role: "group", "aria-label": "Common numbers" }, ...COMMON_NUMBERS.map((number) => make("button", {
      type: "button", class: "chip number", value: number, onclick: () => this.#changeHunts(number),
    }, String(number))));
    this.adaptive = make("input", { type: "checkbox", id: "plan-allocation", onchange: () => emit(this, "plan-allocation", this.adaptive.checked ? "adaptive" : "even") });
    this.adaptiveLine = make("label", { class: "override", for: "plan-allocation" }, this.adaptive, make("span", {}, "Give more hunts to the model that breaks most for its price. Every fifth hunt still goes to the models in turn; break rates count only those."));
    this.judge = make("select", { id: "plan-judge", onchange: () => emit(this, "plan-judge", this.judge.value) });
    this.judgeEdit = iconButton("sliders", "Judge’s parameters", () => emit(this, "open-dialog", { name: "parameters", ids: ["judge"] }));
    this.judgeAbout = make("span", { class: "faint mono" });
    this.stop = make("select", { id: "plan-stop", onchange: () => emit(this, "plan-stop", { rule: this.stop.value }) },
      ...STOP_RULES.map(([value, label]) => make("option", { value }, label)));
    this.limits = STOP_LIMITS.map((row) => this.#limitField(row));
    this.blind = make("input", { type: "checkbox", id: "session-blind", onchange: () => emit(this, "change-settings", { visibility: this.blind.checked ? "blind" : "open" }) });
    this.blindLine = make("label", { class: "override", for: "session-blind" }, this.blind, make("span"));
    this.cut = make("input", { type: "checkbox", id: "session-cut", onchange: () => emit(this, "change-settings", { judge_cut_replies: this.cut.checked }) });
    this.cutLine = make("label", { class: "override", for: "session-cut" }, this.cut, make("span", {}, "Also judge replies that are cut off at the output limit, and mark them. If off, they end as errors. Cannot be changed after the first run."));
    this.override = make("input", { type: "checkbox", id: "plan-override", onchange: () => emit(this, "plan-override", this.override.checked) });
    this.overrideLine = make("label", { class: "override", for: "plan-override" }, this.override, make("span"));
    this.start = make("button", { type: "submit", class: "primary start" });
    this.about = make("p", { class: "faint" });
    this.warnings = make("ul", { class: "caution", role: "status", hidden: true });
    this.problem = make("div", { hidden: true });
    this.append(make("h2", {}, "Hunt"), make("form", {
      onsubmit: (event) => { event.preventDefault(); emit(this, "start-run"); },
    }, this.#modelsField(), make("div", { class: "field" }, make("label", { for: "plan-hunts" }, "Hunts"), make("div", { class: "amount" }, this.hunts, this.common)), this.adaptiveLine,
    make("div", { class: "field stop" }, make("label", { for: "plan-stop" }, "Stop"), make("div", { class: "amount" }, this.stop, ...this.limits)),
    make("div", { class: "field judge" }, make("label", { for: "plan-judge" }, "Judge"), make("div", { class: "amount" }, this.judge, this.judgeEdit), this.judgeAbout), this.card,
    this.confirm,
    make("div", { class: "go" }, this.start, this.about), this.warnings, this.overrideLine, this.blindLine, this.cutLine, this.problem), this.picker, this.editor);
  }

  draw(session, plan, server, action, settings, edited) {
    const { models } = server;
    if (session === null) return this.#clear();
    this.#drawModels(plan, models);
    show(this.adaptiveLine, planEntries(plan).length > 1);
    this.adaptive.checked = plan.allocation === "adaptive";
    if (document.activeElement !== this.hunts || action.busy) this.hunts.value = plan.hunts;
    for (const button of this.common.children) setAttribute(button, "aria-pressed", String(Number(button.value) === plan.hunts));
    this.#drawJudge(session, plan, models);
    const confirm = chosenConfirm(plan, session.default_judge, server);
    this.editor.show(edited && editedEntry(session, plan, edited));
    this.#drawOverride(session, plan);
    this.#drawStop(plan.stop);
    this.#drawFixed(session, settings);
    const reason = reasonNotToStart(session, plan);
    this.start.disabled = reason !== "";
    setBusy(this.start, action.busy);
    setText(this.start, action.busy ? "Starting …" : `Start ${counted(plan.hunts, "hunt")}`);
    this.#estimate(reason ? null : session, plan, confirmOrder(plan, confirm));
    setText(this.about, reason || planText(plan, this.#costs));
    showProblem(this.problem, action.problem ?? settings.problem);
  }

  #clear() {
    clearTimeout(this.timer);
    this.#requested = "";
    this.editor.show(null);
  }

  /** Requests the server's cost estimate again when the plan, the task or the replies have changed. `session`: null if no run can start. */
  #estimate(session, plan, confirm) {
    const requested = session === null ? "" : JSON.stringify([session.session_id, session.task.hash, session.turn, planEntries(plan).map(orderOf), plan.hunts, judgeOrder(plan, session.default_judge), confirm, allocationOrder(plan, planEntries(plan)), session.runs.filter(hasEnded).length]);
    if (requested === this.#requested) return;
    this.#requested = requested;
    this.#costs = "";
    this.#drawWarnings([]);
    clearTimeout(this.timer);
    if (requested) this.timer = setTimeout(() => this.#request(requested, session, plan, confirm), ESTIMATE_AFTER_MS);
  }

  async #request(requested, { session_id: sid, default_judge: defaultJudge }, plan, confirm) {
    try {
      const entries = planEntries(plan);
      const { words, warnings, budgets, notes } = await estimateRun(sid, { hunts: plan.hunts, models: entries.map(orderOf), judge: judgeOrder(plan, defaultJudge), confirm, allocation: allocationOrder(plan, entries) });
      if (requested !== this.#requested) return;
      this.#costs = [words, budgetText(budgets)].filter(Boolean).join(" ");
      this.#drawWarnings([...warnings, ...(notes ?? []).map((message) => ({ message, suggestion: "" }))]);
      if (!this.start.disabled) setText(this.about, planText(plan, this.#costs));
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure;
      if (requested === this.#requested) this.#requested = ""; // requested again with the next change
    }
  }

  /** Names that are probably misspelled, and models that left their provider's list. The run may start. */
  #drawWarnings(warnings) {
    show(this.warnings, warnings.length > 0);
    keyed(this.warnings, warnings, (one) => one.message, (one) => make("li", {}, `${one.message} `,
      one.suggestion && make("button", { type: "button", class: "small", onclick: () => emit(this, "swap-model", { model: one.model, other: one.suggestion }) }, `Use ${one.suggestion}`)), () => {});
  }

  #limitField({ key, label, unit, input }) {
    const number = make("input", { type: "number", ...input, "aria-label": label, onchange: () => emit(this, "plan-stop", { [key]: number.validity.valid && !Number.isNaN(number.valueAsNumber) ? number.valueAsNumber : null }) });
    const field = make("label", { class: "limit" }, number, make("span", { class: "faint" }, unit));
    return Object.assign(field, { number });
  }

  /** Of several limits, one whose number is cleared does not count. */
  #drawStop(stop) {
    this.stop.value = stop.rule;
    const shown = limitsOf(stop);
    for (const [place, row] of STOP_LIMITS.entries()) {
      const field = this.limits[place];
      show(field, shown.includes(row));
      show(field.lastChild, stop.rule === "any");
      if (document.activeElement !== field.number) field.number.value = stop[row.key] ?? "";
    }
  }

  /** What can be chosen only before the first run: blind or open, and whether replies that are cut off are judged. */
  #drawFixed(session, settings) {
    const fixed = session.settings?.fixed ?? true;
    show(this.blindLine, !fixed);
    show(this.cutLine, !fixed);
    if (!settings.busy) this.blind.checked = session.visibility === "blind";
    if (!settings.busy) this.cut.checked = Boolean(session.judge_cut_replies);
    setText(this.blindLine.lastChild, "Blind: verdicts and reasons stay sealed until you reveal them. Cannot be changed after the first run.");
  }

  #modelsField() {
    return make("div", { class: "field models", role: "group", "aria-label": "Models" },
      make("span", { class: "label" }, "Models"), make("div", { class: "choice" }, this.chosen,
        make("button", { type: "button", class: "small", onclick: () => emit(this, "open-dialog", { name: "models" }) }, "Choose models …")));
  }

  #changeHunts(hunts) {
    emit(this, "plan-hunts", hunts);
    this.hunts.value = limitHunts(hunts, this.hunts.defaultValue);
  }

  #drawModels(plan, models) {
    const simulated = new Set((models?.models ?? []).filter((row) => row.simulated).map((row) => row.model));
    keyed(this.chosen, planEntries(plan), (entry) => JSON.stringify(entry), (entry) => {
      const name = entry.label || entry.name || entry.model;
      return make("li", { class: "tag model" },
        simulated.has(entry.model) ? icon("flask") : "", make("span", { class: "mono", title: entry.model }, name),
        make("button", { type: "button", class: "quiet", "aria-label": `Parameters of ${name}`, title: "Parameters", onclick: () => emit(this, "open-dialog", { name: "parameters", ids: [entry.model, String(entry.place)] }) }, icon("sliders")),
        make("button", { type: "button", class: "quiet", "aria-label": `Remove ${name}`, onclick: () => emit(this, "plan-setting", { ...entry, setting: null }) }, icon("cross")));
    }, () => {});
  }

  #drawJudge(session, plan, models) {
    const usable = (models?.models ?? []).filter((row) => row.usable).map((row) => row.model);
    const options = [["", `${session.default_judge} (default)`], ...usable.filter((name) => name !== session.default_judge).map((name) => [name, name])];
    setOptions(this.judge, options, plan.judge);
    const { label, name } = judgeSetting(plan);
    setText(this.judgeAbout, label || name);
  }

  #drawOverride(session, plan) {
    const unpassed = unpassedChecks(session);
    show(this.overrideLine, session.task.huntable && unpassed.length > 0);
    this.override.checked = plan.override;
    setText(this.overrideLine.lastChild, `Start although the ${unpassed.join(" and the ")} ${unpassed.length > 1 ? "have" : "has"} not passed. This is recorded.`);
  }
}

/** What the editor is opened for. `edited`: [model, place] of an entry, or ["judge"]; null if there is no such entry. */
function editedEntry({ session_id: sid, default_judge: defaultJudge }, plan, edited) {
  if (edited.length === 1 && edited[0] === "judge") return { ...judgeSetting(plan), sid, model: plan.judge || defaultJudge, judge: { chosen: plan.judge } };
  const entry = planEntries(plan).find(({ model, place }) => model === edited[0] && String(place) === edited[1]);
  return entry ? { ...entry, sid, count: plan.settings[entry.model]?.length ?? 1 } : null;
}

/** Why a run cannot be started, "" if it can. */
function reasonNotToStart(session, plan) {
  if (session.proposed_criteria.length) return "Confirm the criteria first.";
  if (!session.task.huntable) return "The task is not complete yet.";
  if (plan.models.length === 0) return "Choose at least one model.";
  const [unpassed] = plan.override ? [] : unpassedChecks(session);
  if (unpassed) return unpassed === "reference check" ? "Check the reference first." : "Make the two-sided check on the Task step first.";
  return "";
}

/** How many hunts each model gets, then the estimated cost. */
function planText(plan, costs) {
  const entries = planEntries(plan);
  if (entries.length < 2 || allocationOrder(plan, entries)) return costs;
  const parts = shares(entries, plan.hunts).map(([, hunts]) => hunts);
  const each = Math.min(...parts) === Math.max(...parts) ? `${parts[0]} for each model` : `${Math.min(...parts)} to ${Math.max(...parts)} for each model`;
  return `${each}. ${costs}`;
}

customElements.define("hunt-plan", HuntPlan);
