// Says in full width that the server cannot be reached: what is shown is then how things were, not how they are.

import { make, setText, show, wish } from "../dom.js";
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
    this.append(make("p", {}, this.words, this.meanwhile), make("button", { type: "button", class: "small", onclick: () => wish(this, "try-now") }, "Try now"));
  }

  draw(since, inSession) {
    show(this, since !== null);
    setText(this.words, since === null ? "" : `The server cannot be reached since ${clock(since)}.${inSession ? " What is shown is from before." : ""}`);
    setText(this.meanwhile, inSession ? " Hunts that have started go on at the server, and what you type is kept in this browser." : " Nothing that has started is lost.");
  }
}

customElements.define("connection-banner", ConnectionBanner);
