// The list of tasks on the start page: reads it, keeps it current while it is shown, archives and deletes.

import { similarWords } from "../state/tasks.js";
import { archiveTask, deleteSession, readSimilar, readTasks, readWaiting, unarchiveTask } from "../wire/api.js";
import { Problem, problemOf } from "../wire/request.js";
import { perform } from "./action.js";
import { showInfo } from "./notices.js";
import { forgetSession } from "./server.js";

const PAGE = 50;
const MAX_PAGE = 200;
const REFRESH_MS = 10_000;
const TYPING_MS = 250;

export class TaskListLoader {
  #store;
  #query = null; // what is shown or being read; null while no list is shown
  #timer = 0;
  #requests = 0;

  constructor(store) {
    this.#store = store;
    document.addEventListener("visibilitychange", () => document.hidden || this.#load());
  }

  /** Called after every change of the state. */
  update() {
    const { route, server, tasks } = this.#store.state;
    const query = route.name === "start" && server.who?.library ? tasks.query : null;
    if (query === this.#query) return;
    const isTyping = query !== null && this.#query !== null && query.q !== this.#query.q;
    this.#query = query;
    this.#schedule(isTyping ? TYPING_MS : 0);
  }

  /** Reads the next page. */
  more() {
    const { shown, next } = this.#store.state.tasks;
    return perform(this.#store, "more-tasks", async () => {
      const page = await readTasks({ ...shown, after: next, limit: PAGE });
      if (shown === this.#store.state.tasks.shown) this.#store.dispatch({ type: "tasks.more", rows: page.tasks, next: page.next });
    }, null);
  }

  #schedule(delayMs) {
    clearTimeout(this.#timer);
    if (this.#query) this.#timer = setTimeout(() => this.#load(), delayMs);
  }

  /** Reads all rows that are shown again. More than fit one page stay as they are until the page is opened again. */
  async #load() {
    const query = this.#query;
    this.#schedule(REFRESH_MS);
    if (!query || document.hidden) return;
    const { rows, shown } = this.#store.state.tasks;
    const known = shown === query ? rows?.length ?? 0 : 0;
    if (known > MAX_PAGE) return;
    const request = (this.#requests += 1);
    const event = await read(query, Math.max(PAGE, known));
    if (request === this.#requests && query === this.#query) this.#store.dispatch(event);
    if (this.#store.state.server.who?.name) this.#store.dispatch({ type: "tasks.waiting", waiting: await readQueue() });
  }
}

/** Without an answer the list of tasks says why. */
async function readQueue() {
  try {
    return await readWaiting();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    return [];
  }
}

async function read(query, limit) {
  try {
    const page = await readTasks({ ...query, limit });
    return { type: "tasks.read", query, rows: page.tasks, next: page.next };
  } catch (failure) {
    return { type: "tasks.failed", problem: problemOf(failure) };
  }
}

export function archive(store, { sid, archived }) {
  return perform(store, `archive ${sid}`, async () => {
    await (archived ? archiveTask : unarchiveTask)(sid);
    removeRow(store, sid);
  }, null);
}

export function deleteTask(store, sid) {
  return perform(store, `delete ${sid}`, async () => {
    await deleteSession(sid);
    removeRow(store, sid);
  }, null);
}

function removeRow(store, sid) {
  store.dispatch({ type: "tasks.removed", session_id: sid });
  forgetSession(store, sid);
}

/** Says which tasks a task that was just opened resembles. It helps, so without an answer nothing is said. */
export async function reportSimilar(store, sid) {
  const { who } = store.state.server;
  if (!who?.library) return;
  try {
    const words = similarWords(await readSimilar(sid), who.name);
    if (words) showInfo(store, words, 0);
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
  }
}
