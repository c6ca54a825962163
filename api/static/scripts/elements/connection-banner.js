// The full-width banner shown while the server cannot be reached: the page then shows the last known state.

import { emit, make, setText, show } from "../dom.js";
import { clock } from "../format.js";
import { PageElement } from "./element.js";

export class ConnectionBanner extends PageElement {
  inputs(state) {
    return [state.lostSince, state.session !== null];
  }

  build() {
    this.words = make("span");
    this.meanwhile = make("span", { class: "meanwhile" });
    this.setAttribute("role", "alert");
    this.append(make("p", {}, this.words, this.meanwhile), make("button", { type: "button", class: "small", onclick: () => emit(this, "retry-connection") }, "Try now"));
  }

  draw(since, inSession) {
    show(this, since !== null);
    setText(this.words, since === null ? "" : `The server has been unreachable since ${clock(since)}.${inSession ? " This page shows the last known state." : ""}`);
    setText(this.meanwhile, inSession ? " Started hunts continue on the server, and this browser saves what you type." : " Nothing that has started is lost.");
  }
}

customElements.define("connection-banner", ConnectionBanner);
