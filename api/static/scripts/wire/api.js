// The API's resources as the page uses them (docs/api.md). Sessions made here need a passed reference check.

import { download, request } from "./request.js";

const PAGE_OF_HUNTS = 200;

const at = (...parts) => `/api/${parts.map(encodeURIComponent).join("/")}`;

export const readHealth = () => request("GET", at("health"));
export const readModels = () => request("GET", at("models"));
export const readExamples = async () => (await request("GET", at("examples"))).examples;

/** A new session from a file, `{url}`, `{notebook, name}` or `{example}`; `key` makes a second try the same session. */
export function createSession(source, key) {
  const headers = { "Idempotency-Key": key };
  if (!(source instanceof File)) {
    return request("POST", at("sessions"), { headers, json: { ...source, visibility: "open", require_check: true } });
  }
  const form = new FormData();
  form.append("file", source, source.name);
  form.append("visibility", "open");
  form.append("require_check", "true");
  return request("POST", at("sessions"), { headers, body: form });
}

export const readSession = (sid) => request("GET", at("sessions", sid));
export const changeTask = (sid, version, change) => request("PATCH", at("sessions", sid, "task"), { json: { version, ...change } });

export function startCheck(sid, judge) {
  return request("POST", at("sessions", sid, "reference-check"), { json: judge ? { judge_model: judge } : {} });
}

/** Starts a run; the same `key` again answers with the same run. */
export function startRun(sid, { models, hunts, judge, override }, key) {
  const json = { models, hunts, override_check: override, ...(judge ? { judge_model: judge } : {}) };
  return request("POST", at("sessions", sid, "runs"), { headers: { "Idempotency-Key": key }, json });
}

export const cancelRun = (sid, rid) => request("POST", at("sessions", sid, "runs", rid, "cancel"));
export const readHunt = (sid, hid) => request("GET", at("sessions", sid, "hunts", hid));

/** Pages of hunts without their texts, in order of number, as long as there are any. */
export async function* huntPages(sid) {
  let after = 0;
  while (after !== null) {
    const page = await request("GET", `${at("sessions", sid, "hunts")}?after=${after}&limit=${PAGE_OF_HUNTS}&texts=false`);
    yield page.hunts;
    after = page.next;
  }
}

export function readEvents(sid, after) {
  return request("GET", `${at("sessions", sid, "events")}?format=json&after=${encodeURIComponent(after)}`);
}

export const eventsAddress = (sid, after) => `${at("sessions", sid, "events")}?after=${encodeURIComponent(after)}`;
export const exportNotebook = (sid) => download(at("sessions", sid, "export"));
