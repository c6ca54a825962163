// The page of the sign-in: the form, and the way back to where one wanted to go.

import "./elements/sign-in-form.js";
import { rememberName } from "./memory.js";
import { readWho } from "./wire/api.js";
import { Problem } from "./wire/request.js";

/** A place of this server, never another one's; what stands behind # came along by itself. */
const OURS = /^\/(?!\/)[\w\-./]*$/;

function goOn() {
  const wanted = new URLSearchParams(location.search).get("to") ?? "/";
  location.replace(`${OURS.test(wanted) ? wanted : "/"}${location.hash}`);
}

/** Who is signed in already, or has to be nobody, is sent on. */
async function look() {
  try {
    const who = await readWho();
    if (who.sign_in && !who.name) return;
    rememberName(who.name);
    goOn();
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure; // the form will say that the server cannot be reached
  }
}

addEventListener("signed-in", goOn);
look();
