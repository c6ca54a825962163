// What a second reviewer sees of a task: the replies to review, and once both reviewers are done where they differ.

import { emit, make, setAttribute, setText, show } from "../dom.js";
import { dialogIds } from "../router.js";
import { actionOf } from "../state/actions.js";
import { completeReviews } from "../state/review.js";
import { isSecondReviewer } from "../state/second-review.js";
import { PageElement } from "./element.js";
import "./card-tabs.js";
import "./people-agreement.js";
import "./review-card.js";
import { confirmDialog, showDialog, showProblem } from "./widgets.js";

export class SecondReviewView extends PageElement {
  inputs(state) {
    return [isSecondReviewer(state), state.review, state.second, actionOf(state.actions, "finish-review"), dialogIds(state.route, "done") !== null];
  }

  build() {
    this.heading = make("h1", {});
    this.about = make("p", { class: "soft" });
    this.state = make("p", { class: "number", role: "status" });
    this.finish = make("button", { type: "button", class: "primary", onclick: () => emit(this, "open-dialog", { name: "done" }) }, "I am done");
    this.problem = make("div", { hidden: true });
    this.tabs = document.createElement("card-tabs");
    this.card = document.createElement("review-card");
    this.card.wordsId = "second-review-words";
    this.agreement = document.createElement("people-agreement");
    this.agreement.className = "card";
    this.parts = [this.tabs, this.card, this.agreement];
    this.confirm = confirmDialog("done", "Finish your second review?", "Finish", make("p", {}, "This locks your reviews. It can’t be undone."),
      make("button", { class: "primary", onclick: () => emit(this, "finish-second-review") }, "Finish and lock"), make("button", {}, "Not yet"));
    this.append(this.agreement, make("section", { class: "card review-head" },
      make("div", { class: "line" }, this.heading, make("span", { class: "space" }), this.state, this.finish), this.about, this.problem, this.tabs), this.card, this.confirm);
  }

  draw(here, review, { view, problem }, action, asking) {
    showDialog(this.confirm, here && asking && view !== null && !view.done);
    if (!here) return;
    const all = (review.cards ?? []).length;
    const done = completeReviews(review);
    setText(this.heading, review.name ? `Second review of “${review.name}”` : "Second review");
    setText(this.about, purpose(view));
    setText(this.state, all ? `${done} of ${all} reviews complete` : "");
    show(this.finish, view !== null && !view.done && all > 0);
    this.finish.disabled = done < all || action.busy;
    setAttribute(this.finish, "title", done < all ? "Complete every review first." : null);
    showProblem(this.problem, action.problem ?? problem ?? review.problem);
  }

  /** Opens the next (1) or previous (-1) reply. */
  openNeighbour(step) {
    this.tabs.openNeighbour(step);
  }
}

function purpose(view) {
  if (view === null) return "";
  const asker = view.asked_by || "The task’s owner";
  if (view.both_done) return "Both reviews are done, so yours is locked. Settle your differences together.";
  if (view.done) return `You are done. When ${asker} is done too, this page shows where you agree.`;
  return `${asker} asks for your own review of these replies. Nobody sees it before both of you are done, and you see neither the other review nor the judge’s verdicts. Give PASS or FAIL on every criterion and explain why in your own words.`;
}

customElements.define("second-review-view", SecondReviewView);
