// The sign-in over the page, when one has run out: what was typed stays where it is. It goes when somebody has signed in.

import { make, setText } from "../dom.js";
import "./sign-in-form.js";

export class SignInDialog extends HTMLElement {
  connectedCallback() {
    this.told = make("p", { class: "soft" });
    this.dialog = make("dialog", { "aria-labelledby": "sign-in-again", oncancel: (event) => event.preventDefault() },
      make("h2", { id: "sign-in-again" }, "Sign in again"), this.told);
    this.replaceChildren(this.dialog);
  }

  open(name) {
    if (this.dialog.open) return;
    setText(this.told, `${name ? `The sign-in of ${name}` : "Your sign-in"} has run out. Hunts go on, and what you typed is still here.`);
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
