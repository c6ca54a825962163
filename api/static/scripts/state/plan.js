// What the next press of Start will do: which models, how many hunts, which judge. Remembered by this browser.

export const MAX_HUNTS = 1000;

export function emptyPlan() {
  return { models: [], typed: [], doubted: [], hunts: 8, judge: "", override: false, stop: { rule: "all", breaks: 4, cost: 1 } };
}

/** The state after a wish of the trainer (`plan.…`), or after the models were read. */
export function reducePlan(plan, event) {
  switch (event.type) {
    case "plan.remembered":
      return { ...plan, ...event.plan, override: false };
    case "plan.model":
      return { ...plan, models: toggled(plan.models, event.model, event.chosen) };
    case "plan.typed":
      return typed(plan, event);
    case "plan.swapped":
      return { ...plan, models: toggled(toggled(plan.models, event.model, false), event.other, true), typed: toggled(plan.typed, event.model, false) };
    case "plan.hunts":
      return { ...plan, hunts: clamped(event.hunts, plan.hunts) };
    case "plan.judge":
      return { ...plan, judge: event.judge };
    case "plan.stop":
      return { ...plan, stop: { ...plan.stop, ...event.stop } };
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

/** `near`: models of our lists whose names are nearly the same, of one that is in none of them; null when it is listed. */
function typed(plan, { model, near }) {
  const doubted = plan.doubted.filter((one) => one.model !== model);
  return {
    ...plan, models: toggled(plan.models, model, true),
    typed: near === null ? plan.typed : toggled(plan.typed, model, true), doubted: near === null ? doubted : [...doubted, { model, near }],
  };
}

function toggled(names, name, chosen) {
  const others = names.filter((one) => one !== name);
  return chosen ? [...others, name] : others;
}

function clamped(hunts, before) {
  if (!Number.isFinite(hunts)) return before;
  return Math.min(MAX_HUNTS, Math.max(1, Math.trunc(hunts)));
}

/** Drops remembered models that cannot be used now; with none left, the first usable one is proposed. */
function usablePlan(plan, { models, any_model: anyModel, providers }) {
  const usable = new Set(models.filter((model) => model.usable).map((model) => model.model));
  const callable = new Set(providers.filter((provider) => provider.usable && !provider.simulated).map((provider) => provider.name));
  const typed = anyModel ? plan.typed.filter((name) => callable.has(name.split("/")[0]) && !models.some((model) => model.model === name)) : [];
  const kept = plan.models.filter((name) => usable.has(name) || typed.includes(name));
  const real = models.find((model) => model.usable && !model.simulated);
  const first = real ?? models.find((model) => model.usable);
  const chosen = kept.length || !first ? kept : [first.model];
  const judge = usable.has(plan.judge) ? plan.judge : "";
  return { ...plan, typed, models: chosen, judge };
}

/** How N hunts fall to the models in turn: [[model, hunts], …]. */
export function shares(models, hunts) {
  return models.map((model, place) => [model, Math.ceil((hunts - place) / models.length)]);
}
