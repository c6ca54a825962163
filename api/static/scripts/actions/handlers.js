// What happens when an element emits an event: one row per event. `emit(element, name, detail)` (dom.js) calls the handler with `detail`.

import { resumeAfterSignIn, signOutAndLeave } from "./account.js";
import { closeDialog, openDialog, replaceAddress } from "./dialogs.js";
import { downloadNotebook, editTemplate, loadPreview } from "./export.js";
import { comment, endReading, give, removeComment } from "./sharing.js";
import { closeHunt, confirmBreaks, rejudge, searchReplies, stepHunt, stopHunt } from "./hunts.js";
import { loadBlank, loadExample, loadFile, loadJson, loadUrl } from "./load.js";
import { addModel, loadJudges, retryRun, stopRun, swapModel } from "./runs.js";
import { beginTurn, changePassRule, changeSessionSettings, checkReference, confirmCriteria, runTrial, undoLastTurn } from "./task.js";
import { ask, finish, settle, withdraw } from "./second-review.js";
import { showInfo } from "./notices.js";
import { chooseTheme } from "./theme.js";
import { stopRobustness, testRobustness } from "./robustness.js";
import { archive, deleteTask } from "./tasks.js";
import { checkTwoSided, proposeEdits, saveEdit } from "./two-sided.js";
import { cardAddress, huntAddress, sessionAddress } from "../router.js";
import { isReader, readerWords } from "../state/session.js";

/** Events that change the open task. */
const CHANGES = new Set([
  "type", "undo", "resolve-conflict", "change-pass-rule", "confirm-criteria", "check-reference", "propose-edits", "save-edit", "check-two-sided",
  "test-robustness", "stop-robustness", "run-trial", "begin-turn", "undo-turn", "change-settings", "start-run", "cancel-run", "retry-errors",
  "rejudge", "confirm-breaks", "stop-hunt", "change-selection", "propose-selection", "mark", "explain", "resolve-review-conflict", "reveal",
  "ask-reviewer", "withdraw-second-review", "settle", "give", "edit-template",
]);

