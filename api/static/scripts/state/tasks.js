// The tasks of the start page, as the server's library lists them.

import { counted } from "./announcements.js";

export const NO_TASK_FILTERS = { q: "", state: "", archived: false };

/** [state, words for people], in the order of a task's life. */
export const TASK_STATES = [
  ["draft", "Draft"], ["checked", "Checked"], ["hunting", "Hunting"], ["to_review", "To review"], ["revealed", "Revealed"], ["delivered", "Delivered"],
];

const STATE_NAMES = { ...Object.fromEntries(TASK_STATES), unknown: "Unknown" };

const STEPS = { draft: "task", checked: "hunt", hunting: "hunt", to_review: "review", revealed: "deliver", delivered: "deliver" };

/** `waiting`: what waits for the user. `rows`: null until the first page was read. `next`: where the next page begins, null at the end. `query`: what is asked for; `shown`: what the rows answer. */
export function noTasks() {
  return { query: NO_TASK_FILTERS, shown: NO_TASK_FILTERS, rows: null, next: null, problem: null, waiting: [] };
}

export function reduceTasks(tasks, event) {
  switch (event.type) {
    case "tasks.filtered":
      return { ...tasks, query: { ...tasks.query, ...event.change } };
    case "tasks.read":
      return { ...tasks, shown: event.query, rows: event.rows, next: event.next, problem: null };
    case "tasks.more":
      return { ...tasks, rows: withMore(tasks.rows, event.rows), next: event.next };
    case "tasks.waiting":
      return { ...tasks, waiting: event.waiting };
    case "tasks.failed":
      return { ...tasks, problem: event.problem };
    case "tasks.removed":
      return { ...tasks, rows: tasks.rows?.filter((row) => row.session_id !== event.session_id) ?? null };
    default:
      return tasks;
  }
}

export function isFiltered({ q, state, archived }) {
  return q.trim() !== "" || state !== "" || archived;
}

/** How many tasks the filters `query` found, in words; without a task, what to do. "" while the list is not filtered. */
export function foundWords(number, next, query) {
  if (number === 0) return nothingFound(query);
  if (!isFiltered(query)) return "";
  return next === null ? `${counted(number, "task")} found.` : `The newest ${counted(number, "task")}; there are more.`;
}

function nothingFound(query) {
  if (!isFiltered(query)) return "No tasks here. Load or write one below, or tick “Archived” to see those that were archived.";
  return isFiltered({ ...query, archived: false }) ? "No tasks match. Change the search or the filters." : "No tasks are archived. Untick “Archived” to see the others.";
}

/** The step of a session that a task in this state needs next. */
export function stepOf(state) {
  return STEPS[state] ?? "hunt";
}

const WAITING = {
  given: { words: (from) => `${from || "Somebody"} gave you this task`, step: "task", act: "Given" },
  review: { words: (from) => `${from || "Somebody"} asks you for a second review`, step: "review", act: "Review" },
  reveal: { words: (from) => `${from || "The second reviewer"} is done: finish your reviews and reveal`, step: "review", act: "Reveal" },
  settle: { words: (from) => `You and ${from || "the other reviewer"} differ: settle the differences`, step: "review", act: "Settle" },
};

/** What waits, in words: {words, step, act}; null for what this page does not know. */
export function waitingWords({ kind, sender }) {
  const known = WAITING[kind];
  return known ? { ...known, words: known.words(sender) } : null;
}

export function stateName(state) {
  return STATE_NAMES[state] ?? state;
}

/**
 * What this browser remembers and the server does not list. With filters nothing: what it remembers cannot be filtered. `summaries`
 * say whose the sessions are. While the list has more pages, the user's own are left out that may be on one of them.
 */
export function onlyRemembered(recent, { rows, query, problem, next }, summaries, own) {
  if (rows === null || problem) return recent;
  if (isFiltered(query)) return [];
  const listed = new Set(rows.map((row) => row.session_id));
  const others = new Set(summaries.filter(({ owner }) => own && owner !== own).map((one) => one.session_id));
  const mayFollow = (one) => next !== null && !others.has(one.id) && Date.parse(one.at) <= Date.parse(rows.at(-1)?.updated_at);
  return recent.filter((one) => !listed.has(one.id) && !mayFollow(one));
}

/** The sentence about tasks with a similar prompt; "" if there are none. `own`: the name of who is signed in. */
export function similarWords(similar, own) {
  if (similar.length === 0) return "";
  const named = similar.slice(0, 3).map((one) => `“${one.name}” (${percentOf(one.similarity)}${ownerWords(one.owner, own)}, ${stateName(one.state).toLowerCase()})`);
  const more = similar.length > named.length ? ` and ${similar.length - named.length} more` : "";
  return `The prompt resembles ${similar.length === 1 ? "another task" : "other tasks"}: ${named.join(", ")}${more}.`;
}

function percentOf(similarity) {
  return similarity === 1 ? "the same" : `${Math.min(99, Math.round(100 * similarity))}% the same`;
}

function ownerWords(owner, own) {
  if (!owner) return "";
  return owner === own ? ", yours" : `, of ${owner}`;
}

/** A task that changed between two pages is on both. */
function withMore(rows, more) {
  const known = new Set(rows.map((row) => row.session_id));
  return [...rows, ...more.filter((row) => !known.has(row.session_id))];
}
