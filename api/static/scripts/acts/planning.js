// Choosing a model by its name: the server says at once whether somebody here answers for it.

import { resolveModel } from "../wire/api.js";
import { perform } from "./act.js";

/** `taken()` is called when the model has been chosen. */
export function addModel(store, { model, taken }) {
  return perform(store, "choose-model", async () => {
    const { listed, near } = await resolveModel(model);
    store.dispatch({ type: "plan.typed", model, near: listed ? null : near });
    taken();
  });
}
