// Single hunts: loading the one that is open, moving from one to the next, searching, judging again, cancelling.

import { neighbour, visibleHunts } from "../hunts/visible.js";
import { huntAddress, parseRoute, sessionAddress } from "../router.js";
import { counted } from "../state/announcements.js";
import { isBehind } from "../state/open-hunt.js";
import { chosenConfirm, judgesOrder } from "../state/second-opinions.js";
import { judgeOrder } from "../state/targets.js";
import { cancelHunt, confirmHunts, huntPages, judgeAgain, readHunt } from "../wire/api.js";
import { newId, problemOf } from "../wire/request.js";
import { perform } from "./action.js";
import { replaceAddress } from "./dialogs.js";
import { showInfo } from "./notices.js";

const MAX_CONFIRMED_HUNTS = 200; // of one request

/** Loads the hunt that is open in the side panel, and loads it again when it has changed. */
export class HuntLoader {
  #store;
  #loading = "";

  constructor(store) {
    this.#store = store;
  }

  /** Called after every change of the state. */
  async update() {
    const { detail, session, hunts } = this.#store.state;
    const row = hunts.byId.get(detail.huntId);
    const needed = detail.huntId && session && !detail.problem && (!detail.hunt || isBehind(detail, row));
    const wanted = needed ? `${detail.huntId} ${row?.status} ${row?.judgings} ${row?.verdicts.length} ${row?.confirmation} ${row?.votes?.length}` : "";
    if (this.#loading === wanted) return;
    this.#loading = wanted;
    if (wanted) await this.#load(session.session_id, detail.huntId);
  }

  async #load(sid, huntId) {
    try {
      this.#store.dispatch({ type: "detail.read", hunt: await readHunt(sid, huntId) });
    } catch (failure) {
      this.#store.dispatch({ type: "detail.failed", huntId, problem: problemOf(failure) });
    }
  }
}

/** Back to the table. Hunts that were opened one after the other leave one entry in the browser's history. */
export function closeHunt(store) {
  return replaceAddress(sessionAddress(store.state.route.sessionId));
}

/** Opens the next (1) or previous (-1) hunt of the table. When keys are pressed quickly the address is ahead of the state. */
export function stepHunt(store, step) {
  const { detail, session } = store.state;
  const { huntId } = parseRoute(location.hash);
  const next = neighbour(visibleHunts(store.state), huntId ?? detail.huntId, step);
  return next && replaceAddress(huntAddress(session.session_id, next.hunt_id));
}

/** Shows the hunts whose reply contains `words`. Whole replies are loaded for the first search, and again when there are more. */
export function searchReplies(store, words) {
  store.dispatch({ type: "view.changed", view: { search: words } });
  const { hunts, texts, session: { session_id: sid, turn } } = store.state;
  if (!words.trim() || texts.size >= hunts.byId.size) return undefined;
  return perform(store, "search", async () => {
    for await (const page of huntPages(sid, { texts: true, turn: turn ?? 1 })) {
      store.dispatch({ type: "texts.read", texts: page.map((hunt) => [hunt.hunt_id, hunt.response ?? ""]), sid });
    }
  });
}

/** Has a reply judged again, on `criterionIds` or on all criteria. */
export function rejudge(store, { huntId, criterionIds = [] }) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan } = store.state;
  return perform(store, `rejudge ${huntId}`, async () => {
    const hunt = await judgeAgain(sid, huntId, criterionIds, judgeOrder(plan, defaultJudge), newId());
    store.dispatch({ type: "hunts.changed", hunts: [hunt], sid });
  });
}

/** Asks the plan’s other judges about stored replies. Confirmations arrive as events. */
export function confirmBreaks(store, huntIds) {
  const { session: { session_id: sid, default_judge: defaultJudge }, plan, server } = store.state;
  const { policy, judges, cap } = chosenConfirm(plan, defaultJudge, server);
  const order = { judges: judgesOrder(plan, judges), policy: policy === "all" ? "all" : "pivotal", cap };
  return perform(store, "confirm", async () => {
    const skipped = [];
    for (let start = 0; start < huntIds.length; start += MAX_CONFIRMED_HUNTS) {
      const answer = await confirmHunts(sid, huntIds.slice(start, start + MAX_CONFIRMED_HUNTS), order, newId());
      skipped.push(...Object.values(answer.skipped));
    }
    if (skipped.length) showInfo(store, `${skipped.length} of ${counted(huntIds.length, "hunt")} ${skipped.length === 1 ? "is" : "are"} left out: ${[...new Set(skipped)].join(" ")}`);
  });
}

export function stopHunt(store, huntId) {
  const { session_id: sid } = store.state.session;
  return perform(store, `stop ${huntId}`, async () => {
    store.dispatch({ type: "hunts.changed", hunts: [await cancelHunt(sid, huntId)], sid });
  });
}
