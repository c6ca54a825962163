// The two-sided check: have edits proposed, save one, have them judged. Their progress arrives with the session's events.

import { judgeOrder } from "../state/targets.js";
import { proposeEdits as requestEdits, startTwoSidedCheck, writeEdit } from "../wire/api.js";
import { newId } from "../wire/request.js";
import { perform } from "./action.js";

/** Has `model` propose edits for `criterionIds`, or for all criteria without one, after typed text is saved. */
export function proposeEdits(store, draft, { model, criterionIds = [] }) {
  const { session_id: sid } = store.state.session;
  return perform(store, "propose-edits", async () => {
    await draft.flush();
    await requestEdits(sid, model, criterionIds, newId());
  });
}

/** The edits that are being saved, one after the other: leaving one text field and pressing a button are one click. */
let saved = Promise.resolve();

/** Saves the user's own edit. The unchanged reference response removes it. */
export function saveEdit(store, { criterionId, text }) {
  const { session_id: sid, task } = store.state.session;
  const isEdit = text.trim() !== task.response.trim();
  saved = saved.then(() => perform(store, "save-edit", () => writeEdit(sid, criterionId, isEdit ? text : ""), sid));
  return saved;
}

export function checkTwoSided(store, draft) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan } = store.state;
  return perform(store, "check-two-sided", async () => {
    await Promise.all([draft.flush(), saved]);
    await startTwoSidedCheck(sid, judgeOrder(plan, defaultJudge), newId());
  });
}
