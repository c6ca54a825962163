// The first page: bring a task in, try an example, or go on where you were.

import { keyed, make, setText, show, wish } from "../dom.js";
import { moment } from "../format.js";
import { icon } from "../icons.js";
import { sessionAddress } from "../router.js";
import { actOf } from "../state/acts.js";
import { counted } from "../state/announcements.js";
import { PageElement } from "./element.js";
import "./load-card.js";

export class StartView extends PageElement {
  inputs(state) {
    return [state.server.examples, state.recent, actOf(state.acts, "load").busy];
  }

  update(state) {
    super.update(state);
    this.load.update(state);
  }

  build() {
    this.load = document.createElement("load-card");
    this.examples = make("ul", { class: "examples" });
    this.recent = make("ul", { class: "recent" });
    this.recentCard = make("section", { class: "card", "aria-labelledby": "recent-title" },
      make("h2", { id: "recent-title" }, "Go on where you were"), this.recent);
    this.append(
      make("div", { class: "intro" },
        make("h1", {}, "Find what breaks a model."),
        make("p", { class: "soft" }, "Load a task, let your models try it many times, have every criterion judged on its own, and take the finished notebook away.")),
      make("div", { class: "columns" }, this.load, make("div", { class: "side" },
        make("section", { class: "card", "aria-labelledby": "examples-title" },
          make("h2", { id: "examples-title" }, "Try an example"), this.examples),
        this.recentCard)),
    );
  }

  draw(examples, recent, busy) {
    this.#drawExamples(examples ?? [], busy);
    show(this.recentCard, recent.length > 0);
    keyed(this.recent, recent, (one) => one.id, recentItem, (item, one) => setText(item.querySelector(".facts"), facts(one)));
  }

  #drawExamples(examples, busy) {
    keyed(this.examples, examples, (example) => example.name, (example) => make("li", {}, make("button", {
      type: "button", class: "example", onclick: () => wish(this, "load-example", example.name),
    }, icon("flask"), make("span", {}, make("strong", {}, example.title), make("span", { class: "faint" }, example.about)))),
    (item) => { item.firstChild.disabled = busy; });
  }
}

function recentItem(one) {
  return make("li", {}, make("a", { href: sessionAddress(one.id) },
    make("strong", {}, one.name || "Task"), make("span", { class: "faint facts" })));
}

function facts({ total, broke, at }) {
  const hunted = total ? `${counted(total, "hunt")}, ${counted(broke, "break")}` : "not hunted yet";
  return `${hunted} · ${moment(at)}`;
}

customElements.define("start-view", StartView);
