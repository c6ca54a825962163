// Where we are stands behind the # of the address: it survives reload and bookmarks and is never sent anywhere,
// not even as a referrer. `#/` start, `#/s/<session>` its hunts, `#/s/<session>/h/<hunt>` one of them opened,
// `#/s/<session>/task|review|deliver` the other acts.

export const ACTS = ["task", "hunt", "review", "deliver"];

export function parseRoute(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").map(decoded);
  if (parts[0] !== "s" || !parts[1]) return { name: "start" };
  const huntId = parts[2] === "h" && parts[3] ? parts[3] : null;
  return { name: "session", sessionId: parts[1], act: ACTS.includes(parts[2]) ? parts[2] : "hunt", huntId };
}

export function startAddress() {
  return "#/";
}

export function sessionAddress(sid, act = "hunt") {
  const session = `#/s/${encodeURIComponent(sid)}`;
  return act === "hunt" ? session : `${session}/${act}`;
}

export function huntAddress(sid, hid) {
  return `${sessionAddress(sid)}/h/${encodeURIComponent(hid)}`;
}

/** A hand-made address may hold a broken % sequence; it is then taken as it stands. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch (broken) {
    if (broken instanceof URIError) return part;
    throw broken;
  }
}
