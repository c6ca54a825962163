// Short messages above the page: {id, kind: "error"|"info"|"break", message, hint}. At most five; the same
// message is not stacked.

const MOST_NOTICES = 5;

export function reduceNotices(notices, event) {
  switch (event.type) {
    case "notice.told":
      return told(notices, event.notice);
    case "notice.dismissed":
      return notices.filter((notice) => notice.id !== event.id);
    default:
      return notices;
  }
}

function told(notices, notice) {
  if (notices.some((one) => one.message === notice.message)) return notices;
  const id = 1 + Math.max(0, ...notices.map((one) => one.id));
  return [...notices, { hint: "", ...notice, id }].slice(-MOST_NOTICES);
}
