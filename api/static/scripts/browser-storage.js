// What this browser stores: recent sessions, the last plan, the theme, and text that is not saved yet (unsaved.js). Never a reply. Where
// storage is forbidden nothing is stored.

const NAME = "model-hunter.name";
const RECENT = "model-hunter.recent";
const PLAN = "model-hunter.plan";
const PRESETS = "model-hunter.presets";
export const THEME = "model-hunter.theme";
const MAX_RECENT = 20;
const MAX_PRESETS = 50;

/** Whose data is read and written from now on: each user of this browser has their own. */
export function storeName(name) {
  if (name) write(NAME, name);
  else remove(NAME);
}

/** Calls `react(name)` when another tab signs somebody in or out ("" for nobody). */
export function watchName(react) {
  addEventListener("storage", (event) => {
    if (event.key === NAME) react(read(NAME) ?? "");
  });
}

export function recentSessions() {
  const known = read(own(RECENT));
  return Array.isArray(known) ? known.filter((one) => typeof one?.id === "string") : [];
}

/** Puts a session {id, name, at, ...} first; returns the new list. */
export function storeRecentSession(session) {
  const others = recentSessions().filter((one) => one.id !== session.id);
  return write(own(RECENT), [session, ...others].slice(0, MAX_RECENT));
}

export function removeRecentSession(id) {
  return write(own(RECENT), recentSessions().filter((one) => one.id !== id));
}

export function storedPlan() {
  const plan = read(own(PLAN));
  if (!Array.isArray(plan?.models) || !Array.isArray(plan.typed) || !Number.isFinite(plan.hunts)) return null;
  return {
    models: plan.models, typed: plan.typed, hunts: plan.hunts, judge: String(plan.judge ?? ""), settings: settingsIn(plan.settings),
    judgeSettings: Object.fromEntries(entriesOf(plan.judgeSettings).filter(([, setting]) => isSetting(setting))),
    ...(plan.allocation === "adaptive" ? { allocation: plan.allocation } : {}),
    ...(typeof plan.stop?.rule === "string" ? { stop: plan.stop } : {}),
    ...(Array.isArray(plan.confirm?.judges) && Number.isFinite(plan.confirm.cap) ? { confirm: plan.confirm } : {}),
  };
}

export function storePlan({ models, settings, typed, hunts, judge, judgeSettings, confirm, allocation, stop }) {
  write(own(PLAN), { models, settings, typed, hunts, judge, judgeSettings, confirm, allocation, stop });
}

/** The settings by model that are of the right form. */
function settingsIn(stored) {
  return Object.fromEntries(entriesOf(stored).filter(([, settings]) => Array.isArray(settings) && settings.length > 0 && settings.every(isSetting)));
}

function entriesOf(stored) {
  return Object.entries(typeof stored === "object" && stored !== null ? stored : {});
}

function isSetting(one) {
  return typeof one?.label === "string" && typeof one.parameters === "object" && one.parameters !== null;
}

/** Parameters under a name: [{name, label, parameters}], the latest first. */
export function storedPresets() {
  const known = read(own(PRESETS));
  return Array.isArray(known) ? known.filter((one) => typeof one?.name === "string" && isSetting(one)) : [];
}

export function storePresets(presets) {
  write(own(PRESETS), presets.slice(0, MAX_PRESETS));
}

export function storeTheme(theme) {
  write(THEME, theme);
}

/** `key` for the user who is signed in. */
export function own(key) {
  const name = read(NAME);
  return typeof name === "string" ? `${key}@${name}` : key;
}

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch (failure) {
    if (failure instanceof SyntaxError || failure instanceof DOMException) return null;
    throw failure;
  }
}

export function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (failure) {
    if (!(failure instanceof DOMException)) throw failure;
  }
  return value;
}

export function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch (failure) {
    if (!(failure instanceof DOMException)) throw failure;
  }
}
