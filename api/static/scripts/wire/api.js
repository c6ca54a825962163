// The API's resources that the page uses (docs/api.md).

import { download, request, requestLast } from "./request.js";

const PAGE_OF_HUNTS = 200;
const AUDIT_HELD = 2;

const at = (...parts) => `/api/${parts.map(encodeURIComponent).join("/")}`;
const keyed = (key) => ({ "Idempotency-Key": key });

export const readWho = () => request("GET", at("who"));
export const signIn = (token) => request("POST", at("sign-in"), { json: { token } });
export const signOut = () => requestLast("POST", at("sign-out"));
export const readHealth = (timeoutS) => request("GET", at("health"), { timeoutS });
export const readModels = () => request("GET", at("models"));
/** The models that match all words, configured or in the providers' own lists: {models, found}. */
export const searchModels = (words, limit) => request("GET", `${at("models")}?${new URLSearchParams({ q: words, limit })}`);
/** The provider of a model: {model, provider, listed, near}; throws a Problem if there is none. */
export const resolveModel = (model) => request("GET", `${at("models", "resolve")}?model=${encodeURIComponent(model)}`);
/** What the verdicts of each judge are worth, and the second judge beside `first`: {cards, pairs, second}. */
export const readJudges = (first) => request("GET", `${at("judges")}?${new URLSearchParams({ first })}`);
export const readExamples = async () => (await request("GET", at("examples"))).examples;
export const renderMarkdown = async (text) => (await request("POST", at("markdown"), { json: { text } })).html;

/**
 * A new session from a file, `{url}`, `{notebook, name}`, `{example}`, `{task}` or `{blank: true}`; a request
 * with the same idempotency `key` returns the same session. Sessions are blind, require a passed reference check and have
 * AUDIT_HELD held hunts drawn into their reviews.
 */
export function createSession(source, key) {
  const headers = keyed(key);
  if (!(source instanceof File)) {
    return request("POST", at("sessions"), { headers, json: { ...source, visibility: "blind", require_check: true, audit_held: AUDIT_HELD } });
  }
  const form = new FormData();
  form.append("file", source, source.name);
  form.append("visibility", "blind");
  form.append("require_check", "true");
  form.append("audit_held", String(AUDIT_HELD));
  return request("POST", at("sessions"), { headers, body: form });
}

export const readSession = (sid) => request("GET", at("sessions", sid));
export const deleteSession = (sid) => request("DELETE", at("sessions", sid));
/** A page of tasks: {tasks, next}; `query` {q, state, archived, after, limit}. */
export const readTasks = (query) => request("GET", `${at("tasks")}?${new URLSearchParams(query)}`);
export const archiveTask = (sid) => request("POST", at("tasks", sid, "archive"));
export const unarchiveTask = (sid) => request("POST", at("tasks", sid, "unarchive"));
/** The tasks with nearly the same prompt, the most similar first. */
export const readSimilar = async (sid) => (await request("GET", at("sessions", sid, "similar"))).tasks;
export const readSummaries = async (ids) => (await request("POST", at("sessions", "summaries"), { json: { session_ids: ids } })).sessions;
export const changeTask = (sid, version, change) => request("PATCH", at("sessions", sid, "task"), { json: { version, ...change } });
export const changeSettings = (sid, version, change) => request("PATCH", at("sessions", sid, "settings"), { json: { version, ...change } });

/** The estimated cost of a run; `models` as a run takes them, `judge` as requests name it (`judgeOrder`), here and below. */
export function estimateRun(sid, { models, hunts, judge, confirm = null }) {
  const path = at("sessions", sid, "estimate");
  if (confirm) return request("POST", path, { json: { models, hunts, confirm, ...judge } });
  if (judge.judge || models.some((model) => typeof model !== "string")) return request("POST", path, { json: { models, hunts, ...judge } });
  return request("GET", `${path}?${new URLSearchParams({ models: models.join(","), hunts, ...judge })}`);
}

