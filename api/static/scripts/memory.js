// What this browser remembers: recent sessions, the last plan, light or dark, and what was typed and is not saved
// yet. Never anything of a reply.
// A browser that forbids it simply does not remember.

const RECENT = "model-hunter.recent";
const PLAN = "model-hunter.plan";
export const THEME = "model-hunter.theme";
const DRAFT = "model-hunter.draft";
const REVIEWS = "model-hunter.reviews";
const MOST_RECENT = 20;

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
  return {
    models: plan.models, typed: plan.typed, hunts: plan.hunts, judge: String(plan.judge ?? ""),
    ...(typeof plan.stop?.rule === "string" ? { stop: plan.stop } : {}),
  };
}

export function rememberPlan({ models, typed, hunts, judge, stop }) {
  write(PLAN, { models, typed, hunts, judge, stop });
}

export function rememberTheme(theme) {
  write(THEME, theme);
}

/** Words that were typed here and that the server has not confirmed: {edits, base}, or null. */
export function keptDraft(sid) {
  const kept = read(`${DRAFT}.${sid}`);
  return kept && typeof kept.edits === "object" && typeof kept.base === "object" ? kept : null;
}

export function keepDraft(sid, draft) {
  write(`${DRAFT}.${sid}`, draft);
}

export function dropDraft(sid) {
  remove(`${DRAFT}.${sid}`);
}

/** Reviews that were typed here and not confirmed: by card id {verdicts, explanation, basedOn}. */
export function keptReviews(sid) {
  const kept = read(`${REVIEWS}.${sid}`);
  return kept && typeof kept === "object" ? kept : {};
}

export function keepReviews(sid, reviews) {
  if (Object.keys(reviews).length) write(`${REVIEWS}.${sid}`, reviews);
  else remove(`${REVIEWS}.${sid}`);
}

/** Everything that was typed for a session and not confirmed, as texts: what can still be copied when the session has ended. */
export function keptWords(sid) {
  const task = Object.values(keptDraft(sid)?.edits ?? {}).flatMap((value) => (Array.isArray(value) ? value.map((one) => `${one.id} ${one.text}`).join("\n") : value));
  const reviews = Object.values(keptReviews(sid)).map((review) => review.explanation);
  return [...task, ...reviews].filter((words) => typeof words === "string" && words.trim());
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

function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch (failure) {
    if (!(failure instanceof DOMException)) throw failure;
  }
}
