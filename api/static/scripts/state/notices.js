// Short messages above the page: {id, kind: "error"|"info", message, hint, pages}. At most five; the same message is
// not stacked. A refusal stays until it is dismissed; what is only told goes when one has gone on to another place.

const MOST_NOTICES = 5;
/** The place where it was told, which may itself be on the way to another, and the next one. */
const PAGES_TO_READ_IT = 1;

export function reduceNotices(notices, event) {
  switch (event.type) {
    case "notice.told":
      return told(notices, event.notice);
    case "route.changed":
      return notices.filter((notice) => notice.kind === "error" || notice.pages < PAGES_TO_READ_IT)
        .map((notice) => ({ ...notice, pages: notice.pages + 1 }));
    case "notice.dismissed":
      return notices.filter((notice) => notice.id !== event.id);
    default:
      return notices;
  }
}

function told(notices, notice) {
  if (notices.some((one) => one.message === notice.message)) return notices;
  const id = 1 + Math.max(0, ...notices.map((one) => one.id));
  return [...notices, { hint: "", pages: 0, ...notice, id }].slice(-MOST_NOTICES);
}
