// The elements of the page, and what is updated around them: title, focus, busy controls.

import { show } from "../dom.js";
import { titleOf } from "../state/announcements.js";
import "./connection-banner.js";
import "./keyboard-help.js";
import "./notice-stack.js";
import "./session-view.js";
import "./sign-in-dialog.js";
import "./site-header.js";
import "./start-view.js";

/** {update(state, before), signInDialog}. */
export function createView(document) {
  const start = document.createElement("start-view");
  const session = document.createElement("session-view");
  const help = document.createElement("keyboard-help");
  const signInDialog = document.createElement("sign-in-dialog");
  document.getElementById("main").append(start, session, help, signInDialog);
  const always = [...document.querySelectorAll("site-header, connection-banner, notice-stack"), help, start]; // the start page also takes files dropped on other pages
  addEventListener("click", ignoreBusy, true);
  return {
    signInDialog,
    update(state, before) {
      const inSession = state.route.name === "session";
      show(start, !inSession);
      show(session, inSession);
      for (const element of always) element.update(state);
      if (inSession) session.update(state);
      if (document.title !== titleOf(state)) document.title = titleOf(state);
      document.documentElement.toggleAttribute("data-lost", state.lostSince !== null); // stops the animations (base.css)
      if (before.detail.huntId && !state.detail.huntId && state.session) session.restoreFocus(before.detail.huntId);
      if (isAnotherPage(state.route, before.route)) scrollTo(0, 0); // it would open where the page before was scrolled to
    },
  };
}

function isAnotherPage(route, before) {
  return route.name !== before.name || route.sessionId !== before.sessionId;
}

/** A button that waits for a response keeps the focus and does nothing. */
function ignoreBusy(event) {
  if (event.target.closest?.("[aria-disabled=true]")) event.stopImmediatePropagation();
}