/** {event name: handler(detail, event)}. A reader of the task, whose changes the server refuses, is told so. */
export function createHandlers(store, { sync, draft, reviews, selection, starter, health, taskList, signInDialog }) {
  const dispatch = (type, payload) => store.dispatch({ type, ...payload });
  const handlers = {
    // start page
    "load-file": (file) => loadFile(store, file),
    "load-url": (url) => loadUrl(store, url),
    "load-json": (text) => loadJson(store, text),
    "load-example": (name) => loadExample(store, name),
    "load-blank": () => loadBlank(store),
    "filter-tasks": (change) => dispatch("tasks.filtered", { change }),
    "more-tasks": () => taskList.more(),
    "archive-task": (wanted) => archive(store, wanted),
    "delete-task": (sid) => deleteTask(store, sid),
    // task
    "type": ({ field, value }) => draft.type(field, value),
    "undo": () => draft.undo(),
    "resolve-conflict": (keep) => draft.resolve(keep),
    "change-pass-rule": (rule) => changePassRule(store, sync, rule),
    "confirm-criteria": () => confirmCriteria(store, sync),
    "check-reference": (criterionIds) => checkReference(store, draft, criterionIds),
    "propose-edits": (wanted) => proposeEdits(store, draft, wanted),
    "save-edit": (edit) => saveEdit(store, edit),
    "check-two-sided": () => checkTwoSided(store, draft),
    "test-robustness": (wanted) => testRobustness(store, draft, wanted),
    "stop-robustness": () => stopRobustness(store),
    "run-trial": (target) => runTrial(store, draft, target),
    "begin-turn": (turn) => beginTurn(store, sync, turn),
    "undo-turn": () => undoLastTurn(store, sync),
    "change-settings": (settings) => changeSessionSettings(store, sync, settings),
    // plan of the next run
    "plan-model": (choice) => dispatch("plan.model", choice),
    "add-model": (choice) => addModel(store, choice),
    "plan-setting": (setting) => dispatch("plan.setting", setting),
    "swap-model": (models) => swapModel(store, models),
    "plan-hunts": (hunts) => dispatch("plan.hunts", { hunts }),
    "plan-judge": (judge) => dispatch("plan.judge", { judge }),
    "plan-judge-setting": (setting) => dispatch("plan.judge-setting", setting),
    "load-judges": (first) => loadJudges(store, first),
    "plan-confirm": (change) => dispatch("plan.confirm", { change }),
    "plan-allocation": (allocation) => dispatch("plan.allocation", { allocation }),
    "plan-stop": (stop) => dispatch("plan.stop", { stop }),
    "plan-override": (override) => dispatch("plan.override", { override }),
    // runs and hunts
    "start-run": (_, event) => starter.start(event.timeStamp),
    "cancel-run": (runId) => stopRun(store, runId),
    "retry-errors": (runId) => retryRun(store, runId),
    "view-change": (view) => dispatch("view.changed", { view }),
    "search-replies": (words) => searchReplies(store, words),
    "open-hunt": (huntId) => { location.hash = huntAddress(store.state.session.session_id, huntId); },
    "step-hunt": (step) => stepHunt(store, step),
    "close-hunt": () => closeHunt(store),
    "show-plain": (plain) => dispatch("detail.plain", { plain }),
    "rejudge": (wanted) => rejudge(store, wanted),
    "confirm-breaks": (huntIds) => confirmBreaks(store, huntIds),
    "stop-hunt": (huntId) => stopHunt(store, huntId),
    // selection and review
    "change-selection": (change) => selection.change(change),
    "propose-selection": () => selection.propose(),
    "open-card": (cardId) => replaceAddress(cardAddress(store.state.route.sessionId, cardId)),
    "mark": ({ cardId, criterionId, verdict }) => reviews.mark(cardId, criterionId, verdict),
    "explain": ({ cardId, explanation }) => reviews.explain(cardId, explanation),
    "resolve-review-conflict": ({ cardId, keep }) => reviews.resolve(cardId, keep),
    "reveal": () => reviews.reveal(),
    "ask-reviewer": (name) => ask(store, name),
    "withdraw-second-review": () => withdraw(store, sync),
    "finish-second-review": () => finish(store, reviews),
    "settle": (wanted) => settle(store, wanted),
    // sharing
    "give": (wanted) => give(store, wanted),
    "end-access": (name) => endReading(store, name),
    "comment": (wanted) => comment(store, wanted),
    "delete-comment": (commentId) => removeComment(store, commentId),
    // delivery
    "load-preview": (form) => loadPreview(store, form?.criteria),
    "edit-template": (template) => editTemplate(store, draft, template),
    "download": () => downloadNotebook(store),
    // page
    "go-to": (step) => store.state.session && location.assign(sessionAddress(store.state.session.session_id, step)),
    "open-dialog": (dialog) => openDialog(dialog),
    "close-dialog": (name) => closeDialog(store, name),
    "dismiss-notice": (id) => dispatch("notice.dismissed", { id }),
    "choose-theme": (theme) => chooseTheme(store, theme),
    "retry-connection": () => retryConnection(store, sync, health),
    "sign-out": () => signOutAndLeave(store, draft),
    "signed-out": () => signInDialog.open(store.state.server.who?.name),
    "signed-in": (who) => resumeAfterSignIn(store, sync, signInDialog, who),
  };
  for (const name of CHANGES) handlers[name] = exceptForReaders(store, handlers[name]);
  return handlers;
}

function exceptForReaders(store, handle) {
  return (detail, event) => (isReader(store.state) ? showInfo(store, readerWords(store.state.session)) : handle(detail, event));
}

/** Everything that waits for the server tries again now. */
function retryConnection(store, sync, health) {
  dispatchEvent(new Event("online"));
  health.poll();
  if (store.state.access === "unreachable") sync.refresh();
}
