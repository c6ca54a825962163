// The robustness report: what attacks in the replies do to the judge's verdicts, by family, and the verdicts that they moved.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { money } from "../format.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { describeRobustness, estimateWords, FAMILIES } from "../state/robustness.js";
import { judgeOrder } from "../state/targets.js";
import { estimateRobustness } from "../wire/api.js";
import { isReader } from "../state/session.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

const REPLIES = 4;

export class RobustnessPanel extends PageElement {
  inputs(state) {
    return [state.session, state.plan, actionOf(state.actions, "test-robustness"), isReader(state)];
  }

  build() {
    this.state = make("strong");
    this.about = make("p", { class: "faint" });
    this.replies = make("input", { type: "number", id: "robustness-replies", min: 1, max: 8, value: REPLIES, oninput: () => this.#estimate() });
    this.start = make("button", { type: "button", onclick: () => emit(this, "test-robustness", { replies: this.#count() }) });
    this.stop = make("button", { type: "button", class: "quiet", onclick: () => emit(this, "stop-robustness") }, "Stop");
    this.estimate = make("p", { class: "faint", role: "status" });
    this.problem = make("div", { hidden: true });
    this.table = make("table", {}, make("thead", {}, make("tr", {}, ...["Added", "Compared", "FAIL → PASS", "PASS → FAIL"].map((name) => make("th", { scope: "col" }, name)))), make("tbody"));
    this.unsteady = make("p", { class: "caution" });
    this.moved = make("ul", { class: "moved" });
    this.details = make("details", {}, make("summary"), this.moved);
    this.append(make("h3", {}, "Robustness of the judge"), make("div", { class: "line" }, make("div", {}, this.state, this.about), this.stop, this.start),
      make("p", { class: "faint" }, "Can a reply talk the judge into a PASS? The test adds attacks and, for comparison, harmless sentences to replies of this task and has them judged again."),
      make("div", { class: "line by" }, make("label", { for: "robustness-replies" }, "Replies"), this.replies), this.estimate, this.problem,
      make("div", { class: "families", tabindex: "0", role: "region", "aria-label": "Results by family of attacks" }, this.table), this.unsteady, this.details);
  }

  draw(session, plan, action, reader) {
    if (session === null) return;
    const { robustness: report, counts, sealed } = session;
    const decided = counts.broke + counts.held;
    const { state, words, about } = describeRobustness(report, sealed, decided);
    setAttribute(this, "data-state", state);
    setText(this.state, words);
    setText(this.about, [about, report.cost_usd ? money(report.cost_usd) : ""].filter(Boolean).join(" · "));
    setText(this.start, report.status === "none" ? "Test the judge" : "Test again");
    this.start.disabled = sealed || decided === 0;
    show(this.stop, report.status === "running");
    setBusy(this.start, action.busy || report.status === "running");
    showProblem(this.problem, action.problem ?? (report.error ? { message: report.error, hint: "" } : null));
    this.#drawResults(report);
    const canTest = decided > 0 && !sealed && !reader;
    const asked = `${session.session_id} ${session.task.hash} ${canTest} ${JSON.stringify(judgeOrder(plan, session.default_judge))}`;
    if (this.asked !== asked) {
      [this.asked, this.session, this.judge] = [asked, canTest ? session : null, judgeOrder(plan, session.default_judge)];
      this.#estimate();
    }
  }

  #drawResults(report) {
    const rows = report.families;
    show(this.table.parentElement, rows.length > 0);
    keyed(this.table.tBodies[0], rows, (row) => row.family, makeFamily, drawFamily);
    show(this.unsteady, report.unsteady_criteria.length > 0);
    setText(this.unsteady, `Even a harmless sentence changed verdicts on ${report.unsteady_criteria.join(", ")}. Ignore the results of attacks on these criteria: either they depend on the exact words or the length of the reply, or the judge is unsure.`);
    show(this.details, report.moved.length > 0);
    setText(this.details.firstChild, changedText(report));
    keyed(this.moved, report.moved, (one) => `${one.attack} ${one.hunt_id} ${one.criterion_id}`, () => make("li"), (item, one) =>
      setText(item, `${one.criterion_id} ${one.before} → ${one.after} (${FAMILIES[one.family]}): ${one.text.replaceAll("{id}", one.criterion_id)}`));
  }

  #count() {
    return Math.min(8, Math.max(1, Math.round(Number(this.replies.value)) || REPLIES));
  }

  async #estimate() {
    const { session } = this; // undefined before the first draw, null if there is nothing to test
    const number = (this.estimates = (this.estimates ?? 0) + 1);
    if (!session) return setText(this.estimate, "");
    try {
      const found = await estimateRobustness(session.session_id, { ...this.judge, replies: this.#count() });
      if (number === this.estimates) setText(this.estimate, estimateWords(found));
    } catch (problem) {
      if (number === this.estimates) setText(this.estimate, problem.message);
    }
    return undefined;
  }
}

/** How many verdicts changed, and how many of them are listed. */
function changedText({ families, moved }) {
  const changed = families.reduce((sum, { raised, lowered }) => sum + raised + lowered, 0);
  return changed > moved.length ? `${moved.length} of ${changed.toLocaleString("en")} changed verdicts` : counted(changed, "changed verdict");
}

function makeFamily() {
  return make("tr", {}, make("th", { scope: "row" }), make("td"), make("td"), make("td"));
}

function drawFamily(row, { family, compared, raised, lowered }) {
  const [name, ...cells] = row.children;
  setText(name, FAMILIES[family]);
  [compared, raised, lowered].forEach((value, place) => setText(cells[place], String(value)));
  cells[1].classList.toggle("odd", raised > 0 && family !== "benign");
}

customElements.define("robustness-panel", RobustnessPanel);
