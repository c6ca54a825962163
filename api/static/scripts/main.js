// Starts the page: the state, the elements that show it, and the handlers for what the elements emit.

import { reloadOnUserChange } from "./actions/account.js";
import { DraftSaver } from "./actions/draft.js";
import { loadPreview } from "./actions/export.js";
import { createHandlers } from "./actions/handlers.js";
import { SharingLoader } from "./actions/sharing.js";
import { HuntLoader } from "./actions/hunts.js";
import { ReviewSaver } from "./actions/reviews.js";
import { RunStarter } from "./actions/runs.js";
import { SecondReviewLoader } from "./actions/second-review.js";
import { SelectionSaver } from "./actions/selection.js";
import { HealthPoller, loadServerInfo, loadSummaries, watchRecentSessions } from "./actions/server.js";
import { SessionSync } from "./actions/session-sync.js";
import { statisticsLoaders } from "./actions/statistics.js";
import { TaskListLoader } from "./actions/tasks.js";
import { followSystemTheme } from "./actions/theme.js";
import { reportProgress } from "./announcer.js";
import { createView } from "./elements/view.js";
import { parseRoute } from "./router.js";
import { listenForShortcuts } from "./shortcuts.js";
import { initialState, reduce } from "./state/page.js";
import { recentSessions, storedPlan, storePlan } from "./browser-storage.js";
import { Store } from "./store.js";

const store = new Store(reduce, initialState());
const view = createView(document);
const sync = new SessionSync(store);
const draft = new DraftSaver(store, sync);
const reviews = new ReviewSaver(store, sync);
const hunts = new HuntLoader(store);
const health = new HealthPoller(store);
const taskList = new TaskListLoader(store);
const handlers = createHandlers(store, {
  sync, draft, reviews, health, taskList, selection: new SelectionSaver(store, sync), starter: new RunStarter(store, draft), signInDialog: view.signInDialog,
});

store.watch((state, before) => view.update(state, before));
store.watch((state, before) => health.update(state, before));
for (const loader of [sync, hunts, reviews, taskList, new SecondReviewLoader(store), new SharingLoader(store), ...statisticsLoaders(store)]) store.watch(() => loader.update());
store.watch((state, before) => state.session && state.session.session_id !== before.session?.session_id && draft.restore());
store.watch(loadForPage);
store.watch((state, before) => state.plan !== before.plan && storePlan(state.plan));

for (const [name, handle] of Object.entries(handlers)) addEventListener(name, (event) => handle(event.detail, event));
addEventListener("hashchange", openAddress);
listenForShortcuts();
followSystemTheme(store);
reportProgress(store);
reloadOnUserChange(store);

store.dispatch({ type: "recent.changed", recent: recentSessions() });
const plan = storedPlan();
if (plan) store.dispatch({ type: "plan.remembered", plan });
loadServerInfo(store);
loadSummaries(store);
watchRecentSessions(store);
openAddress();

function openAddress() {
  const route = parseRoute(location.hash);
  store.dispatch({ type: "route.changed", route });
  sync.open(route.name === "session" ? route.sessionId : null);
  if (route.cardId || route.runId) store.dispatch({ type: "route.changed", route }); // leaving another task forgets what is open in it
}

/** What only one page needs is loaded when that page is opened. */
function loadForPage({ route, session }, before) {
  const opened = route.step !== before.route.step || route.name !== before.route.name || session?.session_id !== before.session?.session_id;
  if (opened && route.step === "deliver" && session) loadPreview(store);
  if (opened && route.name === "start") loadSummaries(store);
}
