// Text that the server has not confirmed yet, stored in this browser: edits of a task ("draft") and reviews ("reviews"). Each tab has an entry
// of its own, so that two tabs of one session never overwrite each other's text.

import { own, read, remove, write } from "./browser-storage.js";
import { newId } from "./wire/request.js";

const PREFIX = "model-hunter.";
const [PING, PONG] = [`${PREFIX}ping`, `${PREFIX}pong`];
const PONG_TIMEOUT_MS = navigator.locks ? 300 : 2000; // without locks an answer is the only sign of an open tab
const LOCK = `${PREFIX}tab.`;
const TAB = newId();
let release = () => {};

/** The entry of this tab; null removes it. */
export function storeUnsaved(kind, sid, value) {
  const key = own(`${PREFIX}${kind}.${sid}.${TAB}`);
  if (value === null) return remove(key);
  return write(key, { value, open: true, at: Date.now() });
}

/** The entries of all other tabs: [{key, tab, value, open, at}]. An earlier release wrote one entry for all tabs, only with the value. */
export function entriesOfOtherTabs(kind, sid) {
  const prefix = `${PREFIX}${kind}.${sid}`;
  const suffix = own("");
  const keys = storedKeys().filter((key) => key === prefix + suffix || (key.startsWith(`${prefix}.`) && (suffix ? key.endsWith(suffix) : !key.includes("@"))));
  return keys.filter((key) => !key.includes(TAB)).flatMap((key) => {
    const entry = read(key);
    const tab = key.slice(prefix.length + 1, key.length - suffix.length);
    return entry ? [{ open: false, at: 0, ...(tab ? entry : { value: entry }), tab, key }] : [];
  });
}

/** Calls `adopt(value)` for the entries of tabs that are closed, and removes them unless it returns false. `adopt` stores what is still needed. */
export async function adoptFromClosedTabs(kind, sid, adopt) {
  const entries = entriesOfOtherTabs(kind, sid);
  const open = entries.some((entry) => entry.open) ? await openTabs() : new Set(); // a crashed tab left its entry open
  for (const { key, tab, value } of entries) {
    if (open.has(tab) || read(key) === null) continue;
    if (adopt(value) !== false) remove(key);
  }
}

/** All texts written for a session that the server has not confirmed, to be copied after the session has expired. */
export function unsavedTexts(sid) {
  const values = (kind) => [read(own(`${PREFIX}${kind}.${sid}.${TAB}`))?.value ?? {}, ...entriesOfOtherTabs(kind, sid).map(({ value }) => value)];
  return [...values("draft").flatMap(({ edits = {} }) => textsOfEdits(edits)), ...values("reviews").flatMap((reviews) => Object.values(reviews).map(({ explanation }) => explanation))]
    .filter((text) => typeof text === "string" && text.trim());
}

export function textsOfEdits(edits) {
  return Object.values(edits).map((value) => (Array.isArray(value) ? value.map(({ id, text }) => `${id} ${text}`).join("\n") : value));
}

/** Calls `react()` when another tab stores or removes an entry. */
export function watchOtherTabs(react) {
  addEventListener("storage", ({ key }) => key?.startsWith(PREFIX) && key !== PING && key !== PONG && react());
}

/**
 * The other tabs that are open. A tab holds a lock until it ends, also while it is too busy to answer. Pages served over plain HTTP have no
 * locks, and neither have tabs of the release before: these answer a ping. Changes of localStorage are events in all other tabs.
 */
async function openTabs() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  const tabs = new Set(held.filter(({ name }) => name.startsWith(LOCK)).map(({ name }) => name.slice(LOCK.length)));
  const listening = new AbortController();
  addEventListener("storage", ({ key }) => key === PONG && tabs.add(read(PONG)?.tab), { signal: listening.signal });
  write(PING, newId());
  await new Promise((done) => setTimeout(done, PONG_TIMEOUT_MS));
  listening.abort();
  return tabs;
}

function markEntries(open) {
  for (const key of storedKeys()) if (key.includes(TAB)) write(key, { ...read(key), open });
}

function storedKeys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch (failure) {
    if (failure instanceof DOMException) return [];
    throw failure;
  }
}

function holdLock() {
  navigator.locks?.request(LOCK + TAB, () => new Promise((done) => {
    release = done;
  }));
}

holdLock();
addEventListener("storage", ({ key }) => key === PING && write(PONG, { tab: TAB, nonce: newId() }));
addEventListener("pagehide", () => {
  markEntries(false);
  release(); // a browser does not keep a page with a lock for the way back
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  markEntries(true);
  holdLock();
});
