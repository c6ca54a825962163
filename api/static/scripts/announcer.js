// Progress for screen readers, at most once every INTERVAL_MS, since reading takes time.

import { setText } from "./dom.js";
import { checkSentence, progressSentence } from "./state/announcements.js";

const INTERVAL_MS = 4000;

export function reportProgress(store) {
  setInterval(() => {
    const { session, lostSince } = store.state;
    if (!session || lostSince !== null) return;
    setText(document.getElementById("announcer"), [checkSentence(session.check), progressSentence(session)].filter(Boolean).join(" "));
  }, INTERVAL_MS);
}
