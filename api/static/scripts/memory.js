// What this browser remembers: recent sessions, the last plan, light or dark, and what was typed and is not saved
// yet. Never anything of a reply.
// A browser that forbids it simply does not remember.

const NAME = "model-hunter.name";
const RECENT = "model-hunter.recent";
const PLAN = "model-hunter.plan";
export const THEME = "model-hunter.theme";
const DRAFT = "model-hunter.draft";
const REVIEWS = "model-hunter.reviews";
const MAX_RECENT = 20;

/** Whose work is remembered here from now on: everybody who signs in with this browser has a memory of their own. */
export function rememberName(name) {
  if (name) write(NAME, name);
  else remove(NAME);
}

/** Calls `react(name)` when another tab of this browser signs somebody in or out ("" for nobody). */
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
export function rememberSession(session) {
  const others = recentSessions().filter((one) => one.id !== session.id);
  return write(own(RECENT), [session, ...others].slice(0, MAX_RECENT));
}

export function forgetSession(id) {
  return write(own(RECENT), recentSessions().filter((one) => one.id !== id));
}

export function rememberedPlan() {
  const plan = read(own(PLAN));
  if (!Array.isArray(plan?.models) || !Array.isArray(plan.typed) || !Number.isFinite(plan.hunts)) return null;
  return {
    models: plan.models, typed: plan.typed, hunts: plan.hunts, judge: String(plan.judge ?? ""),
    ...(typeof plan.stop?.rule === "string" ? { stop: plan.stop } : {}),
  };
}

export function rememberPlan({ models, typed, hunts, judge, stop }) {
  write(own(PLAN), { models, typed, hunts, judge, stop });
}

export function rememberTheme(theme) {
  write(THEME, theme);
}

/** Words that were typed here and that the server has not confirmed: {edits, base}, or null. */
export function keptDraft(sid) {
  const kept = read(own(`${DRAFT}.${sid}`));
  return kept && typeof kept.edits === "object" && typeof kept.base === "object" ? kept : null;
}

export function keepDraft(sid, draft) {
  write(own(`${DRAFT}.${sid}`), draft);
}

export function dropDraft(sid) {
  remove(own(`${DRAFT}.${sid}`));
}

/** Reviews that were typed here and not confirmed: by card id {verdicts, explanation, basedOn}. */
export function keptReviews(sid) {
  const kept = read(own(`${REVIEWS}.${sid}`));
  return kept && typeof kept === "object" ? kept : {};
}

export function keepReviews(sid, reviews) {
  if (Object.keys(reviews).length) write(own(`${REVIEWS}.${sid}`), reviews);
  else remove(own(`${REVIEWS}.${sid}`));
}

/** Everything that was typed for a session and not confirmed, as texts: what can still be copied when the session has ended. */
export function keptWords(sid) {
  const task = Object.values(keptDraft(sid)?.edits ?? {}).flatMap((value) => (Array.isArray(value) ? value.map((one) => `${one.id} ${one.text}`).join("\n") : value));
  const reviews = Object.values(keptReviews(sid)).map((review) => review.explanation);
  return [...task, ...reviews].filter((words) => typeof words === "string" && words.trim());
}

/** A key in the memory of whoever is signed in. */
function own(key) {
  const name = read(NAME);
  return typeof name === "string" ? `${key}@${name}` : key;
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
