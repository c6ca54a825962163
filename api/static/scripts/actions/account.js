// Signing out, and what happens when a sign-in expires or another person signs in with this browser.

import { storeName, watchName } from "../browser-storage.js";
import { signOut } from "../wire/api.js";
import { problemOf } from "../wire/request.js";
import { showError } from "./notices.js";

/** Saves what was typed, signs out and goes to the sign-in page. Text that could not be saved stays in this browser for its author. */
export async function signOutAndLeave(store, draft) {
  await draft.flush().catch(problemOf);
  try {
    await signOut();
  } catch (failure) {
    return showError(store, failure);
  }
  storeName("");
  return location.assign("/sign-in");
}

/** After an expired sign-in was renewed: continue, or reload the page if somebody else signed in. */
export function resumeAfterSignIn(store, sync, dialog, who) {
  if (store.state.server.who && who.name !== store.state.server.who.name) return location.reload();
  dialog.close();
  store.dispatch({ type: "who.read", who });
  return sync.refresh();
}

/**
 * Reloads the page, which leads to the sign-in page, when its user is no longer the one who is signed in. Text that was not saved
 * stays in this browser for its author.
 */
export function reloadOnUserChange(store) {
  const reload = () => {
    document.documentElement.hidden = true;
    location.reload();
  };
  watchName((name) => {
    const known = store.state.server.who?.name;
    if (known && known !== name) reload();
  });
  addEventListener("pageshow", (event) => { // the Back button shows a page as it was left
    if (event.persisted && store.state.server.who?.name) reload();
  });
}
