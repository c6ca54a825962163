// The header: session, server health, connection, theme, account.

import { emit, make, setAttribute, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { startAddress } from "../router.js";
import { taskName } from "../state/second-review.js";
import { PageElement } from "./element.js";
import { simulatedTag } from "./widgets.js";

const CONNECTIONS = {
  live: { word: "Live", about: "Live updates are on." },
  polling: { word: "Live, slower", about: "Live updates are blocked; polling instead." },
  reconnecting: { word: "Reconnecting", about: "The server cannot be reached. Hunts continue without this page." },
};

export class SiteHeader extends PageElement {
  inputs(state) {
    return [state.server.health, taskName(state), state.connection, state.theme, state.server.newVersion, state.server.who?.name ?? "", state.lostSince !== null];
  }

  build() {
    this.setAttribute("role", "banner");
    this.task = make("span", { class: "task-name" });
    this.simulated = make("span", {}, simulatedTag());
    this.health = make("span", { class: "health", role: "status" });
    this.news = make("button", { type: "button", class: "small", onclick: () => location.reload() });
    this.connection = make("span", { class: "connection" }, make("span", { class: "dot", "aria-hidden": "true" }), make("span"));
    this.who = make("span", { class: "who" });
    this.leave = make("button", { type: "button", class: "quiet small", onclick: () => emit(this, "sign-out") }, "Sign out");
    this.theme = make("button", { type: "button", class: "quiet icon-only", onclick: () => emit(this, "choose-theme", this.other) });
    this.append(
      make("a", { class: "brand", href: startAddress(), title: "Start page" },
        make("img", { src: "/static/favicon.svg", alt: "", width: "26", height: "26" }), make("span", {}, "Model Hunter")),
      this.task,
      make("span", { class: "space" }),
      this.news, this.health, this.simulated, this.connection,
      make("a", { class: "docs", href: "/docs" }, "API"),
      make("button", { type: "button", class: "quiet icon-only", "aria-label": "Keys (?)", title: "Keys (?)", onclick: () => emit(this, "open-dialog", { name: "keys" }) }, "?"),
      this.theme, this.who, this.leave,
    );
  }

  draw(health, name, connection, theme, newVersion, who, lost) {
    show(this.who, Boolean(who));
    show(this.leave, Boolean(who));
    setText(this.who, who);
    setAttribute(this.leave, "title", who ? `Signed in as ${who}` : null);
    show(this.news, Boolean(newVersion));
    setText(this.news, newVersion ? `Version ${newVersion} is available: reload` : "");
    show(this.task, name !== null);
    setText(this.task, name ?? "");
    setAttribute(this.task, "title", name);
    show(this.simulated, health?.simulated_only ?? false);
    this.#drawHealth(lost ? null : health); // the banner says it already
    const state = lost && connection !== "idle" ? "reconnecting" : connection;
    const shown = CONNECTIONS[state];
    show(this.connection, Boolean(shown));
    setAttribute(this.connection, "data-state", state);
    setAttribute(this.connection, "title", shown?.about);
    setText(this.connection.lastChild, shown?.word ?? "");
    this.#drawTheme(theme);
  }

  #drawHealth(health) {
    const unhealthy = health !== null && health.status !== "healthy";
    show(this.health, unhealthy);
    setText(this.health, unhealthy ? `${health.status === "degraded" ? "Degraded" : "Server unhealthy"}: ${health.reason}` : "");
  }

  #drawTheme(theme) {
    this.other = theme === "dark" ? "light" : "dark";
    setAttribute(this.theme, "aria-label", `Switch to ${this.other}`);
    setAttribute(this.theme, "title", `Switch to ${this.other}`);
    this.theme.replaceChildren(icon(theme === "dark" ? "sun" : "moon"));
  }
}

customElements.define("site-header", SiteHeader);
