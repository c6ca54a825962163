// Short messages above the page.

import { problemOf } from "../wire/request.js";

export function showError(store, failure) {
  store.dispatch({ type: "notice.added", notice: { kind: "error", ...problemOf(failure) } });
}

/** `pages`: 0 keeps the message visible on the next page too. */
export function showInfo(store, message, pages = 1) {
  store.dispatch({ type: "notice.added", notice: { kind: "info", message, pages } });
}
