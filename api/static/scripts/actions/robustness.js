// The robustness report: start and stop it. Its progress arrives with the session's events.

import { judgeOrder } from "../state/targets.js";
import { startRobustness, stopRobustness as requestStop } from "../wire/api.js";
import { newId } from "../wire/request.js";
import { perform } from "./action.js";

export function testRobustness(store, draft, { replies }) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan } = store.state;
  return perform(store, "test-robustness", async () => {
    await draft.flush();
    await startRobustness(sid, { ...judgeOrder(plan, defaultJudge), replies }, newId());
  });
}

export function stopRobustness(store) {
  const { session_id: sid } = store.state.session;
  return perform(store, "test-robustness", () => requestStop(sid), sid);
}
