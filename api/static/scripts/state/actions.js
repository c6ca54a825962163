// Actions in progress or failed, by name (load, check, start, …): {busy, problem}. A problem is {code, message, hint}.

const IDLE = { busy: false, problem: null };

/** The state after `action.started`, `action.done`, `action.failed` {problem} or `action.cleared`, each with {action}. */
export function reduceActions(actions, event) {
  switch (event.type) {
    case "action.started":
      return { ...actions, [event.action]: { busy: true, problem: null } };
    case "action.done":
    case "action.cleared":
      return { ...actions, [event.action]: IDLE };
    case "action.failed":
      return { ...actions, [event.action]: { busy: false, problem: event.problem } };
    case "session.left":
      return {};
    default:
      return actions;
  }
}

export function actionOf(actions, name) {
  return actions[name] ?? IDLE;
}
