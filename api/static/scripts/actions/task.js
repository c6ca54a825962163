// The task and the session's settings, apart from typed text (draft.js): pass rule, criteria to confirm, reference check, trials, turns.

import { sessionAddress } from "../router.js";
import { judgeOrder } from "../state/targets.js";
import { changeSettings, changeTask, readSession, startCheck, startTrial, startTurn, undoTurn } from "../wire/api.js";
import { newId, Problem } from "../wire/request.js";
import { perform } from "./action.js";
import { replaceAddress } from "./dialogs.js";

export function changePassRule(store, sync, rule) {
  return change(store, sync, "rule", changeTask, { pass_rule: rule });
}

/** Accepts the criteria that were recovered from a broken list. */
export function confirmCriteria(store, sync) {
  const { proposed_criteria: proposed } = store.state.session;
  return change(store, sync, "criteria", changeTask, { criteria: proposed.map(({ id, text }) => ({ id, text })) });
}

/** Settings of the session: visibility, slots, minimum number of breaks, whether the reference check is required. */
export function changeSessionSettings(store, sync, settings) {
  return change(store, sync, "settings", changeSettings, settings);
}

/** For changes that do not depend on the value before: if the session has changed in the meantime they are sent again. */
function change(store, sync, name, send, body) {
  const { session_id: sid, version } = store.state.session;
  return perform(store, name, async () => sync.apply(await sendWithLatestVersion(send, sid, version, body)));
}

async function sendWithLatestVersion(send, sid, version, body) {
  try {
    return await send(sid, version, body);
  } catch (failure) {
    if (!(failure instanceof Problem) || failure.code !== "conflict") throw failure;
    return send(sid, (await readSession(sid)).version, body);
  }
}

/** Has the reference judged, after typed text is saved; on `criterionIds` or on all criteria. */
export function checkReference(store, draft, criterionIds = []) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan } = store.state;
  return perform(store, "check", async () => {
    await draft.flush();
    const { check } = await startCheck(sid, judgeOrder(plan, defaultJudge), criterionIds);
    store.dispatch({ type: "check.changed", check, sid });
  });
}

/** Starts a trial of {model, parameters}: one hunt that does not count. */
export function runTrial(store, draft, target) {
  const { session, plan } = store.state;
  return perform(store, "try", async () => {
    await draft.flush();
    await startTrial(session.session_id, { ...target, judge: judgeOrder(plan, session.default_judge) }, newId());
  });
}

/** Starts another turn: the chosen reply becomes part of the conversation, followed by a new prompt with new criteria. */
export async function beginTurn(store, sync, turn) {
  const { session_id: sid } = store.state.session;
  const opened = await openTurn(store, sync, "turn", () => startTurn(sid, turn, newId()));
  if (opened) await replaceAddress(sessionAddress(sid, "task")); // replaces the dialog's address
}

export function undoLastTurn(store, sync) {
  const { session_id: sid, turn } = store.state.session;
  return openTurn(store, sync, "undo-turn", () => undoTurn(sid, turn));
}

/** Whether `send` succeeded and its session is still open. */
async function openTurn(store, sync, name, send) {
  const { session_id: sid } = store.state.session;
  const snapshot = await perform(store, name, send);
  if (!snapshot || store.state.route.sessionId !== sid) return false;
  sync.apply(snapshot);
  sync.refresh();
  return true;
}
