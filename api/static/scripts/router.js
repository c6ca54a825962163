// Where we are stands behind the # of the address: it survives reload and bookmarks and is never sent anywhere,
// not even as a referrer. `#/` start, `#/s/<session>` its hunts, `#/s/<session>/h/<hunt>` one of them opened,
// `#/s/<session>/task|review|deliver` the other acts. What lies over a place stands behind a +, so that the browser's Back
// takes away what lies on top and nothing else: `…+keys`, `…+compare/<hunt>/<hunt>`.

export const ACTS = ["task", "hunt", "review", "deliver"];

/** What can lie over a place, and how many ids each names at most. */
const LAYERS = { keys: 0, models: 0, reveal: 0, deliver: 0, turn: 1, compare: 2 };

/** {name, sessionId, act, huntId, layer}; `layer` is {name, ids}, or null. */
export function parseRoute(hash) {
  const [place, over = ""] = hash.replace(/^#\/?/, "").split("+");
  const parts = place.split("/").map(decoded);
  const layer = parseLayer(over.split("/").map(decoded));
  if (parts[0] !== "s" || !parts[1]) return { name: "start", layer };
  const huntId = parts[2] === "h" && parts[3] ? parts[3] : null;
  return { name: "session", sessionId: parts[1], act: ACTS.includes(parts[2]) ? parts[2] : "hunt", huntId, layer };
}

function parseLayer([name, ...ids]) {
  return Object.hasOwn(LAYERS, name) ? { name, ids: ids.filter(Boolean).slice(0, LAYERS[name]) } : null;
}

/** The ids of the layer `name` if that is what lies over the place, else null. */
export function layerOf(route, name) {
  return route.layer?.name === name ? route.layer.ids : null;
}

/** The address `hash` with a layer over it, or without one. */
export function layerAddress(hash, name, ids = []) {
  return `${placeAddress(hash)}+${[name, ...ids].map(encodeURIComponent).join("/")}`;
}

export function placeAddress(hash) {
  return hash.split("+")[0] || startAddress();
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
