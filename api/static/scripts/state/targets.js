// Models with their parameters: the entries of the plan, and the names of a hunt's target.

/** The ID of a hunt's model with its parameters. */
export function targetOf(hunt) {
  return hunt.target ?? hunt.model;
}

/** In place of the model of a hunt of an adaptive run that has not begun. */
const NOT_DRAWN = "model chosen when it begins";

/** The name that people see; without parameters the model's. */
export function labelOf(hunt) {
  return (hunt.label ?? hunt.model) || NOT_DRAWN;
}

/** The label, or the last part of the model's name. */
export function shortLabelOf(hunt) {
  return labelOf(hunt) === hunt.model ? hunt.model.slice(hunt.model.lastIndexOf("/") + 1) : labelOf(hunt);
}

/** The entries of the next run: [{model, place, label, name, parameters}]. A model without settings is one entry. */
export function planEntries({ models, settings }) {
  return models.flatMap((model) => (settings?.[model] ?? [PLAIN]).map((setting, place) => ({ ...PLAIN, ...setting, model, place })));
}

export const PLAIN = { label: "", name: "", parameters: {} };

/** An entry as the API expects it: a name, or an object with parameters. */
export function orderOf({ model, label, parameters }) {
  if (!label && Object.keys(parameters).length === 0) return model;
  return { model, parameters, ...(label ? { label } : {}) };
}

/** The setting of the plan's judge: {label, name, parameters}. */
export function judgeSetting({ judge, judgeSettings }) {
  return { ...PLAIN, ...judgeSettings?.[judge] };
}

/** The judge as requests name it: {}, {judge_model} or {judge}. Parameters were checked for one model, which is named with them. */
export function judgeOrder(plan, defaultJudge) {
  const { parameters } = judgeSetting(plan);
  if (Object.keys(parameters).length) return { judge: { model: plan.judge || defaultJudge, parameters } };
  return plan.judge ? { judge_model: plan.judge } : {};
}

/** Parameters as texts: ["reasoning {\"effort\":\"low\"}", "seed 7"]. */
export function parameterWords(parameters) {
  return Object.entries(parameters ?? {}).map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
}

/** The settings with one of `model` replaced, added (`place` after the last) or removed (`setting` null). */
export function changeSettings(settings, { model, place, setting }) {
  const own = [...(settings[model] ?? [PLAIN])];
  own.splice(place, 1, ...(setting === null ? [] : [setting]));
  const others = Object.fromEntries(Object.entries(settings).filter(([name]) => name !== model));
  const plain = own.every(({ label, parameters }) => !label && Object.keys(parameters).length === 0);
  return own.length === 0 || (own.length === 1 && plain) ? others : { ...others, [model]: own };
}

/** The plan's settings with those of `model` as those of `other`, after its own if it is chosen, too. */
export function moveSettings({ models, settings }, model, other) {
  const { [model]: moved, ...others } = settings;
  if (!moved) return settings;
  const own = models.includes(other) ? others[other] ?? [PLAIN] : [];
  const shortName = shortLabelOf({ model: other });
  return { ...others, [other]: [...own, ...moved.map((one) => ({ ...one, name: one.name.replace(shortLabelOf({ model }), shortName) }))] };
}

/** Parameters from the values of the editor's fields; empty fields are left out. Throws SyntaxError for text that is not JSON. */
export function readParameters(fields) {
  const text = (name) => fields[name]?.trim() || undefined;
  const number = (name) => (text(name) === undefined ? undefined : Number(text(name)));
  const list = (name, separator) => text(name)?.split(separator).map((part) => part.trim()).filter(Boolean);
  const chosen = (name) => (text(name) === undefined ? undefined : JSON.parse(text(name)));
  const provider = compact({
    only: list("only", ","), order: list("order", ","), ignore: list("ignore", ","), quantizations: list("quantizations", ","),
    allow_fallbacks: chosen("allow_fallbacks"), require_parameters: chosen("require_parameters"), data_collection: text("data_collection"),
  });
  return compact({
    system_prompt: text("system_prompt"), temperature: number("temperature"), top_p: number("top_p"), max_output_tokens: number("max_output_tokens"),
    reasoning: reasoningOf(text("reasoning"), number("reasoning_tokens")), seed: number("seed"), stop: list("stop", "\n"), service_tier: text("service_tier"),
    extra_body: chosen("extra_body"), provider: Object.keys(provider).length ? provider : undefined,
  });
}

function reasoningOf(kind, tokens) {
  if (kind === undefined) return undefined;
  if (kind === "tokens") return { max_tokens: tokens };
  return kind === "on" || kind === "off" ? { enabled: kind === "on" } : { effort: kind };
}

function compact(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** The values of the editor's fields for these parameters: the inverse of `readParameters`. */
export function fieldsOf(parameters) {
  const { reasoning = {}, provider = {} } = parameters;
  const text = (value) => (value === undefined ? "" : String(value));
  const enabled = reasoning.enabled === undefined ? "" : reasoning.enabled ? "on" : "off";
  return {
    system_prompt: text(parameters.system_prompt), temperature: text(parameters.temperature), top_p: text(parameters.top_p),
    max_output_tokens: text(parameters.max_output_tokens), reasoning: reasoning.effort ?? (reasoning.max_tokens === undefined ? enabled : "tokens"),
    reasoning_tokens: text(reasoning.max_tokens), seed: text(parameters.seed), stop: (parameters.stop ?? []).join("\n"), service_tier: text(parameters.service_tier),
    extra_body: parameters.extra_body === undefined ? "" : JSON.stringify(parameters.extra_body),
    only: (provider.only ?? []).join(", "), order: (provider.order ?? []).join(", "), ignore: (provider.ignore ?? []).join(", "),
    quantizations: (provider.quantizations ?? []).join(", "), allow_fallbacks: text(provider.allow_fallbacks),
    require_parameters: text(provider.require_parameters), data_collection: text(provider.data_collection),
  };
}
