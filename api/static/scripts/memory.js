// What this browser remembers: recent sessions, the last plan, light or dark. Never anything of a reply.
// A browser that forbids it simply does not remember.

const RECENT = "model-hunter.recent";
const PLAN = "model-hunter.plan";
export const THEME = "model-hunter.theme";
const MOST_RECENT = 8;

export function recentSessions() {
  const known = read(RECENT);
  return Array.isArray(known) ? known.filter((one) => typeof one?.id === "string") : [];
}

/** Puts a session {id, name, at, ...} first; returns the new list. */
export function rememberSession(session) {
  const others = recentSessions().filter((one) => one.id !== session.id);
  return write(RECENT, [session, ...others].slice(0, MOST_RECENT));
}

export function forgetSession(id) {
  return write(RECENT, recentSessions().filter((one) => one.id !== id));
}

export function rememberedPlan() {
  const plan = read(PLAN);
  if (!Array.isArray(plan?.models) || !Array.isArray(plan.typed) || !Number.isFinite(plan.hunts)) return null;
  return { models: plan.models, typed: plan.typed, hunts: plan.hunts, judge: String(plan.judge ?? "") };
}

export function rememberPlan({ models, typed, hunts, judge }) {
  write(PLAN, { models, typed, hunts, judge });
}

export function rememberTheme(theme) {
  write(THEME, theme);
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch (failure) {
    if (failure instanceof SyntaxError || failure instanceof DOMException) return null;
    throw failure;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (failure) {
    if (!(failure instanceof DOMException)) throw failure;
  }
  return value;
}
