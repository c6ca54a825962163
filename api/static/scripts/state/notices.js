// Short messages above the page: {id, kind: "error"|"info", message, hint, pages}. At most five; the same message
// is not stacked. A refusal stays until it is dismissed; what is only told goes with the place where it was told (for
// what is told on the way, `pages: 0`, the next place).

const MAX_NOTICES = 5;
const LAST_PAGE = 1;

/** `lost`: the server is known to be out of reach, which stands above the page already. */
export function reduceNotices(notices, event, route, lost) {
  switch (event.type) {
    case "notice.told":
      return lost && event.notice.code === "unreachable" ? notices : withNotice(notices, event.notice);
    case "route.changed":
      return isSamePlace(route, event.route) ? notices : left(notices);
    case "notice.dismissed":
      return notices.filter((notice) => notice.id !== event.id);
    default:
      return notices;
  }
}

function withNotice(notices, notice) {
  if (notices.some((one) => one.message === notice.message)) return notices;
  const id = 1 + Math.max(0, ...notices.map((one) => one.id));
  return [...notices, { hint: "", pages: LAST_PAGE, ...notice, id }].slice(-MAX_NOTICES);
}

function left(notices) {
  return notices.filter((notice) => notice.kind === "error" || notice.pages < LAST_PAGE).map((notice) => ({ ...notice, pages: notice.pages + 1 }));
}

/** To open a hunt, or to step to the next, is not to go elsewhere. */
function isSamePlace(one, other) {
  return one.name === other.name && one.sessionId === other.sessionId && one.act === other.act;
}
