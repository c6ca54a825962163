// The start page: load a task, try an example, or open a task from before.

import { emit, keyed, make, setText, show } from "../dom.js";
import { moment } from "../format.js";
import { icon } from "../icons.js";
import { sessionAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { onlyRemembered } from "../state/tasks.js";
import { PageElement } from "./element.js";
import "./load-card.js";
import "./task-list.js";
import "./waiting-list.js";

export class StartView extends PageElement {
  inputs(state) {
    return [state.server.examples, state.recent, state.summaries, actionOf(state.actions, "load").busy, state.tasks, state.server.who];
  }

  build() {
    this.load = document.createElement("load-card");
    this.tasks = document.createElement("task-list");
    this.waiting = document.createElement("waiting-list");
    this.parts = [this.waiting, this.tasks, this.load];
    this.recentTitle = make("h2", { id: "recent-title" });
    this.browserOnly = make("p", { class: "faint" }, "This server has no library, so only tasks that this browser remembers are listed. Its operator can set LIBRARY_URL.");
    this.examples = make("ul", { class: "examples" });
    this.recent = make("ul", { class: "recent" });
    this.recentCard = make("section", { class: "card", "aria-labelledby": "recent-title" },
      this.recentTitle, this.browserOnly, this.recent);
    this.blank = make("button", { type: "button", onclick: () => emit(this, "load-blank") }, "Write a new task");
    this.append(
      make("div", { class: "intro" },
        make("h1", {}, "Find what breaks a model."),
        make("p", { class: "soft" }, "Load a task, let your models try it many times, have every criterion judged separately, and download the finished notebook.")),
      this.waiting, this.tasks, this.recentCard, make("div", { class: "columns" }, this.load, make("div", { class: "side" },
        make("section", { class: "card", "aria-labelledby": "examples-title" },
          make("h2", { id: "examples-title" }, "Try an example"), this.examples, this.blank))),
    );
  }

  draw(examples, recent, work, busy, tasks, who) {
    this.#drawExamples(examples ?? [], busy);
    const remembered = who?.library ? onlyRemembered(recent, tasks, work, who.name) : recent;
    show(this.recentCard, remembered.length > 0);
    setText(this.recentTitle, who?.library && !tasks.problem ? "Remembered by this browser" : "My work");
    show(this.browserOnly, who?.library === false);
    const known = new Map(work.map((one) => [one.session_id, one]));
    keyed(this.recent, remembered, (one) => one.id, recentItem, (item, one) => drawRecent(item, one, known.get(one.id)));
    this.blank.disabled = busy;
  }

  #drawExamples(examples, busy) {
    keyed(this.examples, examples, (example) => example.name, (example) => make("li", {}, make("button", {
      type: "button", class: "example", onclick: () => emit(this, "load-example", example.name),
    }, icon("flask"), make("span", {}, make("strong", {}, example.title), make("span", { class: "faint" }, example.about)))),
    (item) => { item.firstChild.disabled = busy; });
  }
}

function recentItem(one) {
  return make("li", {}, make("a", { href: sessionAddress(one.id) },
    make("strong", {}, one.name || "Task"), make("span", { class: "needs" }), make("span", { class: "faint facts" })));
}

function drawRecent(item, one, known) {
  const { step, words } = nextStepOf(known);
  item.firstChild.href = sessionAddress(one.id, step);
  const [name, need, about] = item.firstChild.children;
  setText(name, known?.name || one.name || "Task");
  setText(need, words);
  setText(about, facts(known?.counts ?? one, one.at));
}

/** The next step of a session. */
function nextStepOf(known) {
  if (!known) return { step: "hunt", words: "" };
  if (known.active_runs) return { step: "hunt", words: "hunts are running" };
  if (known.revealed) return { step: "deliver", words: known.reviews_differ ? "you and the judge disagree on the selected hunts" : "ready to deliver" };
  if (known.reviews_complete) return { step: "review", words: "reviewed: reveal the verdicts" };
  if (known.selection_complete) return { step: "review", words: "ready for your review" };
  if (known.counts.broke + known.counts.held > 0) return { step: "hunt", words: "choose the hunts to deliver" };
  return known.check === "passed" ? { step: "hunt", words: "ready to hunt" } : { step: "task", words: "check the reference" };
}

function facts({ total, broke }, at) {
  const hunted = total ? `${counted(total, "hunt")}, ${counted(broke, "break")}` : "no hunts yet";
  return `${hunted} · ${moment(at)}`;
}

customElements.define("start-view", StartView);
