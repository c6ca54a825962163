// What the trainer has typed on the task and the server has not confirmed yet. The task that is shown is the
// server's with these edits on top, so nothing typed is ever replaced under the trainer's hands.
//
// `saving`: saved | dirty (typed, not sent) | saving | offline (kept in this browser) | failed | conflict.

const MAX_UNDO = 50;
const SAME_BURST_MS = 1500;

export function emptyDraft() {
  return { edits: {}, sent: null, saving: "saved", problem: null, theirs: null, undo: [], burst: null };
}

/**
 * The state after an event:
 * `draft.typed` {field, value, before, at}: a field becomes another (before: what stood there; at: milliseconds);
 * `draft.undone`: back to before the last step;
 * `draft.sent` {edits} · `draft.saved` {snapshot} · `draft.offline` · `draft.failed` {problem};
 * `draft.conflict` {theirs}: the server's task has other words in a field that was edited here;
 * `draft.settled` {keep: "mine"|"theirs"}: the trainer has chosen;
 * `draft.restored` {edits}: what this browser had kept · `session.left`.
 */
export function reduceDraft(draft, event) {
  switch (event.type) {
    case "draft.typed":
      return typed(draft, event);
    case "draft.undone":
      return undone(draft);
    case "draft.sent":
      return { ...draft, sent: event.edits, saving: "saving", problem: null };
    case "draft.saved":
      return confirmed(draft);
    case "draft.offline":
      return { ...draft, sent: null, saving: "offline" };
    case "draft.failed":
      return { ...draft, sent: null, saving: "failed", problem: event.problem };
    case "draft.conflict":
      return { ...draft, sent: null, saving: "conflict", theirs: event.theirs };
    case "draft.settled":
      return settled(draft, event.keep);
    case "draft.restored":
      return { ...draft, edits: { ...event.edits, ...draft.edits }, saving: "dirty" };
    case "session.left":
      return emptyDraft();
    default:
      return draft;
  }
}

function typed(draft, { field, value, before, at }) {
  const goesOn = draft.burst?.field === field && at - draft.burst.at < SAME_BURST_MS && field !== "criteria";
  const undo = goesOn ? draft.undo : [...draft.undo, { field, value: before }].slice(-MAX_UNDO);
  return { ...draft, edits: { ...draft.edits, [field]: value }, undo, burst: { field, at }, saving: waiting(draft) };
}

function undone(draft) {
  const step = draft.undo.at(-1);
  if (!step) return draft;
  const edits = { ...draft.edits, [step.field]: step.value };
  return { ...draft, edits, undo: draft.undo.slice(0, -1), burst: null, saving: waiting(draft) };
}

/** While a conflict waits for a word, or a request is under way, typing does not hide that. */
function waiting(draft) {
  return draft.saving === "conflict" || draft.saving === "saving" ? draft.saving : "dirty";
}

/** What was sent is the server's now; what was typed meanwhile is still ours. */
function confirmed(draft) {
  const sent = draft.sent ?? {};
  const edits = Object.fromEntries(Object.entries(draft.edits).filter(([field, value]) => sent[field] !== value));
  return { ...draft, edits, sent: null, theirs: null, problem: null, saving: Object.keys(edits).length ? "dirty" : "saved" };
}

function settled(draft, keep) {
  if (keep === "mine") return { ...draft, theirs: null, saving: "dirty" };
  const clashing = new Set(clashes(draft.edits, draft.theirs));
  const edits = Object.fromEntries(Object.entries(draft.edits).filter(([field]) => !clashing.has(field)));
  return { ...draft, edits, theirs: null, saving: Object.keys(edits).length ? "dirty" : "saved" };
}

/** The task as the trainer sees it. */
export function draftedTask(task, draft) {
  return Object.keys(draft.edits).length ? { ...task, ...draft.edits } : task;
}

/**
 * Fields that were edited here and there, to different words. `base` is the task that the edits were made on; without
 * it every edited field counts.
 */
export function clashes(edits, theirs, base = null) {
  return Object.keys(edits).filter((field) => {
    const changedThere = base === null || !same(theirs[field], base[field]);
    return changedThere && !same(edits[field], theirs[field]);
  });
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
