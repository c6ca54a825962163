// The Deliver step: the preview of the export, and the download. The file is fetched first, so that a failure is an error
// message on the page rather than a broken file.

import { exportNotebook, previewExport } from "../wire/api.js";
import { perform } from "./action.js";
import { showInfo } from "./notices.js";

const REVOKE_AFTER_MS = 30_000;

export async function downloadNotebook(store) {
  const file = await perform(store, "export", () => exportNotebook(store.state.session.session_id, criteriaForm(store)));
  if (!file) return;
  const address = URL.createObjectURL(file.blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS);
  showInfo(store, `${file.name} was downloaded.`);
}

/** The form that was chosen for the criteria in the notebook: `kept`, or an `array` that other readers take, too. */
const criteriaForm = (store) => store.state.preview?.criteria ?? "kept";

/** What the export would change, cell by cell, with the criteria in that form. */
export function loadPreview(store, criteria = criteriaForm(store)) {
  const { session_id: sid } = store.state.session;
  return perform(store, "preview", async () => {
    store.dispatch({ type: "preview.read", preview: { ...(await previewExport(sid, criteria)), criteria }, sid });
  });
}

/** Replaces the judge prompt template, as if it were typed, so that it can be undone; the preview shows the change. */
export async function editTemplate(store, draft, template) {
  await perform(store, "template", () => {
    draft.type("judge_prompt_template", template);
    return draft.flush();
  });
  await loadPreview(store);
}