/** Has the reference judged, on `criterionIds` or on all criteria. */
export function startCheck(sid, judge, criterionIds = []) {
  const json = { ...judge, ...(criterionIds.length ? { criterion_ids: criterionIds } : {}) };
  return request("POST", at("sessions", sid, "reference-check"), { json });
}

/** Has `model` edit the reference response, for `criterionIds` or for all criteria without an edit. */
export function proposeEdits(sid, model, criterionIds, key) {
  const json = { model, ...(criterionIds.length ? { criterion_ids: criterionIds } : {}) };
  return request("POST", at("sessions", sid, "two-sided-check", "edits"), { headers: keyed(key), json });
}

/** Saves an edit of the reference response; an empty text removes it. */
export const writeEdit = (sid, criterionId, text) => request("PUT", at("sessions", sid, "two-sided-check", "edits", criterionId), { json: { text } });

/** Has all edits judged on all criteria. */
export const startTwoSidedCheck = (sid, judge, key) => request("POST", at("sessions", sid, "two-sided-check"), { headers: keyed(key), json: judge });

/** Stops the running robustness report. */
export const stopRobustness = (sid) => request("DELETE", at("sessions", sid, "robustness"));

/** Where the receipt of a hunt is downloaded. */
export const receiptAddress = (sid, hid) => at("sessions", sid, "hunts", hid, "receipt");

/** What a robustness report would judge, and its cost. */
export const estimateRobustness = (sid, wanted) => request("POST", at("sessions", sid, "robustness", "estimate"), { json: wanted });

/** Has replies judged with attacks in them. */
export const startRobustness = (sid, wanted, key) => request("POST", at("sessions", sid, "robustness"), { headers: keyed(key), json: wanted });

/** Starts a trial: a hunt that does not count. */
export function startTrial(sid, { model, parameters, judge }, key) {
  const json = { model, ...(Object.keys(parameters).length ? { parameters } : {}), ...judge };
  return request("POST", at("sessions", sid, "trials"), { headers: keyed(key), json });
}

/** Starts a run; a request with the same `key` returns the same run. */
export function startRun(sid, { models, hunts, judge, override, stop, confirm, allocation }, key) {
  const json = { models, hunts, override_check: override, stop, ...(confirm ? { confirm } : {}), ...(allocation ? { allocation } : {}), ...judge };
  return request("POST", at("sessions", sid, "runs"), { headers: keyed(key), json });
}

/** Starts a run with one hunt for each hunt of that run that ended with an error. */
export function retryErrors(sid, runId, judge, key) {
  const json = { retry_errors_of: runId, override_check: true, ...judge };
  return request("POST", at("sessions", sid, "runs"), { headers: keyed(key), json });
}

export const cancelRun = (sid, rid) => request("POST", at("sessions", sid, "runs", rid, "cancel"));
export const readHunt = (sid, hid) => request("GET", at("sessions", sid, "hunts", hid));
export const cancelHunt = (sid, hid) => request("POST", at("sessions", sid, "hunts", hid, "cancel"));

export function judgeAgain(sid, hid, criterionIds, judge, key) {
  const json = { ...(criterionIds.length ? { criterion_ids: criterionIds } : {}), ...judge };
  return request("POST", at("sessions", sid, "hunts", hid, "rejudge"), { headers: keyed(key), json });
}

/** Asks other judges about decided hunts: `judges` [{model, parameters?}]. */
export function confirmHunts(sid, huntIds, { judges, policy, cap }, key) {
  const json = { hunt_ids: huntIds, judges, policy, max_extra_calls: cap };
  return request("POST", at("sessions", sid, "confirm"), { headers: keyed(key), json });
}

