// The sign-in form over the page, after a sign-in has expired: nothing that was typed is lost. Only signing in closes it.

import { make, setText } from "../dom.js";
import "./sign-in-form.js";

export class SignInDialog extends HTMLElement {
  connectedCallback() {
    this.about = make("p", { class: "soft" });
    this.dialog = make("dialog", { "aria-labelledby": "sign-in-again", oncancel: (event) => event.preventDefault() },
      make("h2", { id: "sign-in-again" }, "Sign in again"), this.about);
    this.replaceChildren(this.dialog);
  }

  open(name) {
    if (this.dialog.open) return;
    setText(this.about, `${name ? `The sign-in of ${name}` : "Your sign-in"} has expired. Hunts continue, and what you typed is still here.`);
    this.form = document.createElement("sign-in-form");
    this.dialog.append(this.form);
    this.dialog.showModal();
    this.form.token.focus();
  }

  close() {
    if (!this.dialog.open) return;
    this.form.remove();
    this.dialog.close();
  }
}

customElements.define("sign-in-dialog", SignInDialog);
