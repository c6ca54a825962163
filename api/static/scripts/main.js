// The page's beginning: one state, the elements that show it, and who answers the trainer's wishes.

import { Follower } from "./acts/follow.js";
import { closeHunt, Reader, stepHunt } from "./acts/detail.js";
import { deliver } from "./acts/deliver.js";
import { cancel, retry, Starter } from "./acts/hunting.js";
import { closeLayer, openLayer } from "./acts/layers.js";
import { loadBlank, loadExample, loadFile, loadJson, loadUrl } from "./acts/load.js";
import { Insights, lookAtExport, readTexts } from "./acts/looking.js";
import { addModel } from "./acts/planning.js";
import { Reviewer } from "./acts/reviewing.js";
import { Selector } from "./acts/selecting.js";
import { Health, learnServer } from "./acts/server.js";
import { confirmCriteria, switchRule } from "./acts/task.js";
import { checkReference, rejudge, stopHunt, tryOnce } from "./acts/trying.js";
import { adjustSettings, beginTurn, undoLastTurn } from "./acts/turning.js";
import { learnWork } from "./acts/work.js";
import { Writer } from "./acts/writing.js";
import { setText, show } from "./dom.js";
import "./elements/connection-banner.js";
import "./elements/keyboard-help.js";
import "./elements/notice-stack.js";
import "./elements/session-view.js";
import "./elements/sign-in-dialog.js";
import "./elements/site-header.js";
import "./elements/start-view.js";
import { recentSessions, rememberedPlan, rememberName, rememberPlan, rememberTheme, watchName } from "./memory.js";
import { parseRoute, sessionAddress } from "./router.js";
import { checkSentence, progressSentence, titleOf } from "./state/announcements.js";
import { initialState, reduce } from "./state/page.js";
import { Store } from "./store.js";
import { signOut } from "./wire/api.js";
import { problemOf } from "./wire/request.js";

const SAY_EVERY_MS = 4000;

const main = document.getElementById("main");
const start = document.createElement("start-view");
const session = document.createElement("session-view");
const keys = document.createElement("keyboard-help");
const parts = [...["site-header", "connection-banner", "notice-stack"].map((name) => document.querySelector(name)), keys];

const store = new Store(reduce, initialState());
const follower = new Follower(store);
const reader = new Reader(store);
const writer = new Writer(store, follower);
const reviewer = new Reviewer(store, follower);
const selector = new Selector(store, follower);
const insights = new Insights(store);
const starter = new Starter(store, writer);
const health = new Health(store);
const signInAgain = document.createElement("sign-in-dialog");

/** Every wish of an element, and what is done about it. `detail` is what the element tells with it. */
const WISHES = {
  "load-file": (file) => loadFile(store, file),
  "load-url": (url) => loadUrl(store, url),
  "load-json": (text) => loadJson(store, text),
  "load-example": (name) => loadExample(store, name),
  "load-blank": () => loadBlank(store),
  "type": ({ field, value }) => writer.type(field, value),
  "undo": () => writer.undo(),
  "settle": (keep) => writer.settle(keep),
  "check-reference": (criterionIds) => checkReference(store, writer, criterionIds),
  "try-once": (model) => tryOnce(store, writer, model),
  "rejudge": (wanted) => rejudge(store, wanted),
  "stop-hunt": (huntId) => stopHunt(store, huntId),
  "retry-errors": (runId) => retry(store, runId),
  "change-selection": (change) => selector.change(change),
  "propose-selection": () => selector.propose(),
  "open-layer": (layer) => openLayer(layer),
  "close-layer": (name) => closeLayer(store, name),
  "search-replies": (words) => search(words),
  "desk-at": (cardId) => store.dispatch({ type: "desk.at", cardId }),
  "mark": ({ cardId, criterionId, verdict }) => reviewer.mark(cardId, criterionId, verdict),
  "explain": ({ cardId, explanation }) => reviewer.explain(cardId, explanation),
  "settle-review": ({ cardId, keep }) => reviewer.settle(cardId, keep),
  "reveal": () => reviewer.reveal(),
  "begin-turn": (turn) => beginTurn(store, follower, turn),
  "undo-turn": () => undoLastTurn(store, follower),
  "adjust-settings": (change) => adjustSettings(store, follower, change),
  "look-at-export": () => lookAtExport(store),
  "plan-stop": (stop) => store.dispatch({ type: "plan.stop", stop }),
  "go-to": (act) => goTo(act),
  "switch-rule": (rule) => switchRule(store, follower, rule),
  "confirm-criteria": () => confirmCriteria(store, follower, store.state.session.proposed_criteria),
  "plan-model": (choice) => store.dispatch({ type: "plan.model", ...choice }),
  "add-model": (choice) => addModel(store, choice),
  "swap-model": (models) => store.dispatch({ type: "plan.swapped", ...models }),
  "plan-hunts": (hunts) => store.dispatch({ type: "plan.hunts", hunts }),
  "plan-judge": (judge) => store.dispatch({ type: "plan.judge", judge }),
  "plan-override": (override) => store.dispatch({ type: "plan.override", override }),
  "start-run": (_nothing, event) => starter.start(event.timeStamp),
  "cancel-run": (runId) => cancel(store, runId),
  "view-change": (view) => store.dispatch({ type: "view.changed", view }),
  "close-hunt": () => closeHunt(store),
  "step-hunt": (step) => stepHunt(store, step),
  "show-plain": (plain) => store.dispatch({ type: "detail.plain", plain }),
  "deliver": () => deliver(store),
  "dismiss-notice": (id) => store.dispatch({ type: "notice.dismissed", id }),
  "sign-out": () => leave(),
  "signed-out": () => signInAgain.open(store.state.server.who?.name),
  "signed-in": (who) => comeBack(who),
  "try-now": () => tryNow(),
  "choose-theme": (theme) => chooseTheme(theme),
};

