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
    return [state.server.examples, state.recent, state.work, actOf(state.acts, "load").busy];
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
      make("h2", { id: "recent-title" }, "My work"), this.recent);
    this.blank = make("button", { type: "button", onclick: () => wish(this, "load-blank") }, "Write a new task");
    this.append(
      make("div", { class: "intro" },
        make("h1", {}, "Find what breaks a model."),
        make("p", { class: "soft" }, "Load a task, let your models try it many times, have every criterion judged separately, and download the finished notebook.")),
      this.recentCard, make("div", { class: "columns" }, this.load, make("div", { class: "side" },
        make("section", { class: "card", "aria-labelledby": "examples-title" },
          make("h2", { id: "examples-title" }, "Try an example"), this.examples, this.blank))),
    );
  }

  draw(examples, recent, work, busy) {
    this.#drawExamples(examples ?? [], busy);
    show(this.recentCard, recent.length > 0);
    const known = new Map(work.map((one) => [one.session_id, one]));
    keyed(this.recent, recent, (one) => one.id, recentItem, (item, one) => drawRecent(item, one, known.get(one.id)));
    this.blank.disabled = busy;
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
    make("strong", {}, one.name || "Task"), make("span", { class: "needs" }), make("span", { class: "faint facts" })));
}

function drawRecent(item, one, known) {
  const { act, words } = needs(known);
  item.firstChild.href = sessionAddress(one.id, act);
  const [name, need, about] = item.firstChild.children;
  setText(name, known?.name || one.name || "Task");
  setText(need, words);
  setText(about, facts(known?.counts ?? one, one.at));
}

/** What waits for the trainer, and where. */
function needs(known) {
  if (!known) return { act: "hunt", words: "" };
  if (known.active_runs) return { act: "hunt", words: "hunting now" };
  if (known.revealed) return { act: "deliver", words: known.reviews_differ ? "your reviews differ from the judge" : "ready to be delivered" };
  if (known.reviews_complete) return { act: "review", words: "reviewed: reveal the verdicts" };
  if (known.selection_complete) return { act: "review", words: "waits for your review" };
  if (known.counts.broke + known.counts.held > 0) return { act: "hunt", words: "choose the hunts to deliver" };
  return known.check === "passed" ? { act: "hunt", words: "ready to hunt" } : { act: "task", words: "check the reference" };
}

function facts({ total, broke }, at) {
  const hunted = total ? `${counted(total, "hunt")}, ${counted(broke, "break")}` : "not hunted yet";
  return `${hunted} · ${moment(at)}`;
}

customElements.define("start-view", StartView);
