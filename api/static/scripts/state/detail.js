// The hunt that is open in the side panel: {huntId, hunt, problem, plain}. `hunt` is null until it was read.

export function closedDetail() {
  return { huntId: null, hunt: null, problem: null, plain: false };
}

export function reduceDetail(detail, event) {
  switch (event.type) {
    case "route.changed":
      return opened(detail, event.route.huntId ?? null);
    case "detail.read":
      return event.hunt.hunt_id === detail.huntId ? { ...detail, hunt: event.hunt, problem: null } : detail;
    case "detail.failed":
      return event.huntId === detail.huntId ? { ...detail, problem: event.problem } : detail;
    case "connection.changed":
      return event.connection === "reconnecting" ? detail : askedAgain(detail);
    case "detail.plain":
      return { ...detail, plain: event.plain };
    case "session.left":
      return closedDetail();
    default:
      return detail;
  }
}

function opened(detail, huntId) {
  return huntId === detail.huntId ? detail : { ...closedDetail(), huntId, plain: detail.plain };
}

/** What could not be read because nobody answered is worth another try once somebody does. */
function askedAgain(detail) {
  return detail.problem?.code === "unreachable" ? { ...detail, problem: null } : detail;
}

/** Whether what the panel holds is behind what the table knows of that hunt. */
export function isBehind(detail, row) {
  if (!detail.huntId || !detail.hunt || !row) return false;
  return detail.hunt.status !== row.status || (detail.hunt.judgings ?? 1) !== (row.judgings ?? 1) || detail.hunt.verdicts.length !== row.verdicts.length;
}
