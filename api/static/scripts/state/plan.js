// The plan of the next run: models, number of hunts, judge, stop rule. Stored in this browser.

import { changeConfirm, emptyConfirm } from "./second-opinions.js";
import { changeStop, DEFAULT_STOP } from "./stop-rule.js";
import { changeSettings, moveSettings } from "./targets.js";

export const MAX_HUNTS = 1000;

export function emptyPlan() {
  return { models: [], settings: {}, typed: [], unlisted: [], hunts: 8, judge: "", judgeSettings: {}, confirm: emptyConfirm(), allocation: "even", override: false, stop: DEFAULT_STOP };
}

/** The state after a change of the plan (`plan.…`), or after the models were loaded. */
export function reducePlan(plan, event) {
  switch (event.type) {
    case "plan.remembered":
      return { ...plan, ...event.plan, stop: { ...plan.stop, ...event.plan.stop }, override: false };
    case "plan.model":
      return { ...plan, models: toggle(plan.models, event.model, event.chosen), typed: rememberUnconfigured(plan.typed, event) };
    case "plan.setting":
      return changeSetting(plan, event);
    case "plan.typed":
      return withTypedModel(plan, event);
    case "plan.swapped":
      return swapModel(plan, event);
    case "plan.hunts":
      return { ...plan, hunts: limitHunts(event.hunts, plan.hunts) };
    case "plan.judge":
      return { ...plan, judge: event.judge };
    case "plan.judge-setting":
      return { ...plan, judgeSettings: changeJudgeSetting(plan.judgeSettings, event) };
    case "plan.stop":
      return { ...plan, stop: changeStop(plan.stop, event.stop) };
    case "plan.confirm":
      return { ...plan, confirm: changeConfirm(plan.confirm, event.change) };
    case "plan.allocation":
      return { ...plan, allocation: event.allocation };
    case "plan.override":
      return { ...plan, override: event.override };
    case "models.read":
      return usablePlan(plan, event.models);
    case "session.left":
      return { ...plan, override: false };
    default:
      return plan;
  }
}

/** One entry of a model changes, is added or removed; without any entry the model is not chosen. */
function changeSetting(plan, event) {
  const removed = event.setting === null && (plan.settings[event.model] ?? [null]).length === 1;
  return { ...plan, settings: changeSettings(plan.settings, event), models: removed ? toggle(plan.models, event.model, false) : plan.models };
}

/** The settings by judge ("" is the default one), with that of `judge` replaced; one without parameters is removed. */
function changeJudgeSetting(settings, { judge, setting }) {
  const others = Object.fromEntries(Object.entries(settings).filter(([name]) => name !== judge));
  return Object.keys(setting.parameters).length ? { ...others, [judge]: setting } : others;
}

/** A model that only its provider lists is remembered like a typed one: `configured` models are known to the page at its start. */
function rememberUnconfigured(typed, { model, chosen, configured = true }) {
  return configured || !chosen ? typed : toggle(typed, model, true);
}

/** `near`: listed models with similar names; null if the model itself is listed. */
function withTypedModel(plan, { model, near, configured = true }) {
  const unlisted = plan.unlisted.filter((one) => one.model !== model);
  return {
    ...plan, models: toggle(plan.models, model, true),
    typed: near === null && configured ? plan.typed : toggle(plan.typed, model, true), unlisted: near === null ? unlisted : [...unlisted, { model, near }],
  };
}

/** Another model in the place of a typed one, with its settings. */
function swapModel(plan, { model, other, configured }) {
  const typed = rememberUnconfigured(toggle(plan.typed, model, false), { model: other, chosen: true, configured });
  return { ...plan, typed, models: toggle(toggle(plan.models, model, false), other, true), settings: moveSettings(plan, model, other) };
}

function toggle(names, name, chosen) {
  const others = names.filter((one) => one !== name);
  return chosen ? [...others, name] : others;
}

export function limitHunts(hunts, before) {
  if (!Number.isFinite(hunts)) return before;
  return Math.min(MAX_HUNTS, Math.max(1, Math.trunc(hunts)));
}

/** Drops stored models that cannot be used now; if none is left, the first usable one is chosen. */
function usablePlan(plan, { models, any_model: anyModel, providers }) {
  const usable = new Set(models.filter((model) => model.usable).map((model) => model.model));
  const callable = new Set(providers.filter((provider) => provider.usable && !provider.simulated).map((provider) => provider.name));
  const typed = anyModel ? plan.typed.filter((name) => callable.has(name.split("/")[0]) && !models.some((model) => model.model === name)) : [];
  const stillUsable = plan.models.filter((name) => usable.has(name) || typed.includes(name));
  const real = models.find((model) => model.usable && !model.simulated);
  const first = real ?? models.find((model) => model.usable);
  const chosen = stillUsable.length || !first ? stillUsable : [first.model];
  const judge = usable.has(plan.judge) ? plan.judge : "";
  return { ...plan, typed, models: chosen, judge };
}

/** The allocation as the API expects it; undefined is even. A single model has nothing to choose from. */
export function allocationOrder({ allocation }, entries) {
  return allocation === "adaptive" && entries.length > 1 ? allocation : undefined;
}

/** How many of the hunts each entry gets: [[entry, hunts], …]. */
export function shares(entries, hunts) {
  return entries.map((entry, place) => [entry, Math.ceil((hunts - place) / entries.length)]);
}
