// The tasks on the server: search, filters, and a row for each with its state, hunts, cost and when it last changed.

import { emit, keyed, make, setAttribute, setBusy, setOptions, setText, show } from "../dom.js";
import { moment, money } from "../format.js";
import { sessionAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { foundWords, stateName, stepOf, TASK_STATES } from "../state/tasks.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

const STATE_OPTIONS = [["", "All states"], ...TASK_STATES];

export class TaskList extends PageElement {
  inputs(state) {
    return [state.tasks, state.server.who, state.actions];
  }

  build() {
    const filter = (change) => emit(this, "filter-tasks", change);
    this.words = make("input", { type: "search", id: "tasks-words", maxlength: 200, autocomplete: "off", placeholder: "Prompts, criteria, replies, models", oninput: () => filter({ q: this.words.value }) });
    this.state = make("select", { id: "tasks-state", onchange: () => filter({ state: this.state.value }) });
    this.archived = make("input", { type: "checkbox", onchange: () => filter({ archived: this.archived.checked }) });
    this.problem = make("div", { hidden: true });
    this.said = make("p", { class: "faint", role: "status" });
    this.rows = make("ul", { class: "tasks" });
    this.more = make("button", { type: "button", onclick: () => emit(this, "more-tasks") }, "Show more tasks");
    this.card = make("section", { class: "card", "aria-labelledby": "tasks-title" },
      make("h2", { id: "tasks-title", tabindex: "-1" }, "My tasks"),
      make("div", { class: "filters", role: "search", "aria-label": "Tasks" },
        make("div", { class: "field words" }, make("label", { for: "tasks-words" }, "Search"), this.words),
        make("div", { class: "field" }, make("label", { for: "tasks-state" }, "State"), this.state),
        make("label", { class: "archived" }, this.archived, "Archived")),
      this.problem, this.said, this.rows, this.more);
    this.append(this.card);
  }

  draw({ query, shown, rows, next, problem }, who, actions) {
    const known = rows ?? [];
    show(this.card, Boolean(who?.library));
    if (this.words.value !== query.q && document.activeElement !== this.words) this.words.value = query.q;
    setOptions(this.state, STATE_OPTIONS, query.state);
    this.archived.checked = query.archived;
    showProblem(this.problem, problem ?? actionOf(actions, "more-tasks").problem);
    setText(this.said, rows !== null && !problem && query === shown ? foundWords(known.length, next, shown) : "");
    setAttribute(this.rows, "aria-busy", String(query !== shown && !problem));
    show(this.rows, !problem);
    keyed(this.rows, known, (row) => row.session_id, (row) => this.#row(row), (item, row) => drawRow(item, row, who, actions));
    show(this.more, next !== null && !problem);
    setBusy(this.more, actionOf(actions, "more-tasks").busy);
  }

  #row({ session_id: sid }) {
    const archive = make("button", { type: "button", class: "quiet small", onclick: () => this.#leave(item, "archive-task", { sid, archived: !item.archived }) });
    const remove = make("button", { type: "button", class: "quiet small", onclick: () => ask(item, true) }, "Delete");
    const keep = make("button", { type: "button", class: "small", onclick: () => ask(item, false) }, "Keep it");
    const confirm = make("button", { type: "button", class: "small danger", onclick: () => this.#leave(item, "delete-task", sid) }, "Delete for good");
    const item = make("li", {},
      make("a", {}, make("strong", {}), make("span", { class: "tag" }), make("span", { class: "excerpt soft" }), make("span", { class: "facts faint" })),
      make("div", { class: "acts" }, archive, remove),
      make("div", { class: "sure", role: "group", hidden: true, onkeydown: (event) => event.key === "Escape" && ask(item, false) },
        make("span", {}, "Delete the task with all replies and reviews? This cannot be undone."), confirm, keep),
      make("div", { class: "failed", hidden: true }));
    item.buttons = { archive, remove, keep, confirm };
    return item;
  }

  /** The row disappears with success; the focus goes to the title, so that it is not lost. */
  #leave(item, name, detail) {
    emit(this, name, detail);

    new MutationObserver((_, observer) => {
      if (item.isConnected) return;
      observer.disconnect();
      if (document.activeElement === document.body) this.querySelector("h2").focus();
    }).observe(this.rows, { childList: true });
  }
}

function drawRow(item, row, who, actions) {
  const [link, , , failed] = item.children;
  const [name, state, excerpt, facts] = link.children;
  setAttribute(link, "href", sessionAddress(row.session_id, stepOf(row.state)));
  setText(name, row.name || "Task");
  setText(state, stateName(row.state));
  setAttribute(state, "class", `tag state-${row.state}`);
  setText(excerpt, row.excerpt);
  setText(facts, factsOf(row, who));
  item.archived = row.archived;
  setText(item.buttons.archive, row.archived ? "Unarchive" : "Archive");
  setAttribute(item.buttons.archive, "aria-label", `${row.archived ? "Unarchive" : "Archive"} ${row.name}`);
  setAttribute(item.buttons.remove, "aria-label", `Delete ${row.name}`);
  const [archiving, deleting] = [actionOf(actions, `archive ${row.session_id}`), actionOf(actions, `delete ${row.session_id}`)];
  for (const button of Object.values(item.buttons)) setBusy(button, archiving.busy || deleting.busy);
  showProblem(failed, archiving.problem ?? deleting.problem);
}

function factsOf({ counts, cost_usd: cost, updated_at: at, owner }, who) {
  const parts = [counts.total ? `${counted(counts.total, "hunt")}, ${counted(counts.broke, "break")}` : "no hunts yet"];
  if (cost !== null) parts.push(money(cost));
  if (owner && owner !== who?.name) parts.push(owner);
  return [...parts, moment(at)].join(" · ");
}

/** Asks before a deletion, in the row; the focus goes to the harmless answer and back. */
function ask(item, asking) {
  const [, acts, sure] = item.children;
  show(acts, !asking);
  show(sure, asking);
  (asking ? item.buttons.keep : item.buttons.remove).focus();
}

customElements.define("task-list", TaskList);
