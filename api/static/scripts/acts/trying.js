// Tuning: one hunt that does not count, judging again, cancelling one hunt, the reference on single criteria.

import { cancelHunt, judgeAgain, startCheck, startTrial } from "../wire/api.js";
import { perform } from "./act.js";

export function tryOnce(store, writer, model) {
  const { session, plan } = store.state;
  return perform(store, "try", async () => {
    await writer.flush();
    await startTrial(session.session_id, { model, judge: plan.judge }, crypto.randomUUID());
  });
}

/** Has a hunt's reply judged again, on `criterionIds` or on all criteria. */
export function rejudge(store, { huntId, criterionIds = [] }) {
  const { session: { session_id: sid }, plan } = store.state;
  return perform(store, `rejudge ${huntId}`, async () => {
    const hunt = await judgeAgain(sid, huntId, criterionIds, plan.judge, crypto.randomUUID());
    store.dispatch({ type: "hunts.rejudged", hunt, sid });
  });
}

export function stopHunt(store, huntId) {
  const { session_id: sid } = store.state.session;
  return perform(store, `stop ${huntId}`, async () => {
    store.dispatch({ type: "hunts.changed", hunts: [await cancelHunt(sid, huntId)], sid });
  });
}

/** Has the reference judged, after what was typed is saved; on `criterionIds` or on all criteria. */
export function checkReference(store, writer, criterionIds = []) {
  const { session: { session_id: sid }, plan } = store.state;
  return perform(store, "check", async () => {
    await writer.flush();
    const { check } = await startCheck(sid, plan.judge, criterionIds);
    store.dispatch({ type: "check.changed", check, sid });
  });
}