/** All pages of hunts, by number; with whole replies if `texts`. */
export async function* huntPages(sid, { texts = false, turn = null } = {}) {
  const which = turn === null ? "" : `&turn=${turn}`;
  let after = 0;
  while (after !== null) {
    const page = await request("GET", `${at("sessions", sid, "hunts")}?after=${after}&limit=${PAGE_OF_HUNTS}&texts=${texts}${which}`);
    yield page.hunts;
    after = page.next;
  }
}

/** Trials; `huntPages` does not include them. */
export const readTrials = async (sid) => (await request("GET", at("sessions", sid, "trials"))).hunts;

export const putSelection = (sid, huntIds) => request("PUT", at("sessions", sid, "selection"), { json: { hunt_ids: huntIds } });
export const readProposal = (sid) => request("GET", at("sessions", sid, "selection", "proposal"));
export const readInsights = (sid) => request("GET", at("sessions", sid, "insights"));
export const readCorrectedRates = (sid) => request("GET", at("sessions", sid, "corrected-rates"));
export const readReviewCards = (sid) => request("GET", at("sessions", sid, "desk"));

/** Saves a review, complete or not. `basedOn`: when the review that it replaces was saved; null if there is none. */
export async function putReview(sid, cardId, { verdicts, explanation }, basedOn) {
  const json = { verdicts, explanation, based_on: basedOn ?? "" };
  return (await request("PUT", at("sessions", sid, "reviews", cardId), { json })).review;
}

/** The second review: how far it is, and once both reviewers are done the agreement and the differences. */
export const readSecondReview = (sid) => request("GET", at("sessions", sid, "second-review"));
export const askReviewer = (sid, reviewer) => request("POST", at("sessions", sid, "second-review"), { json: { reviewer } });
export const withdrawSecondReview = (sid) => request("DELETE", at("sessions", sid, "second-review"));
export const finishSecondReview = (sid) => request("POST", at("sessions", sid, "second-review", "done"));
export const settleDifference = (sid, cardId, criterionId, json) => request("PUT", at("sessions", sid, "second-review", "settled", cardId, criterionId), { json });
/** Makes somebody else the owner: {to, keep_access, note}. */
export const transferSession = (sid, json) => request("POST", at("sessions", sid, "transfer"), { json });
export const acceptSession = (sid) => request("POST", at("sessions", sid, "accept"));
export const endAccess = (sid, name) => request("DELETE", at("sessions", sid, "readers", name));
export const readComments = async (sid) => (await request("GET", at("sessions", sid, "comments"))).comments;
/** Adds a comment: {hunt_id or criterion_id, text}. */
export const addComment = async (sid, json) => (await request("POST", at("sessions", sid, "comments"), { json })).comment;
export const deleteComment = (sid, commentId) => request("DELETE", at("sessions", sid, "comments", commentId));
/** What waits for the user, the longest wait first. */
export const readWaiting = async () => (await request("GET", at("waiting"))).waiting;

export const reveal = (sid) => request("POST", at("sessions", sid, "reveal"), { json: {} });
export const startTurn = (sid, turn, key) => request("POST", at("sessions", sid, "turns"), { headers: keyed(key), json: turn });
export const undoTurn = (sid, turn) => request("DELETE", at("sessions", sid, "turns", turn));

export function readEvents(sid, after) {
  return request("GET", `${at("sessions", sid, "events")}?format=json&after=${encodeURIComponent(after)}`);
}

/** The event stream of a session after event ID `after`; with the text of hunt `textOf` while it is written, if given. */
export function eventsAddress(sid, after, textOf) {
  const text = textOf ? `&text=${encodeURIComponent(textOf)}` : "";
  return `${at("sessions", sid, "events")}?after=${encodeURIComponent(after)}${text}`;
}

export const exportNotebook = (sid, criteria) => download(`${at("sessions", sid, "export")}?criteria=${criteria}`);
export const previewExport = (sid, criteria) => request("GET", `${at("sessions", sid, "export", "preview")}?criteria=${criteria}`);
