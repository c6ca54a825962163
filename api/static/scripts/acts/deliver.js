// Handing the notebook out: it is fetched first, so that a refusal is a sentence here and not a strange file.

import { exportNotebook } from "../wire/api.js";
import { perform } from "./act.js";

const LET_GO_MS = 30_000;

export async function deliver(store) {
  const file = await perform(store, "export", () => exportNotebook(store.state.session.session_id));
  if (!file) return;
  const address = URL.createObjectURL(file.blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), LET_GO_MS);
  store.dispatch({ type: "notice.told", notice: { kind: "info", message: `${file.name} was downloaded.` } });
}
