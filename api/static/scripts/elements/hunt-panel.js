// One hunt beside the table: the rendered reply, the reasoning, the verdicts with their reasons, the raw call.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { clock, count, duration, money, prettyJson } from "../format.js";
import { actionOf } from "../state/actions.js";
import { growingText, replyProgress } from "../state/open-hunt.js";
import { CONFIRMATIONS, confirmingNames, hasOpinions, votesByCriterion } from "../state/second-opinions.js";
import { canBeJudgedAgain, describe, displayStatus, verdictsInOrder } from "../state/outcomes.js";
import { whyNotSelectable } from "../state/selection.js";
import { labelOf, parameterWords } from "../state/targets.js";
import { receiptAddress } from "../wire/api.js";
import { PageElement } from "./element.js";
import "./comment-thread.js";
import "./growing-reply.js";
import { confirmationTag, iconButton, incompleteTags, makeTabs, showProblem, simulatedTag, statusTag, tabPanel, updateTabs, verdictMark } from "./widgets.js";
import "./reply-frame.js";
import { makeVerdict, updateVerdict } from "./verdict-list.js";

export class HuntPanel extends PageElement {
  inputs(state) {
    const { detail, hunts, session, theme, view } = state;
    return [detail, hunts.byId.get(detail.huntId) ?? null, session, theme, view.huntTab, state.actions, state.insights?.same_breaks, confirmingNames(state)];
  }

