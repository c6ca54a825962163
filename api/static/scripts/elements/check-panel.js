// The reference check: does your own response pass your own criteria? Asked before hunts are paid for.

import { make, setAttribute, setBusy, setText, wish } from "../dom.js";
import { moment } from "../format.js";
import { actOf } from "../state/acts.js";
import { checkHasPassed } from "../state/session.js";
import { PageElement } from "./element.js";
import { showProblem } from "./pieces.js";

export class CheckPanel extends PageElement {
  inputs(state) {
    return [state.session, actOf(state.acts, "check"), state.lostSince !== null];
  }

  build() {
    this.state = make("strong");
    this.about = make("p", { class: "faint" });
    this.button = make("button", { type: "button", onclick: () => wish(this, "check-reference", []) });
    this.problem = make("div", { hidden: true });
    this.append(make("div", { class: "line" }, make("div", {}, this.state, this.about), this.button), this.problem);
  }

  draw(session, act, lost) {
    if (session === null) return;
    const { check, task } = session;
    const { state, words, about } = describe(session);
    setAttribute(this, "data-state", state);
    setText(this.state, lost && check.status === "running" ? "The connection was lost while the reference was being judged" : words);
    setText(this.about, about);
    setText(this.button, check.status === "none" ? "Check the reference" : "Check again");
    this.button.className = check.status === "none" && task.huntable ? "primary" : "";
    this.button.disabled = !task.huntable;
    setBusy(this.button, act.busy || check.status === "running");
    showProblem(this.problem, act.problem);
  }
}

function describe(session) {
  const { check, task } = session;
  const passed = check.verdicts.filter((one) => one.verdict === "PASS").length;
  const of = `${passed} of ${task.criteria.length} criteria pass`;
  const by = check.judge_model ? ` · judged by ${check.judge_model}` : "";
  if (check.status === "running") {
    return { state: "busy", words: "Judging the reference …", about: `${check.verdicts.length} of ${task.criteria.length} verdicts are in${by}` };
  }
  if (check.stale) return { state: "open", words: "Reference check is stale", about: "The task was changed since it was checked." };
  if (checkHasPassed(session)) return { state: "passed", words: "The reference passes", about: `${of}${by} · ${moment(check.finished_at)}` };
  switch (check.status) {
    case "none":
      return { state: "open", words: "Reference not checked", about: "Check your own response first: if it fails, breaks prove nothing." };
    case "failed":
      return { state: "failed", words: "The reference fails", about: `${of}${by}. Read the reasons below and correct the task.` };
    case "error":
      return { state: "failed", words: "The check ended with an error", about: check.error };
    default:
      return { state: "failed", words: "The check is undetermined", about: `${of}${by}. ${check.error || "The judge could not decide every criterion; check again."}` };
  }
}

customElements.define("check-panel", CheckPanel);
