// The reference check: whether the reference response passes the criteria itself, before hunts are paid for.

import { emit, make, setAttribute, setBusy, setText } from "../dom.js";
import { moment } from "../format.js";
import { actionOf } from "../state/actions.js";
import { checkHasPassed } from "../state/session.js";
import { parameterWords } from "../state/targets.js";
import { PageElement } from "./element.js";
import { showProblem } from "./widgets.js";

export class CheckPanel extends PageElement {
  inputs(state) {
    return [state.session, actionOf(state.actions, "check"), state.lostSince !== null];
  }

  build() {
    this.state = make("strong");
    this.about = make("p", { class: "faint" });
    this.button = make("button", { type: "button", onclick: () => emit(this, "check-reference", []) });
    this.problem = make("div", { hidden: true });
    this.append(make("div", { class: "line" }, make("div", {}, this.state, this.about), this.button), this.problem);
  }

  draw(session, action, lost) {
    if (session === null) return;
    const { check, task } = session;
    const { state, words, about } = describe(session);
    setAttribute(this, "data-state", state);
    setText(this.state, lost && check.status === "running" ? "The connection was lost while the reference was being judged" : words);
    setText(this.about, about);
    setText(this.button, check.status === "none" ? "Check the reference" : "Check again");
    this.button.className = check.status === "none" && task.huntable ? "primary" : "";
    this.button.disabled = !task.huntable;
    setBusy(this.button, action.busy || check.status === "running");
    showProblem(this.problem, action.problem);
  }
}

function describe(session) {
  const { check, task } = session;
  const passed = check.verdicts.filter((one) => one.verdict === "PASS").length;
  const of = `${passed} of ${task.criteria.length} criteria pass`;
  const by = check.judge_model ? ` · judged by ${[check.judge_model, ...parameterWords(check.judge_parameters)].join(" · ")}` : "";
  if (check.status === "running") {
    return { state: "busy", words: "Judging the reference …", about: `${check.verdicts.length} of ${task.criteria.length} verdicts received${by}` };
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