  build() {
    this.hidden = true;
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-labelledby", "hunt-title");
    this.setAttribute("tabindex", "-1");
    this.heading = make("h2", { id: "hunt-title" });
    this.outcome = make("span");
    this.model = make("span", { class: "mono faint" });
    this.call = make("p", { class: "faint call" });
    this.about = make("p", { class: "soft" });
    this.facts = make("p", { class: "faint number" });
    this.problem = make("div", { hidden: true });
    this.caution = make("p", { class: "caution" }, "The task was edited later. This hunt was judged by the version at the start of its run.");
    this.sealed = make("p", { class: "caution" }, "Sealed: the verdicts appear after you have reviewed your selection and revealed them.");
    this.verdicts = make("ol", { class: "criteria" });
    this.history = make("ol", { class: "history" });
    this.earlier = make("details", {}, make("summary", {}, "Earlier judgings"), this.history);
    this.comments = document.createElement("comment-thread");
    this.parts = [this.comments];
    this.append(this.#top(), make("div", { class: "content" }, this.#makeReply(),
      make("section", { class: "judged", "aria-label": "Verdicts" }, make("h3", {}, "Verdicts"), this.sealed, this.caution, this.verdicts, this.earlier, this.comments)));
  }

  draw(detail, row, session, theme, tab, actions, sameBreaks, others) {
    this.others = others;
    const open = detail.huntId !== null && session !== null;
    const opening = open && this.hidden;
    show(this, open);
    if (!open) return;
    const hunt = detail.hunt ?? row;
    const { criteria } = session.task;
    const sealed = Boolean(session.sealed) && hunt?.kind !== "trial";
    this.#drawTop(hunt, detail.huntId, sealed);
    setText(this.call, hunt ? callText(detail.hunt ?? hunt, sameBreaks ?? []) : "");
    this.#drawTools(hunt, session, actions);
    showProblem(this.problem, detail.problem ?? actionProblem(hunt, actions) ?? hunt?.error ?? null);
    const growing = growingText(detail, row);
    this.#drawReply(detail, hunt, theme, tab, Boolean(growing?.reasoning));
    this.#drawGrowing(detail, row, growing);
    const run = session.runs.find((one) => one.run_id === hunt?.run_id);
    show(this.caution, Boolean(run) && run.task_hash !== session.task.hash && !sealed);
    show(this.sealed, sealed);
    show(this.verdicts, !sealed);
    this.#drawVerdicts(hunt, criteria);
    this.#drawHistory(detail.hunt);
    if (opening) this.focus({ preventScroll: true });
  }

  #top() {
    return make("header", {}, make("div", { class: "line" }, this.heading, this.outcome, this.model, make("span", { class: "space" }),
      iconButton("previous", "Previous hunt (k)", () => emit(this, "step-hunt", -1)), iconButton("next", "Next hunt (j)", () => emit(this, "step-hunt", 1)),
      iconButton("cross", "Close (Esc)", () => emit(this, "close-hunt"))), this.about, this.facts, this.call, this.#makeTools(), this.problem);
  }

  #makeTools() {
    const tool = (label, act) => make("button", { type: "button", class: "small", onclick: () => act(this.dataset.hunt) }, label);
    this.select = tool("", (id) => emit(this, "change-selection", this.selected ? { remove: id } : { add: id }));
    this.compare = tool("Compare with …", (id) => emit(this, "open-dialog", { name: "compare", ids: [id] }));
    this.compare.classList.add("reads");
    this.again = tool("Judge again", (id) => emit(this, "rejudge", { huntId: id }));
    this.confirm = tool("Confirm", (id) => emit(this, "confirm-breaks", [id]));
    this.nextTurn = tool("Continue from this reply", (id) => emit(this, "open-dialog", { name: "turn", ids: [id] }));
    this.stop = tool("Stop this hunt", (id) => emit(this, "stop-hunt", id));
    this.receipt = make("a", { class: "button small", download: "", title: "The evidence of this hunt in one file: request, reply, judge prompts, verdicts, hashes." }, "Receipt");
    return make("div", { class: "chips tools" }, this.select, this.compare, this.again, this.confirm, this.nextTurn, this.receipt, this.stop);
  }

  #drawTools(hunt, session, actions) {
    const done = hunt?.status === "done";
    const real = hunt?.kind !== "trial";
    const place = session.selection.hunt_ids.indexOf(hunt?.hunt_id);
    this.selected = place >= 0;
    show(this.select, Boolean(hunt) && whyNotSelectable(hunt, session) === "");
    setText(this.select, this.selected ? `In slot ${place + 1}: remove` : "Select for delivery");
    show(this.compare, done && real && Boolean(hunt.excerpt));
    show(this.again, canBeJudgedAgain(hunt) && !(session.revealed && this.selected));
    setBusy(this.again, actionOf(actions, `rejudge ${hunt?.hunt_id}`).busy);
    show(this.confirm, done && real && hunt.confirmation === "unconfirmed" && this.others !== "" && !(session.revealed && this.selected));
    setAttribute(this.confirm, "title", `Asks ${this.others} about the verdicts that decide the outcome.`);
    setBusy(this.confirm, actionOf(actions, "confirm").busy);
    show(this.nextTurn, done && real && hunt.outcome === "held" && !session.revealed);
    show(this.receipt, done && Boolean(hunt.excerpt) && !(session.sealed && real));
    if (hunt) setAttribute(this.receipt, "href", receiptAddress(session.session_id, hunt.hunt_id));
    show(this.stop, Boolean(hunt) && !done);
    setBusy(this.stop, actionOf(actions, `stop ${hunt?.hunt_id}`).busy);
  }

  #drawHistory(hunt) {
    const judged = hunt?.judged ?? [];
    show(this.earlier, judged.length > 0);
    keyed(this.history, judged, (one) => one.at, () => make("li", { class: "line" }), (item, one) => item.replaceChildren(
      make("span", { class: "faint number" }, `${clock(one.at)} ${[one.judge_model, ...parameterWords(one.judge_parameters)].join(" · ")}, ${money(one.cost_usd)} `),
      ...one.verdicts.map((verdict) => verdictMark(verdict.criterion_id, verdict.verdict))));
  }

  #makeReply() {
    this.tabs = makeTabs("reading", "Hunt details", (name) => emit(this, "view-change", { huntTab: name }));
    this.frame = document.createElement("reply-frame");
    this.plainText = make("p", { class: "words text" });
    this.plain = make("input", { type: "checkbox", id: "show-plain", onchange: () => emit(this, "show-plain", this.plain.checked) });
    this.plainLine = make("label", { class: "plain-line faint", for: "show-plain" }, this.plain, "As plain text");
    this.none = make("p", { class: "soft" });
    this.progress = make("p", { class: "soft progress", role: "status" });
    this.growing = document.createElement("growing-reply");
    this.reasoning = make("p", { class: "words text" });
    this.request = make("pre", { class: "words" });
    this.reply = make("pre", { class: "words" });
    this.panels = {
      reply: tabPanel("reading", "reply", this.progress, this.plainLine, this.none, this.growing, this.frame, this.plainText),
      reasoning: tabPanel("reading", "reasoning", this.reasoning),
      raw: tabPanel("reading", "raw", make("h4", {}, "Request"), this.request, make("h4", {}, "Reply"), this.reply),
    };
    return make("section", { class: "reading", "aria-label": "Reply" }, this.tabs, ...Object.values(this.panels));
  }

  #drawTop(hunt, huntId, sealed) {
    setText(this.heading, hunt ? nameOf(hunt) : "Hunt");
    this.outcome.replaceChildren(...(hunt ? [statusTag(displayStatus(hunt)), hasOpinions(hunt) ? confirmationTag(hunt.confirmation) : "", ...incompleteTags(hunt), hunt.simulated ? simulatedTag() : ""] : []));
    setText(this.model, hunt ? labelOf(hunt) : "");
    setText(this.about, hunt ? [describe(displayStatus(hunt)).about, hasOpinions(hunt) && CONFIRMATIONS[hunt.confirmation].about].filter(Boolean).join(" ") : "");
    setText(this.facts, hunt ? facts(hunt, sealed) : "");
    setAttribute(this, "data-hunt", huntId);
  }

  #drawReply(detail, hunt, theme, tab, thinking) {
    const whole = detail.hunt;
    const reasoning = whole?.reasoning || (thinking && "While the reply is written, its reasoning is shown with it on the tab Reply.");
    updateTabs(this.tabs, [
      { name: "reply", label: "Reply" },
      { name: "reasoning", label: reasoning ? "Reasoning" : "No reasoning" },
      { name: "raw", label: "Raw" },
    ], tab);
    for (const [name, panel] of Object.entries(this.panels)) show(panel, name === tab);
    const text = whole?.response ?? "";
    show(this.none, text === "");
    setText(this.none, nothingYet(detail, hunt));
    show(this.plainLine, text !== "");
    this.plain.checked = detail.plain;
    show(this.plainText, text !== "" && detail.plain);
    setText(this.plainText, detail.plain ? text : "");
    show(this.frame, text !== "" && !detail.plain);
    this.frame.show(whole?.response_html ?? "", theme);
    setText(this.reasoning, reasoning || "No reasoning trace.");
    setText(this.request, whole?.raw_request ? prettyJson(whole.raw_request) : "Nothing has been sent yet.");
    setText(this.reply, whole?.raw_reply ? prettyJson(whole.raw_reply) : "No reply stored.");
  }

  /** While there is no reply: what has come of it, and what is happening. */
  #drawGrowing(detail, row, text) {
    setText(this.progress, detail.problem || detail.hunt?.response ? "" : replyProgress(text, row));
    show(this.none, !this.none.hidden && this.progress.textContent === "" && text === null);
    show(this.growing, text !== null);
    this.growing.draw(text);
  }

  #drawVerdicts(hunt, criteria) {
    const texts = new Map(criteria.map((criterion) => [criterion.id, criterion.text]));
    const shown = hunt ? verdictsInOrder(criteria, hunt.verdicts) : [];
    const votes = votesByCriterion(hunt?.votes);
    keyed(this.verdicts, shown.map((item) => ({ ...item, text: texts.get(item.id), votes: votes.get(item.id) ?? [] })), (item) => item.id, makeVerdict, updateVerdict);
  }
}

