// The API's resources as the page uses them (docs/api.md).

import { download, request } from "./request.js";

const PAGE_OF_HUNTS = 200;

const at = (...parts) => `/api/${parts.map(encodeURIComponent).join("/")}`;
const keyed = (key) => ({ "Idempotency-Key": key });

export const readWho = () => request("GET", at("who"));
export const signIn = (token) => request("POST", at("sign-in"), { json: { token } });
export const signOut = () => request("POST", at("sign-out"));
export const readHealth = (withinS) => request("GET", at("health"), { withinS });
export const readModels = () => request("GET", at("models"));
/** Who answers for a model: {model, provider, listed, near}; a Problem when nobody does. */
export const resolveModel = (model) => request("GET", `${at("models", "resolve")}?model=${encodeURIComponent(model)}`);
export const readExamples = async () => (await request("GET", at("examples"))).examples;
export const renderMarkdown = async (text) => (await request("POST", at("markdown"), { json: { text } })).html;

/**
 * A new session from a file, `{url}`, `{notebook, name}`, `{example}`, `{task}` or `{blank: true}`; `key` makes a
 * second try the same session. Sessions made here are blind and want a passed reference check.
 */
export function createSession(source, key) {
  const headers = keyed(key);
  if (!(source instanceof File)) {
    return request("POST", at("sessions"), { headers, json: { ...source, visibility: "blind", require_check: true } });
  }
  const form = new FormData();
  form.append("file", source, source.name);
  form.append("visibility", "blind");
  form.append("require_check", "true");
  return request("POST", at("sessions"), { headers, body: form });
}

export const readSession = (sid) => request("GET", at("sessions", sid));
export const readSummaries = async (ids) => (await request("POST", at("sessions", "summaries"), { json: { session_ids: ids } })).sessions;
export const changeTask = (sid, version, change) => request("PATCH", at("sessions", sid, "task"), { json: { version, ...change } });
export const changeSettings = (sid, version, change) => request("PATCH", at("sessions", sid, "settings"), { json: { version, ...change } });

/** What a run would cost, in words; `plan`: {models, hunts, judge}. */
export const estimateRun = (sid, { models, hunts, judge }) => request("GET", `${at("sessions", sid, "estimate")}?${new URLSearchParams({ models: models.join(","), hunts, judge_model: judge })}`);

/** Has the reference judged; only on the criteria named, or on all of them. */
export function startCheck(sid, judge, criterionIds = []) {
  const json = { ...(judge ? { judge_model: judge } : {}), ...(criterionIds.length ? { criterion_ids: criterionIds } : {}) };
  return request("POST", at("sessions", sid, "reference-check"), { json });
}

/** One hunt that does not count, for tuning the task. */
export function startTrial(sid, { model, judge }, key) {
  return request("POST", at("sessions", sid, "trials"), { headers: keyed(key), json: { model, ...(judge ? { judge_model: judge } : {}) } });
}

/** Starts a run; the same `key` again answers with the same run. */
export function startRun(sid, { models, hunts, judge, override, stop }, key) {
  const json = { models, hunts, override_check: override, stop, ...(judge ? { judge_model: judge } : {}) };
  return request("POST", at("sessions", sid, "runs"), { headers: keyed(key), json });
}

/** A new run with one hunt for each hunt of that run that ended with an error. */
export function retryErrors(sid, runId, judge, key) {
  const json = { retry_errors_of: runId, override_check: true, ...(judge ? { judge_model: judge } : {}) };
  return request("POST", at("sessions", sid, "runs"), { headers: keyed(key), json });
}

export const cancelRun = (sid, rid) => request("POST", at("sessions", sid, "runs", rid, "cancel"));
export const readHunt = (sid, hid) => request("GET", at("sessions", sid, "hunts", hid));
export const cancelHunt = (sid, hid) => request("POST", at("sessions", sid, "hunts", hid, "cancel"));

export function judgeAgain(sid, hid, criterionIds, judge, key) {
  const json = { ...(criterionIds.length ? { criterion_ids: criterionIds } : {}), ...(judge ? { judge_model: judge } : {}) };
  return request("POST", at("sessions", sid, "hunts", hid, "rejudge"), { headers: keyed(key), json });
}

/** Pages of hunts in order of number, as long as there are any; with their replies only when `texts` is true. */
export async function* huntPages(sid, { texts = false, turn = null } = {}) {
  const which = turn === null ? "" : `&turn=${turn}`;
  let after = 0;
  while (after !== null) {
    const page = await request("GET", `${at("sessions", sid, "hunts")}?after=${after}&limit=${PAGE_OF_HUNTS}&texts=${texts}${which}`);
    yield page.hunts;
    after = page.next;
  }
}

/** Trials; they are in no page of hunts. */
export const readTrials = async (sid) => (await request("GET", at("sessions", sid, "trials"))).hunts;

export const putSelection = (sid, huntIds) => request("PUT", at("sessions", sid, "selection"), { json: { hunt_ids: huntIds } });
export const readProposal = (sid) => request("GET", at("sessions", sid, "selection", "proposal"));
export const readInsights = (sid) => request("GET", at("sessions", sid, "insights"));
export const readDesk = (sid) => request("GET", at("sessions", sid, "desk"));

/** Keeps a review, finished or not. `basedOn`: when the review that it changes was saved, null when none was seen. */
export async function putReview(sid, cardId, { verdicts, explanation }, basedOn) {
  const json = { verdicts, explanation, based_on: basedOn ?? "" };
  return (await request("PUT", at("sessions", sid, "reviews", cardId), { json })).review;
}

export const reveal = (sid) => request("POST", at("sessions", sid, "reveal"), { json: {} });
export const startTurn = (sid, turn, key) => request("POST", at("sessions", sid, "turns"), { headers: keyed(key), json: turn });
export const undoTurn = (sid, turn) => request("DELETE", at("sessions", sid, "turns", turn));

export function readEvents(sid, after) {
  return request("GET", `${at("sessions", sid, "events")}?format=json&after=${encodeURIComponent(after)}`);
}

export const eventsAddress = (sid, after) => `${at("sessions", sid, "events")}?after=${encodeURIComponent(after)}`;
export const exportNotebook = (sid) => download(at("sessions", sid, "export"));
export const previewExport = (sid) => request("GET", at("sessions", sid, "export", "preview"));
