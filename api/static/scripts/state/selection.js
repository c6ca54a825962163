// The selection: hunt IDs in slot order.

/** The selection after {add}, {remove}, {move, step} or {place, slot} (slots count from 0; the hunts from there on move down). */
export function selectionAfter(ids, { add, remove, move, step = 0, place, slot = 0 }) {
  if (add) return ids.includes(add) ? ids : [...ids, add];
  if (remove) return ids.filter((id) => id !== remove);
  if (place) return ids.filter((id) => id !== place).toSpliced(slot, 0, place);
  const at = ids.indexOf(move);
  const to = at + step;
  if (at < 0 || to < 0 || to >= ids.length) return ids;
  return ids.toSpliced(at, 1).toSpliced(to, 0, move);
}

/** Why a hunt cannot be selected, "" if it can. */
export function whyNotSelectable(hunt, session) {
  if (session.reader) return "Only the owner selects hunts.";
  if (session.revealed) return "The verdicts have been revealed; the selection is fixed.";
  if (hunt.kind === "trial") return "This was a trial. Only hunts of a run can be delivered.";
  if (hunt.status !== "done") return "This hunt is still running.";
  if (hunt.outcome !== "broke" && hunt.outcome !== "held") return "Only hunts that broke or held can be delivered.";
  return "";
}

/** Why no selection can be proposed, "" if one can: without a break there is nothing to deliver. */
export function whyNoProposal(hunts, { selection, turn }) {
  const here = [...hunts.byId.values()].filter((hunt) => hunt.kind !== "trial" && (hunt.turn ?? 1) === (turn ?? 1));
  const decided = here.filter((hunt) => hunt.outcome === "broke" || hunt.outcome === "held");
  if (decided.length === 0) return "No hunt has broken or held yet.";
  return selection.least_breaks > 0 && !decided.some((hunt) => hunt.outcome === "broke") ? "No hunt has broken yet: there is nothing to propose." : "";
}
