// Asks for the token: on the sign-in page, and in a dialog when a sign-in has expired.

import { emit, make } from "../dom.js";
import { storeName } from "../browser-storage.js";
import { signIn } from "../wire/api.js";
import { Problem } from "../wire/request.js";

export class SignInForm extends HTMLElement {
  connectedCallback() {
    this.token = make("input", {
      id: "sign-in-token", name: "token", type: "password", required: true, autofocus: true, spellcheck: "false",
      autocomplete: "current-password", "aria-describedby": "sign-in-problem",
    });
    this.button = make("button", { class: "primary" }, "Sign in");
    this.problem = make("div", { id: "sign-in-problem", role: "alert" });
    this.replaceChildren(make("form", { onsubmit: (event) => this.#send(event) },
      make("div", { class: "field" }, make("label", { for: "sign-in-token" }, "Your token"), this.token),
      this.problem, this.button,
      make("p", { class: "faint" }, "It starts with mh_. Ask your operator for one.")));
    this.token.focus();
  }

  async #send(event) {
    event.preventDefault();
    this.button.disabled = true;
    this.problem.replaceChildren();
    try {
      const who = await signIn(this.token.value.trim());
      this.token.value = "";
      storeName(who.name);
      emit(this, "signed-in", who);
    } catch (failure) {
      this.#reportFailure(failure);
    } finally {
      this.button.disabled = false;
    }
  }

  #reportFailure(failure) {
    if (!(failure instanceof Problem)) throw failure;
    if (failure.code === "no_sign_in") return emit(this, "signed-in", { name: "" });
    this.problem.replaceChildren(make("div", { class: "problem" }, make("p", {}, failure.message), make("p", { class: "hint" }, failure.hint)));
    this.token.select();
    return undefined;
  }
}

customElements.define("sign-in-form", SignInForm);
