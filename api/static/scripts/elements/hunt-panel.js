// One hunt opened beside the table: the reply as it reads, the reasoning, the verdicts with their reasons, the raw call.

import { isTyped, keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { clock, count, duration, money, prettyJson } from "../format.js";
import { icon } from "../icons.js";
import { actOf } from "../state/acts.js";
import { canBeJudgedAgain, describe, standing, verdictsInOrder } from "../state/outcomes.js";
import { whyNotSelectable } from "../state/selection.js";
import { PageElement } from "./element.js";
import { cutOffTag, makeTabs, showProblem, simulatedTag, standingTag, tabPanel, updateTabs, verdictMark } from "./pieces.js";
import "./reply-frame.js";
import { makeVerdict, updateVerdict } from "./verdict-list.js";

export class HuntPanel extends PageElement {
  inputs(state) {
    const { detail, hunts, session, theme, view } = state;
    return [detail, hunts.byId.get(detail.huntId) ?? null, session, theme, view.reading, state.acts];
  }

  connectedCallback() {
    this.listening = new AbortController();
    addEventListener("keydown", (event) => this.#keys(event), { signal: this.listening.signal });
  }

  disconnectedCallback() {
    this.listening.abort();
  }

  build() {
    this.hidden = true;
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-labelledby", "hunt-title");
    this.setAttribute("tabindex", "-1");
    this.heading = make("h2", { id: "hunt-title" });
    this.outcome = make("span");
    this.model = make("span", { class: "mono faint" });
    this.about = make("p", { class: "soft" });
    this.facts = make("p", { class: "faint number" });
    this.problem = make("div", { hidden: true });
    this.caution = make("p", { class: "caution" }, "The task has been edited since. This hunt was judged by the task as it was when its run started.");
    this.sealed = make("p", { class: "caution" }, "Sealed: the verdicts appear after you have reviewed your selection and revealed them.");
    this.verdicts = make("ol", { class: "criteria" });
    this.history = make("ol", { class: "history" });
    this.earlier = make("details", {}, make("summary", {}, "Earlier judgings"), this.history);
    this.append(this.#top(), make("div", { class: "content" }, this.#reading(),
      make("section", { class: "judged", "aria-label": "Verdicts" }, make("h3", {}, "Verdicts"), this.sealed, this.caution, this.verdicts, this.earlier)));
  }

  draw(detail, row, session, theme, reading, acts) {
    const open = detail.huntId !== null && session !== null;
    const opening = open && this.hidden;
    show(this, open);
    if (!open) return;
    const hunt = detail.hunt ?? row;
    const { criteria } = session.task;
    const sealed = Boolean(session.sealed) && hunt?.kind !== "trial";
    this.#drawTop(hunt, detail.huntId, sealed);
    this.#drawTools(hunt, session, acts);
    showProblem(this.problem, detail.problem ?? refusal(hunt, acts) ?? hunt?.error ?? null);
    this.#drawReading(detail, hunt, theme, reading);
    const run = session.runs.find((one) => one.run_id === hunt?.run_id);
    show(this.caution, Boolean(run) && run.task_hash !== session.task.hash && !sealed);
    show(this.sealed, sealed);
    show(this.verdicts, !sealed);
    this.#drawVerdicts(hunt, criteria);
    this.#drawHistory(detail.hunt);
    if (opening) this.focus({ preventScroll: true });
  }

  #top() {
    const button = (name, label, told) => make("button", { type: "button", class: "quiet icon-only", "aria-label": label, title: label, onclick: told }, icon(name));
    return make("header", {}, make("div", { class: "line" }, this.heading, this.outcome, this.model, make("span", { class: "space" }),
      button("previous", "Previous hunt (k)", () => wish(this, "step-hunt", -1)), button("next", "Next hunt (j)", () => wish(this, "step-hunt", 1)),
      button("cross", "Close (Esc)", () => wish(this, "close-hunt"))), this.about, this.facts, this.#makeTools(), this.problem);
  }

  #makeTools() {
    const tool = (told) => make("button", { type: "button", class: "small", onclick: () => told(this.dataset.hunt) });
    this.select = tool((id) => wish(this, "change-selection", this.selected ? { remove: id } : { add: id }));
    this.again = tool((id) => wish(this, "rejudge", { huntId: id }));
    this.compare = tool((id) => wish(this, "open-layer", { name: "compare", ids: [id] }));
    this.goOn = tool((id) => wish(this, "open-layer", { name: "turn", ids: [id] }));
    this.stop = tool((id) => wish(this, "stop-hunt", id));
    return make("div", { class: "chips tools" }, this.select, this.compare, this.again, this.goOn, this.stop);
  }

  #drawTools(hunt, session, acts) {
    const done = hunt?.status === "done";
    const real = hunt?.kind !== "trial";
    const place = session.selection.hunt_ids.indexOf(hunt?.hunt_id);
    this.selected = place >= 0;
    show(this.select, Boolean(hunt) && whyNotSelectable(hunt, session) === "");
    setText(this.select, this.selected ? `In slot ${place + 1}: remove` : "Select for delivery");
    show(this.compare, done && real && Boolean(hunt.excerpt));
    setText(this.compare, "Compare with …");
    show(this.again, canBeJudgedAgain(hunt) && !(session.revealed && this.selected));
    setBusy(this.again, actOf(acts, `rejudge ${hunt?.hunt_id}`).busy);
    setText(this.again, "Judge again");
    show(this.goOn, done && real && hunt.outcome === "held" && !session.revealed);
    setText(this.goOn, "Continue from this reply");
    show(this.stop, Boolean(hunt) && !done);
    setBusy(this.stop, actOf(acts, `stop ${hunt?.hunt_id}`).busy);
    setText(this.stop, "Cancel this hunt");
  }

  #drawHistory(hunt) {
    const judged = hunt?.judged ?? [];
    show(this.earlier, judged.length > 0);
    keyed(this.history, judged, (one) => one.at, () => make("li", { class: "line" }), (item, one) => item.replaceChildren(
      make("span", { class: "faint number" }, `${clock(one.at)} ${one.judge_model}, ${money(one.cost_usd)} `),
      ...one.verdicts.map((verdict) => verdictMark(verdict.criterion_id, verdict.verdict))));
  }

  #reading() {
    this.tabs = makeTabs("reading", "Parts of the hunt", (name) => wish(this, "view-change", { reading: name }));
    this.frame = document.createElement("reply-frame");
    this.plainText = make("p", { class: "words text" });
    this.plain = make("input", { type: "checkbox", id: "show-plain", onchange: () => wish(this, "show-plain", this.plain.checked) });
    this.plainLine = make("label", { class: "plain-line faint", for: "show-plain" }, this.plain, "As plain text");
    this.none = make("p", { class: "soft" });
    this.reasoning = make("p", { class: "words text" });
    this.request = make("pre", { class: "words" });
    this.reply = make("pre", { class: "words" });
    this.panels = {
      reply: tabPanel("reading", "reply", this.plainLine, this.none, this.frame, this.plainText),
      reasoning: tabPanel("reading", "reasoning", this.reasoning),
      raw: tabPanel("reading", "raw", make("h4", {}, "Request"), this.request, make("h4", {}, "Reply"), this.reply),
    };
    return make("section", { class: "reading", "aria-label": "Reply" }, this.tabs, ...Object.values(this.panels));
  }

  #drawTop(hunt, huntId, sealed) {
    setText(this.heading, hunt ? nameOf(hunt) : "Hunt");
    this.outcome.replaceChildren(...(hunt ? [standingTag(standing(hunt)), hunt.cut_off ? cutOffTag() : "", hunt.simulated ? simulatedTag() : ""] : []));
    setText(this.model, hunt?.model ?? "");
    setText(this.about, hunt ? describe(standing(hunt)).about : "");
    setText(this.facts, hunt ? facts(hunt, sealed) : "");
    setAttribute(this, "data-hunt", huntId);
  }

  #drawReading(detail, hunt, theme, reading) {
    const whole = detail.hunt;
    updateTabs(this.tabs, [
      { name: "reply", label: "Reply" },
      { name: "reasoning", label: whole?.reasoning ? "Reasoning" : "No reasoning" },
      { name: "raw", label: "Raw" },
    ], reading);
    for (const [name, panel] of Object.entries(this.panels)) show(panel, name === reading);
    const text = whole?.response ?? "";
    show(this.none, text === "");
    setText(this.none, nothingYet(detail, hunt));
    show(this.plainLine, text !== "");
    this.plain.checked = detail.plain;
    show(this.plainText, text !== "" && detail.plain);
    setText(this.plainText, detail.plain ? text : "");
    show(this.frame, text !== "" && !detail.plain);
    this.frame.show(whole?.response_html ?? "", theme);
    setText(this.reasoning, whole?.reasoning || "No reasoning trace.");
    setText(this.request, whole?.raw_request ? prettyJson(whole.raw_request) : "Nothing has been sent yet.");
    setText(this.reply, whole?.raw_reply ? prettyJson(whole.raw_reply) : "No reply stored.");
  }

  #drawVerdicts(hunt, criteria) {
    const texts = new Map(criteria.map((criterion) => [criterion.id, criterion.text]));
    const shown = hunt ? verdictsInOrder(criteria, hunt.verdicts) : [];
    keyed(this.verdicts, shown.map((item) => ({ ...item, text: texts.get(item.id) })), (item) => item.id, makeVerdict, updateVerdict);
  }

  /** While a hunt is open its keys hold wherever the focus is, except where somebody types. */
  #keys(event) {
    if (this.hidden || isTyped(event)) return;
    const { hunt } = this.dataset;
    if (event.key === "Escape") wish(this, "close-hunt");
    else if (event.key === "j") wish(this, "step-hunt", 1);
    else if (event.key === "k") wish(this, "step-hunt", -1);
    else if (event.key === "s" && !this.select.hidden) this.select.click();
    else if (event.key === "c" && !this.compare.hidden) this.compare.click();
    else if (/^[1-9]$/.test(event.key) && !this.select.hidden) wish(this, "change-selection", { place: hunt, slot: Number(event.key) - 1 });
  }
}

