// Short messages above the page. They stay until they are dismissed or their page is left, not for a fixed time.

import { emit, keyed, make } from "../dom.js";
import { PageElement } from "./element.js";
import { iconButton } from "./widgets.js";

export class NoticeStack extends PageElement {
  inputs(state) {
    return [state.notices];
  }

  draw(notices) {
    keyed(this, notices, (notice) => notice.id, (notice) => make("div", {
      class: `notice ${notice.kind}`, role: notice.kind === "error" ? "alert" : "status",
    },
    make("div", {}, make("p", {}, notice.message), notice.hint ? make("p", { class: "faint" }, notice.hint) : ""),
    iconButton("cross", "Dismiss", () => emit(this, "dismiss-notice", notice.id))), () => {});
  }
}

customElements.define("notice-stack", NoticeStack);
