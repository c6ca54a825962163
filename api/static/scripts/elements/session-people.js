// Whose task it is: who gave it to whom, and a dialog that gives it to somebody. Only where people sign in.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { isReader, readerWords } from "../state/session.js";
import { PageElement } from "./element.js";
import { makeDialog, dialogHeader, showDialog, showProblem } from "./widgets.js";

const MAX_NOTE_CHARS = 2000;

export class SessionPeople extends PageElement {
  inputs(state) {
    return [state.session, state.server.who, state.actions, dialogIds(state.route, "give") !== null, isReader(state)];
  }

  build() {
    this.words = make("p", { class: "soft" });
    this.give = make("button", { type: "button", class: "small", onclick: () => emit(this, "open-dialog", { name: "give" }) }, "Give to somebody");
    this.name = make("input", { type: "text", id: "give-to", maxlength: 60, autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true, autofocus: true });
    this.note = make("textarea", { id: "give-note", rows: 3, maxlength: MAX_NOTE_CHARS });
    this.keep = make("input", { type: "checkbox", id: "give-keep" });
    this.send = make("button", { class: "primary" }, "Give the task");
    this.problem = make("div", { hidden: true });
    this.readers = make("ul", { class: "readers" });
    const form = make("form", { class: "giving", onsubmit: (event) => this.#give(event) },
      make("div", { class: "field" }, make("label", { for: "give-to" }, "To (the name that they sign in with)"), this.name),
      make("div", { class: "field" }, make("label", { for: "give-note" }, "Note for the new owner"), this.note),
      make("label", { class: "check", for: "give-keep" }, this.keep, "Keep my access to read and comment"),
      make("p", { class: "faint" }, "They become the owner, and further hunts count against their budget. Unless you keep your access, you can no longer open the task."), this.problem, make("div", {}, this.send));
    this.dialog = makeDialog("give", { "aria-label": "Give this task to somebody" }, dialogHeader("Give this task to somebody"), form);
    this.append(this.words, this.readers, this.give, this.dialog);
  }

  draw(session, who, actions, asking, reader) {
    const named = session !== null && Boolean(who?.sign_in);
    show(this, named);
    showDialog(this.dialog, named && asking);
    if (!named) return;
    const { owner, readers = [], transfer } = session; // the release before sends none
    const mine = owner === who.name;
    setText(this.words, reader ? readerWords(session) : words(session, who.name));
    setAttribute(this, "data-read-only", reader ? "true" : null);
    show(this.give, mine || who.scope === "admin");
    keyed(this.readers, mine ? readers : [], (name) => name, (name) => this.#reader(name), (item, name) => setBusy(item.end, actionOf(actions, `end ${name}`).busy));
    show(this.readers, mine && readers.length > 0);
    const action = actionOf(actions, "give");
    setBusy(this.send, action.busy);
    showProblem(this.problem, action.problem);
    setAttribute(this.words, "title", transfer?.note || null);
  }

  #reader(name) {
    const item = make("li", { class: "line" }, `${name} may read and comment`);
    item.end = make("button", { type: "button", class: "quiet small", onclick: () => emit(this, "end-access", name) }, "End access");
    item.append(item.end);
    return item;
  }

  #give(event) {
    event.preventDefault();
    emit(this, "give", { to: this.name.value.trim(), keepAccess: this.keep.checked, note: this.note.value });
  }
}

function words({ owner, transfer }, own) {
  if (owner === own) return transfer?.to === own ? `Given to you by ${transfer.by}.` : "Your task.";
  return owner ? `${owner}’s task.` : "No owner: loaded before sign-in was set up.";
}

customElements.define("session-people", SessionPeople);