function refusal(hunt, acts) {
  return ["rejudge", "stop"].map((name) => actOf(acts, `${name} ${hunt?.hunt_id}`).problem).find(Boolean);
}

function nothingYet(detail, hunt) {
  if (detail.problem) return "";
  if (hunt && hunt.status === "done") return hunt.error ? "No usable reply." : "No reply.";
  return hunt?.status === "queued" ? "Queued." : "Waiting for the reply.";
}

function nameOf(hunt) {
  return hunt.kind === "trial" ? `Trial ${hunt.trial_number}` : `Hunt ${hunt.number}`;
}

function facts(hunt, sealed) {
  const { usage } = hunt;
  const words = [clock(hunt.finished_at ?? hunt.started_at)];
  if (hunt.latency_ms !== null) words.push(`answered in ${duration(hunt.latency_ms)}`);
  if (usage) words.push(`${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out`);
  if (usage?.reasoning_tokens) words.push(`${count(usage.reasoning_tokens)} for reasoning`);
  if (hunt.attempts > 1) words.push(`${hunt.attempts} attempts`);
  if (hunt.status === "done" && usage) words.push(`model ${money(hunt.cost_usd)}, judge ${sealed ? "sealed" : money(hunt.judge_cost_usd)}`);
  return words.join(" · ");
}

customElements.define("hunt-panel", HuntPanel);
