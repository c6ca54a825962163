// What the trainer asked for and has not been answered yet, or was refused: {load, check, start, …} by name.
// An act is {busy, problem}; a problem is {code, message, hint}.

const IDLE = { busy: false, problem: null };

/** The state after `act.began`, `act.done`, `act.failed` {problem} or `act.cleared`, each with {act}. */
export function reduceActs(acts, event) {
  switch (event.type) {
    case "act.began":
      return { ...acts, [event.act]: { busy: true, problem: null } };
    case "act.done":
    case "act.cleared":
      return { ...acts, [event.act]: IDLE };
    case "act.failed":
      return { ...acts, [event.act]: { busy: false, problem: event.problem } };
    case "session.left":
      return {};
    default:
      return acts;
  }
}

export function actOf(acts, name) {
  return acts[name] ?? IDLE;
}
