// Bringing a task in: from a file, an address, pasted JSON or an example. All end in a session of their own.

import { sessionAddress } from "../router.js";
import { actOf } from "../state/acts.js";
import { createSession } from "../wire/api.js";
import { Problem } from "../wire/request.js";
import { perform } from "./act.js";

const LARGEST_FILE_BYTES = 16 * 1024 * 1024;

export function loadFile(store, file) {
  return load(store, () => {
    if (file.size > LARGEST_FILE_BYTES) throw tooLarge(file);
    return file;
  });
}

export function loadUrl(store, url) {
  return load(store, () => {
    if (!url.trim()) throw refused("No URL was given.", "Paste the https:// address of a notebook.");
    return { url: url.trim() };
  });
}

export function loadExample(store, name) {
  return load(store, () => ({ example: name }));
}

/** A session with nothing in it but the headings, to write a task from nothing. */
export function loadBlank(store) {
  return load(store, () => ({ blank: true, name: "new-task.ipynb" }), "task");
}

/** Pasted text: a notebook's JSON, or a task in the API's own form. */
export function loadJson(store, text) {
  return load(store, () => {
    const json = parsed(text);
    if (Array.isArray(json?.cells)) return { notebook: json, name: "pasted.ipynb" };
    const task = json?.task ?? json;
    if (typeof task?.prompt === "string") return { task };
    throw refused("This JSON is not a notebook.",
      "A notebook has a list called “cells”. Open the .ipynb in a text editor and copy all of it.");
  });
}

async function load(store, source, act = "hunt") {
  const made = await perform(store, "load", async () => createSession(source(), crypto.randomUUID()), null);
  if (!made) return reportInSight(store);
  if (made.also_open) {
    const message = "This task is also open in another session. The two sessions do not share hunts.";
    store.dispatch({ type: "notice.told", notice: { kind: "info", message, pages: 0 } });
  }
  location.hash = sessionAddress(made.session_id, made.task.huntable ? act : "task");
  return undefined;
}

/** The load card stands on the start page; a file that was dropped elsewhere is refused where the trainer is. */
function reportInSight(store) {
  const { acts, route } = store.state;
  const { problem } = actOf(acts, "load");
  if (problem && route.name !== "start") store.dispatch({ type: "notice.told", notice: { kind: "error", ...problem } });
}

function parsed(text) {
  if (!text.trim()) throw refused("Nothing was pasted.", "Copy the whole content of the .ipynb file and paste it here.");
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw refused(`This is not valid JSON: ${cause.message}.`, "Copy the whole file, from the first { to the last }.");
  }
}

function refused(message, hint) {
  return new Problem({ code: "bad_input", message, hint });
}

function tooLarge(file) {
  const size = (file.size / 1024 / 1024).toFixed(1);
  return new Problem({
    code: "too_large", message: `${file.name} has ${size} MB; at most 16 MB are loaded.`,
    hint: "Remove large outputs or pictures from the notebook and try again.",
  });
}
