// The hunt that is open in the side panel: {huntId, hunt, problem, plain, text}. `hunt` is null until it is loaded; `text` is what has
// come of its reply while it is written, {response, reasoning, truncated}, null before its call.

export function emptyDetail() {
  return { huntId: null, hunt: null, problem: null, plain: false, text: null };
}

export function reduceDetail(detail, event) {
  switch (event.type) {
    case "route.changed":
      return withHunt(detail, event.route.huntId ?? null);
    case "detail.read":
      return event.hunt.hunt_id === detail.huntId ? { ...detail, hunt: event.hunt, problem: null } : detail;
    case "detail.failed":
      return event.huntId === detail.huntId ? { ...detail, problem: event.problem } : detail;
    case "connection.changed":
      return event.connection === "reconnecting" ? detail : withoutPassingProblem(detail);
    case "hunt.text":
      return event.delta.hunt_id === detail.huntId ? { ...detail, text: extended(detail.text, event.delta) } : detail;
    case "detail.plain":
      return { ...detail, plain: event.plain };
    case "session.left":
      return emptyDetail();
    default:
      return detail;
  }
}

function withHunt(detail, huntId) {
  return huntId === detail.huntId ? detail : { ...emptyDetail(), huntId, plain: detail.plain };
}

/** A hunt that could not be loaded while the server was unreachable is loaded again. */
function withoutPassingProblem(detail) {
  return detail.problem?.code === "unreachable" ? { ...detail, problem: null } : detail;
}

/** Whether the panel's hunt is older than the table's. */
export function isBehind(detail, row) {
  if (!detail.huntId || !detail.hunt || !row) return false;
  return detail.hunt.confirmation !== row.confirmation || detail.hunt.votes?.length !== row.votes?.length || detail.hunt.status !== row.status || (detail.hunt.judgings ?? 1) !== (row.judgings ?? 1) || detail.hunt.verdicts.length !== row.verdicts.length;
}

function extended(text, { restart, response, reasoning, truncated }) {
  const before = restart || !text ? { response: "", reasoning: "" } : text;
  return { response: before.response + response, reasoning: before.reasoning + reasoning, truncated };
}

/** The text of the open hunt while it is written, until its reply has been loaded; else null. `row`: the hunt as the table knows it. */
export function growingText(detail, row) {
  const current = row ?? detail.hunt;
  const inFlight = current?.status === "calling" || (current?.status === "judging" && !detail.hunt?.response);
  return inFlight ? detail.text : null;
}

/** The hunt whose text the event stream should have: the open one from before its call until the panel shows another; else null. */
export function textToWatch({ detail, hunts }, watched) {
  const status = (hunts.byId.get(detail.huntId) ?? detail.hunt)?.status;
  if (!detail.huntId) return null;
  return status === "queued" || status === "calling" || watched === detail.huntId ? detail.huntId : null;
}

/** What is happening with the reply, for people; "" once there is one. */
export function replyProgress(text, row) {
  if (row?.status === "queued") return "Queued.";
  if (row?.status === "judging") return text ? "The reply is written. The judge is reading it." : "";
  if (row?.status !== "calling") return "";
  if (row.attempts > 1 && !text?.response && !text?.reasoning) return `Attempt ${row.attempts}: waiting for the reply.`;
  if (text?.response) return "The model is writing …";
  return text?.reasoning ? "The model is thinking …" : "Waiting for the reply.";
}
