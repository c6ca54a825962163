// The keyboard shortcuts in a dialog, opened with "?".

import { make } from "../dom.js";
import { dialogIds } from "../router.js";
import { keysOf, PLACES, SHORTCUTS } from "../shortcuts.js";
import { PageElement } from "./element.js";
import { dialogHeader, makeDialog, showDialog } from "./widgets.js";

export class KeyboardHelp extends PageElement {
  inputs(state) {
    return [dialogIds(state.route, "keys") !== null];
  }

  build() {
    this.dialog = makeDialog("keys", { "aria-label": "Keys" }, dialogHeader("Keys"), ...Object.entries(PLACES).map(section));
    this.append(this.dialog);
  }

  draw(open) {
    showDialog(this.dialog, open);
  }
}

function section([name, { label }]) {
  const shortcuts = SHORTCUTS.filter(({ place }) => place === name);
  return make("section", {}, make("h3", {}, label), make("dl", {}, ...shortcuts.map((shortcut) => make("div", {},
    make("dt", { class: "mono" }, keysOf(shortcut)), make("dd", {}, shortcut.label)))));
}

customElements.define("keyboard-help", KeyboardHelp);
