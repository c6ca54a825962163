// My work: what the server says of the sessions that this browser remembers. What has ended is forgotten.

import { forgetSession } from "../memory.js";
import { readSummaries } from "../wire/api.js";
import { problemOf } from "../wire/request.js";

export async function learnWork(store) {
  const ids = store.state.recent.map((one) => one.id);
  if (store.state.route.name !== "start" || ids.length === 0) return;
  try {
    const work = await readSummaries(ids);
    for (const one of work) if (one.gone) store.dispatch({ type: "recent.changed", recent: forgetSession(one.session_id) });
    store.dispatch({ type: "work.read", work: work.filter((one) => !one.gone) });
  } catch (failure) {
    store.dispatch({ type: "notice.told", notice: { kind: "error", ...problemOf(failure) } });
  }
}
