// Edits of the task that the server has not confirmed yet. The page shows the server's task with these edits applied, so nothing is
// replaced while it is being typed.
//
// `saving`: saved | dirty (typed, not sent) | saving | offline (stored in this browser) | failed | conflict.

const MAX_UNDO = 50;
const SAME_BURST_MS = 1500;

export function emptyDraft() {
  return { edits: {}, sent: null, saving: "saved", problem: null, theirs: null, undo: [], burst: null, otherTabs: [] };
}

/**
 * The state after an event:
 * `draft.typed` {field, value, before, at}: a field changes (before: its value until now; at: milliseconds);
 * `draft.undone`: the last edit is undone;
 * `draft.sent` {edits} · `draft.saved` {snapshot} · `draft.offline` · `draft.failed` {problem};
 * `draft.conflict` {theirs}: a field that was edited here was changed on the server too;
 * `draft.resolved` {keep: "mine"|"theirs"}: the user's choice;
 * `draft.restored` {edits}: edits that this browser had stored · `draft.other_tabs` {texts}: unsaved texts of other open tabs · `session.left`.
 */
export function reduceDraft(draft, event) {
  switch (event.type) {
    case "draft.typed":
      return withEdit(draft, event);
    case "draft.undone":
      return withUndo(draft);
    case "draft.sent":
      return { ...draft, sent: event.edits, saving: "saving", problem: null };
    case "draft.saved":
      return afterSaving(draft);
    case "draft.offline":
      return { ...draft, sent: null, saving: "offline" };
    case "draft.failed":
      return { ...draft, sent: null, saving: "failed", problem: event.problem };
    case "draft.conflict":
      return { ...draft, sent: null, saving: "conflict", theirs: event.theirs };
    case "draft.resolved":
      return afterResolving(draft, event.keep);
    case "draft.restored":
      return { ...draft, edits: { ...event.edits, ...draft.edits }, saving: "dirty" };
    case "draft.other_tabs":
      return { ...draft, otherTabs: event.texts };
    case "session.left":
      return emptyDraft();
    default:
      return draft;
  }
}

function withEdit(draft, { field, value, before, at }) {
  const continuesBurst = draft.burst?.field === field && at - draft.burst.at < SAME_BURST_MS && field !== "criteria";
  const undo = continuesBurst ? draft.undo : [...draft.undo, { field, value: before }].slice(-MAX_UNDO);
  return { ...draft, edits: { ...draft.edits, [field]: value }, undo, burst: { field, at }, saving: savingAfterTyping(draft) };
}

function withUndo(draft) {
  const step = draft.undo.at(-1);
  if (!step) return draft;
  const edits = { ...draft.edits, [step.field]: step.value };
  return { ...draft, edits, undo: draft.undo.slice(0, -1), burst: null, saving: savingAfterTyping(draft) };
}

/** A conflict or a request in progress stays visible while the user types. */
function savingAfterTyping(draft) {
  return draft.saving === "conflict" || draft.saving === "saving" ? draft.saving : "dirty";
}

/** What was sent is saved; what was typed in the meantime is not. */
function afterSaving(draft) {
  const sent = draft.sent ?? {};
  const edits = Object.fromEntries(Object.entries(draft.edits).filter(([field, value]) => sent[field] !== value));
  return { ...draft, edits, sent: null, theirs: null, problem: null, saving: Object.keys(edits).length ? "dirty" : "saved" };
}

function afterResolving(draft, keep) {
  if (keep === "mine") return { ...draft, theirs: null, saving: "dirty" };
  const clashing = new Set(clashes(draft.edits, draft.theirs));
  const edits = Object.fromEntries(Object.entries(draft.edits).filter(([field]) => !clashing.has(field)));
  return { ...draft, edits, theirs: null, saving: Object.keys(edits).length ? "dirty" : "saved" };
}

/** The task as the page shows it. */
export function draftedTask(task, draft) {
  return Object.keys(draft.edits).length ? { ...task, ...draft.edits } : task;
}

/**
 * Fields that were edited here and on the server, to different values. `base`: the task that was edited here; without it every edited
 * field counts.
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
