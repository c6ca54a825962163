// The sign-in page: the form, then back to the page that was asked for.

import "./elements/sign-in-form.js";
import { storeName } from "./browser-storage.js";
import { readWho } from "./wire/api.js";
import { Problem } from "./wire/request.js";

/** A path on this server, never another server; the fragment is added below. */
const LOCAL_PATH = /^\/(?!\/)[\w\-./]*$/;

function leave() {
  const wanted = new URLSearchParams(location.search).get("to") ?? "/";
  location.replace(`${LOCAL_PATH.test(wanted) ? wanted : "/"}${location.hash}`);
}

/** Leaves the page if the user is signed in already, or need not be. */
async function leaveIfSignedIn() {
  try {
    const who = await readWho();
    if (who.sign_in && !who.name) return;
    storeName(who.name);
    leave();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure; // the form reports an unreachable server
  }
}

addEventListener("signed-in", leave);
leaveIfSignedIn();