function draw(state, before) {
  const inSession = state.route.name === "session";
  show(start, !inSession);
  show(session, inSession);
  for (const part of [...parts, start]) part.update(state); // the start also takes files that are dropped elsewhere
  if (inSession) session.update(state);
  if (document.title !== titleOf(state)) document.title = titleOf(state);
  document.documentElement.toggleAttribute("data-lost", state.lostSince !== null); // what goes on stands still (base.css)
  if (before.detail.huntId && !state.detail.huntId && state.session) giveFocusBack(before.detail.huntId);
}

/** However a hunt was closed (Esc, its button, the browser's back key), the walk through the rows goes on there. */
function giveFocusBack(huntId) {
  const { activeElement } = document;
  if (!activeElement || activeElement === document.body || session.panel.contains(activeElement)) session.table.focusHunt(huntId);
}

/** Says progress aloud, not more often than one can listen. */
function sayAloud() {
  const { session: head, lostSince } = store.state;
  const place = document.getElementById("aloud");
  if (head && lostSince === null) setText(place, [checkSentence(head.check), progressSentence(head)].filter(Boolean).join(" "));
}

/** Replies are read whole when they are first searched, and again when more of them have come. */
function search(words) {
  store.dispatch({ type: "view.changed", view: { search: words } });
  const { hunts, texts } = store.state;
  if (words.trim() && texts.size < hunts.byId.size) readTexts(store);
}

function goTo(act) {
  const { route } = store.state;
  if (route.name === "session") location.hash = sessionAddress(route.sessionId, act);
}

/** Everything that waits for the server asks now. */
function tryNow() {
  dispatchEvent(new Event("online"));
  health.look();
  if (store.state.access === "unreachable") follower.refresh();
}

function chooseTheme(theme) {
  rememberTheme(theme);
  document.documentElement.dataset.theme = theme;
  store.dispatch({ type: "theme.chosen", theme });
}

/** What was typed is saved first; what cannot be is kept in this browser for whoever typed it. */
async function leave() {
  await writer.flush();
  try {
    await signOut();
  } catch (failure) {
    return store.dispatch({ type: "notice.told", notice: { kind: "error", ...problemOf(failure) } });
  }
  rememberName("");
  return location.assign("/sign-in");
}

/** After a sign-in that had run out: on as before, or, when it is somebody else, with nothing of the one before. */
function comeBack(who) {
  if (store.state.server.who && who.name !== store.state.server.who.name) return location.reload();
  signInAgain.close();
  store.dispatch({ type: "who.read", who });
  return follower.refresh();
}

/** What somebody was shown is taken away when they are not the one who is signed in any more: the page is asked for
 * again, which leads to the sign-in. What was typed and not saved is kept in this browser for them. */
function beginAgain() {
  document.documentElement.hidden = true;
  location.reload();
}

watchName((name) => {
  const known = store.state.server.who?.name;
  if (known && known !== name) beginAgain();
});
addEventListener("pageshow", (event) => { // by the Back button the browser shows a page as it was left
  if (event.persisted && store.state.server.who?.name) beginAgain();
});

/** The theme that is seen: the one chosen here, else the system's. */
function seenTheme() {
  return document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** What an act needs when it is come to: the export's preview, the work at home. */
function lookAhead({ route, session: head }, before) {
  const came = route.act !== before.route.act || route.name !== before.route.name || head?.session_id !== before.session?.session_id;
  if (!came) return;
  if (route.act === "deliver" && head) lookAtExport(store);
  if (route.name === "start") learnWork(store);
}

/** A button that awaits an answer keeps the focus and does nothing. */
function ignoreBusy(event) {
  if (event.target.closest?.("[aria-disabled=true]")) event.stopImmediatePropagation();
}

function followAddress() {
  const route = parseRoute(location.hash);
  store.dispatch({ type: "route.changed", route });
  follower.follow(route.name === "session" ? route.sessionId : null);
}

main.append(start, session, keys, signInAgain);
for (const [name, answer] of Object.entries(WISHES)) addEventListener(name, (event) => answer(event.detail, event));
store.watch(draw);
store.watch(() => reader.keepUp());
store.watch(() => reviewer.keepUp());
store.watch(() => insights.keepUp());
store.watch((state, before) => health.keepUp(state, before));
store.watch((state, before) => state.session?.session_id !== before.session?.session_id && state.session && writer.restore());
store.watch((state, before) => lookAhead(state, before));
store.watch((state, before) => state.plan !== before.plan && rememberPlan(state.plan));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => store.dispatch({ type: "theme.chosen", theme: seenTheme() }));
setInterval(sayAloud, SAY_EVERY_MS);
addEventListener("click", ignoreBusy, true);
addEventListener("hashchange", followAddress);

store.dispatch({ type: "theme.chosen", theme: seenTheme() });
store.dispatch({ type: "recent.changed", recent: recentSessions() });
const plan = rememberedPlan();
if (plan) store.dispatch({ type: "plan.remembered", plan });
learnServer(store);
learnWork(store);
followAddress();
