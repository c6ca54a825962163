// Short messages above the page: {id, kind: "error"|"info", message, hint, pages}. At most five, each message once. An error stays until it
// is dismissed; an info disappears when the page is left (with `pages: 0`, when the page after it is left).

const MAX_NOTICES = 5;
const LAST_PAGE = 1;

/** `lost`: the server is unreachable, which the banner already says. */
export function reduceNotices(notices, event, route, lost) {
  switch (event.type) {
    case "notice.added":
      return lost && event.notice.code === "unreachable" ? notices : withNotice(notices, event.notice);
    case "route.changed":
      return isSamePage(route, event.route) ? notices : afterLeavingPage(notices);
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

function afterLeavingPage(notices) {
  return notices.filter((notice) => notice.kind === "error" || notice.pages < LAST_PAGE).map((notice) => ({ ...notice, pages: notice.pages + 1 }));
}

/** Opening a hunt does not leave the page. */
function isSamePage(one, other) {
  return one.name === other.name && one.sessionId === other.sessionId && one.step === other.step;
}
