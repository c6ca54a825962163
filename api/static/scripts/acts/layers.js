// What lies over the page (dialogs) stands in the address, and in the history as a step of its own: Back takes away the
// topmost, and closing one goes that step back.

import { layerAddress, parseRoute, placeAddress } from "../router.js";

let back = Promise.resolve(); // a step back takes a moment: what goes elsewhere meanwhile would be taken back by it

export async function openLayer({ name, ids = [] }) {
  await back;
  const address = layerAddress(location.hash, name, ids);
  if (parseRoute(location.hash).layer) history.replaceState(history.state, "", address);
  else history.pushState({ over: true }, "", address);
  dispatchEvent(new Event("hashchange")); // the browser sends none for these
}

/** Takes the layer `name` away if it still lies there. It is gone from the state at once; the history follows. */
export function closeLayer(store, name) {
  const { route } = store.state;
  if (route.layer?.name !== name) return;
  store.dispatch({ type: "route.changed", route: { ...route, layer: null } });
  if (history.state?.over) {
    back = new Promise((done) => addEventListener("popstate", done, { once: true }));
    history.back();
  } else location.replace(placeAddress(location.hash)); // it came with the address: there is no step to go back
}

/** Goes to `address` in the place of where we are. */
export async function replaceAddress(address) {
  await back;
  location.replace(address);
}
