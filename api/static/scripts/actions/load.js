// Opens a session: from a file, a URL, pasted JSON, an example, or blank.

import { sessionAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { createSession } from "../wire/api.js";
import { newId, Problem } from "../wire/request.js";
import { perform } from "./action.js";
import { showInfo } from "./notices.js";
import { reportSimilar } from "./tasks.js";

const MAX_FILE_BYTES = 16 * 1024 * 1024;

export function loadFile(store, file) {
  return load(store, () => {
    if (file.size > MAX_FILE_BYTES) throw tooLarge(file);
    return file;
  });
}

export function loadUrl(store, url) {
  return load(store, () => {
    if (!url.trim()) throw invalid("No URL was given.", "Paste the https:// address of a notebook.");
    return { url: url.trim() };
  });
}

export function loadExample(store, name) {
  return load(store, () => ({ example: name }));
}

/** A session with an empty task, to be written on the page. */
export function loadBlank(store) {
  return load(store, () => ({ blank: true, name: "new-task.ipynb" }), "task");
}

/** Pasted text: a notebook's JSON, or a task as the API defines it. */
export function loadJson(store, text) {
  return load(store, () => {
    const json = parseJson(text);
    if (Array.isArray(json?.cells)) return { notebook: json, name: "pasted.ipynb" };
    const task = json?.task ?? json;
    if (typeof task?.prompt === "string") return { task };
    throw invalid("This JSON is not a notebook.",
      "A notebook has a list called “cells”. Open the .ipynb in a text editor and copy all of it.");
  });
}

async function load(store, source, step = "hunt") {
  const session = await perform(store, "load", async () => createSession(source(), newId()), null);
  if (!session) return showFailure(store);
  if (session.also_open) showInfo(store, "This task is also open in another session. The two sessions do not share hunts.", 0);
  else reportSimilar(store, session.session_id);
  location.hash = sessionAddress(session.session_id, session.task.huntable ? step : "task");
  return undefined;
}

/** The load card, which shows errors, is on the start page; for a file dropped on another page the error is a notice. */
function showFailure(store) {
  const { actions, route } = store.state;
  const { problem } = actionOf(actions, "load");
  if (problem && route.name !== "start") store.dispatch({ type: "notice.added", notice: { kind: "error", ...problem } });
}

function parseJson(text) {
  if (!text.trim()) throw invalid("Nothing was pasted.", "Copy the whole content of the .ipynb file and paste it here.");
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid(`This is not valid JSON: ${cause.message}.`, "Copy the whole file, from the first { to the last }.");
  }
}

function invalid(message, hint) {
  return new Problem({ code: "bad_input", message, hint });
}

function tooLarge(file) {
  const size = (file.size / 1024 / 1024).toFixed(1);
  return new Problem({
    code: "too_large", message: `${file.name} has ${size} MB; at most 16 MB are loaded.`,
    hint: "Remove large outputs or pictures from the notebook and try again.",
  });
}
