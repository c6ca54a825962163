// Comments on the open hunt, or on the criteria of the task (`scope` "criteria").

import { emit, keyed, make, setBusy, setOptions, setText, show } from "../dom.js";
import { moment } from "../format.js";
import { actionOf } from "../state/actions.js";
import { commentsOn } from "../state/comments.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

const MAX_CHARS = 2000;

export class CommentThread extends PageElement {
  scope = "hunt";
  written = null;
  before = new Set();

  inputs(state) {
    const huntId = this.scope === "hunt" ? state.detail.huntId ?? null : null;
    return [state.comments, huntId, state.session?.task.criteria ?? null, state.server.who, state.actions];
  }

  build() {
    const id = `comment-on-${this.scope}`;
    this.count = make("h3", {});
    this.list = make("ol", { class: "comments" });
    this.criterion = make("select", { "aria-label": "Criterion" });
    this.text = make("textarea", { id, rows: 2, maxlength: MAX_CHARS, required: true });
    this.send = make("button", { class: "small" }, "Comment");
    this.problem = make("div", { hidden: true });
    this.form = make("form", { class: "commenting", onsubmit: (event) => this.#send(event) },
      make("label", { class: "label", for: id }, this.scope === "hunt" ? "Comment on this hunt" : "Comment on"), this.criterion, this.text, make("div", {}, this.send), this.problem);
    this.append(this.count, this.list, this.form);
  }

  draw(comments, huntId, criteria, who, actions) {
    const shown = commentsOn(comments, huntId);
    const here = criteria !== null && (this.scope === "criteria" || huntId !== null);
    show(this, here);
    if (!here) return;
    this.huntId = huntId;
    setText(this.count, shown.length ? `Comments (${shown.length})` : "Comments");
    keyed(this.list, shown, (one) => one.comment_id, (one) => this.#make(one), (item, one) => {
      show(item.remove, one.by === (who?.name ?? "") || who?.scope === "admin");
      setBusy(item.remove, actionOf(actions, `delete-comment ${one.comment_id}`).busy);
    });
    show(this.criterion, this.scope === "criteria");
    if (this.scope === "criteria") setOptions(this.criterion, criteria.map(({ id }) => [id, id]), this.criterion.value || criteria[0]?.id || "");
    show(this.form, this.scope === "hunt" || criteria.length > 0);
    const action = actionOf(actions, `comment ${huntId ?? "criteria"}`);
    setBusy(this.send, action.busy);
    showProblem(this.problem, action.problem);
    if (this.written !== null && shown.some((one) => one.text === this.written.trim() && !this.before.has(one.comment_id))) this.#clear();
    if (this.written === null) this.before = new Set(shown.map((one) => one.comment_id));
  }

  #make({ comment_id: id, by, at, text, criterion_id: criterionId }) {
    const item = make("li", {});
    item.remove = make("button", { type: "button", class: "quiet small", "aria-label": "Delete this comment", onclick: () => emit(this, "delete-comment", id) }, "Delete");
    item.append(make("div", { class: "line" }, criterionId ? make("b", { class: "mono" }, criterionId) : "", make("b", {}, by || "Somebody"), make("span", { class: "faint" }, moment(at)), make("span", { class: "space" }), item.remove), make("p", { class: "words" }, text));
    return item;
  }

  #send(event) {
    event.preventDefault();
    if (!this.text.value.trim()) return;
    this.written = this.text.value;
    emit(this, "comment", this.huntId ? { huntId: this.huntId, text: this.text.value } : { criterionId: this.criterion.value, text: this.text.value });
  }

  /** What was sent is in the list now; what was typed since stays. */
  #clear() {
    if (this.text.value === this.written) this.text.value = "";
    this.written = null;
  }
}

customElements.define("comment-thread", CommentThread);
