// Short messages above the page. They stay until they are dismissed or their place is left: nobody reads against a clock.

import { keyed, make, wish } from "../dom.js";
import { icon } from "../icons.js";
import { PageElement } from "./element.js";

export class NoticeStack extends PageElement {
  inputs(state) {
    return [state.notices];
  }

  draw(notices) {
    keyed(this, notices, (notice) => notice.id, (notice) => make("div", {
      class: `notice ${notice.kind}`, role: notice.kind === "error" ? "alert" : "status",
    },
    make("div", {}, make("p", {}, notice.message), notice.hint ? make("p", { class: "faint" }, notice.hint) : ""),
    make("button", {
      type: "button", class: "quiet icon-only", "aria-label": "Dismiss",
      onclick: () => wish(this, "dismiss-notice", notice.id),
    }, icon("cross"))), () => {});
  }
}

customElements.define("notice-stack", NoticeStack);
