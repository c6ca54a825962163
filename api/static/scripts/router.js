// The page's addresses. They are in the fragment, which survives a reload and is never sent to a server: `#/` the start page, `#/s/<session>`
// its hunts, `#/s/<session>/r/<run>` those of one run, `#/s/<session>/h/<hunt>` an open hunt, `#/s/<session>/task|review|deliver` the other
// steps, `#/s/<session>/review/<card>` a reply under review. An open dialog is appended after a +, so that the browser's Back closes it: `…+keys`, `…+compare/<hunt>/<hunt>`.

export const STEPS = ["task", "hunt", "review", "deliver"];

/** The dialogs, and the maximum number of IDs in the address of each. */
const DIALOGS = { keys: 0, models: 0, parameters: 2, reveal: 0, give: 0, done: 0, deliver: 0, turn: 1, compare: 2 };

/** {name, sessionId, step, huntId, runId, cardId, dialog}; `dialog` is {name, ids}, or null. */
export function parseRoute(hash) {
  const [place, over = ""] = hash.replace(/^#\/?/, "").split("+");
  const parts = place.split("/").map(decode);
  const dialog = parseDialog(over.split("/").map(decode));
  if (parts[0] !== "s" || !parts[1]) return { name: "start", dialog };
  const named = (part) => (parts[2] === part && parts[3] ? parts[3] : null);
  const step = STEPS.includes(parts[2]) ? parts[2] : "hunt";
  return { name: "session", sessionId: parts[1], step, huntId: named("h"), runId: named("r"), cardId: named("review"), dialog };
}

function parseDialog([name, ...ids]) {
  return Object.hasOwn(DIALOGS, name) ? { name, ids: ids.filter(Boolean).slice(0, DIALOGS[name]) } : null;
}

/** The IDs of the dialog `name` if it is open, else null. */
export function dialogIds(route, name) {
  return route.dialog?.name === name ? route.dialog.ids : null;
}

/** The address `hash` with the dialog `name` open. */
export function dialogAddress(hash, name, ids = []) {
  return `${placeAddress(hash)}+${[name, ...ids].map(encodeURIComponent).join("/")}`;
}

export function placeAddress(hash) {
  return hash.split("+")[0] || startAddress();
}

export function startAddress() {
  return "#/";
}

export function sessionAddress(sid, step = "hunt") {
  const session = `#/s/${encodeURIComponent(sid)}`;
  return step === "hunt" ? session : `${session}/${step}`;
}

export function huntAddress(sid, hid) {
  return `${sessionAddress(sid)}/h/${encodeURIComponent(hid)}`;
}

export function runAddress(sid, rid) {
  return `${sessionAddress(sid)}/r/${encodeURIComponent(rid)}`;
}

export function cardAddress(sid, cardId) {
  return `${sessionAddress(sid, "review")}/${encodeURIComponent(cardId)}`;
}

/** An address typed by hand may contain an invalid % sequence, which stays as it is. */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch (broken) {
    if (broken instanceof URIError) return part;
    throw broken;
  }
}
