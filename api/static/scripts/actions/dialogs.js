// An open dialog is part of the address and an entry in the browser's history: Back closes the topmost dialog, and closing a
// dialog goes one entry back.

import { dialogAddress, parseRoute, placeAddress } from "../router.js";

let goingBack = Promise.resolve(); // history.back() takes a moment; navigation in the meantime would be undone by it

export async function openDialog({ name, ids = [] }) {
  await goingBack;
  const address = dialogAddress(location.hash, name, ids);
  if (parseRoute(location.hash).dialog) history.replaceState(history.state, "", address);
  else history.pushState({ over: true }, "", address);
  dispatchEvent(new Event("hashchange")); // browsers send none for pushState and replaceState
}

/** Closes the dialog `name` if it is open. It leaves the state at once; the history follows. */
export function closeDialog(store, name) {
  const { route } = store.state;
  if (route.dialog?.name !== name) return;
  store.dispatch({ type: "route.changed", route: { ...route, dialog: null } });
  if (history.state?.over) {
    goingBack = new Promise((done) => addEventListener("popstate", done, { once: true }));
    history.back();
  } else location.replace(placeAddress(location.hash)); // the page was opened at this address: there is no entry to go back to
}

/** Goes to `address` without adding a history entry. */
export async function replaceAddress(address) {
  await goingBack;
  location.replace(address);
}