function actionProblem(hunt, actions) {
  return ["rejudge", "stop"].map((name) => actionOf(actions, `${name} ${hunt?.hunt_id}`).problem).find(Boolean) ?? actionOf(actions, "confirm").problem;
}

function nothingYet(detail, hunt) {
  if (detail.problem) return "";
  if (hunt && hunt.status === "done") return hunt.error ? "No usable reply." : "No reply.";
  return "Waiting for the reply.";
}

function nameOf(hunt) {
  return hunt.kind === "trial" ? `Trial ${hunt.trial_number}` : `Hunt ${hunt.number}`;
}

function facts(hunt, sealed) {
  const { usage } = hunt;
  const words = [clock(hunt.finished_at ?? hunt.started_at)];
  if (hunt.stopped) return [...words, `stopped after ${duration(hunt.latency_ms)}`, hunt.cost_usd === null ? "cost unknown" : money(hunt.cost_usd)].join(" · ");
  if (hunt.latency_ms !== null) words.push(`answered in ${duration(hunt.latency_ms)}`);
  if (usage) words.push(`${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out`);
  if (usage?.reasoning_tokens) words.push(`${count(usage.reasoning_tokens)} for reasoning`);
  if (hunt.attempts > 1) words.push(`${hunt.attempts} attempts`);
  if (hunt.status === "done" && usage) words.push(`model ${money(hunt.cost_usd)}, judge ${sealed ? "sealed" : money(hunt.judge_cost_usd)}`);
  return words.join(" · ");
}

/** How the model was called, which upstream answered, and whether the same break came from others. */
function callText(hunt, sameBreaks) {
  const words = parameterWords(hunt.parameters);
  if (words.length && labelOf(hunt) !== hunt.model) words.unshift(hunt.model);
  if (hunt.upstream) words.push(`upstream ${hunt.upstream}`);
  const same = sameBreaks.find((one) => one.hunt_ids.includes(hunt.hunt_id));
  if (same) words.push(`the same break on ${same.upstreams.join(" and ")}`);
  return words.join(" · ");
}

customElements.define("hunt-panel", HuntPanel);
