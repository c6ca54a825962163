// Runs, the newest first: how far each has come, what it found, how long it may take and what it costs.

import { keyed, make, setAttribute, setBusy, setText, show, wish } from "../dom.js";
import { duration, money, rate, timeLeft } from "../format.js";
import { actOf } from "../state/acts.js";
import { counted } from "../state/announcements.js";
import { estimatedCost, progressParts } from "../state/estimate.js";
import { describe } from "../state/outcomes.js";
import { hasEnded } from "../state/session.js";
import { PageElement } from "./element.js";
import "./model-rates.js";
import { showProblem, simulatedTag } from "./pieces.js";

export class RunList extends PageElement {
  inputs(state) {
    return [state.session?.runs, state.session?.turn, state.acts, state.session?.sealed, state.lostSince !== null];
  }

  build() {
    this.list = make("ol", { class: "runs" });
    this.rates = document.createElement("model-rates");
    this.append(make("h2", {}, "Runs"), this.list, this.rates);
  }

  update(state) {
    super.update(state);
    this.rates.update(state);
  }

  draw(runs, turn, acts, sealed, lost) {
    const shown = (runs ?? []).filter((run) => (run.turn ?? 1) === (turn ?? 1));
    show(this, shown.length > 0);
    const numbered = shown.map((run, place) => ({ run, sealed, lost, place: place + 1, act: actOf(acts, `cancel ${run.run_id}`), retrying: actOf(acts, `retry ${run.run_id}`) })).reverse();
    keyed(this.list, numbered, ({ run }) => run.run_id, (item) => this.#make(item), drawRun);
  }

  #make({ run, place }) {
    const item = make("li", { class: "run" });
    item.state = make("span", { class: "run-state" });
    item.retry = make("button", { type: "button", class: "small", onclick: () => wish(this, "retry-errors", run.run_id) });
    item.cancel = make("button", { type: "button", class: "small", onclick: () => wish(this, "cancel-run", run.run_id) }, "Cancel");
    item.bar = make("div", { class: "bar", role: "progressbar", "aria-label": `Run ${place}`, "aria-valuemin": "0" });
    item.found = make("p", { class: "found number" });
    item.spent = make("p", { class: "faint number" });
    item.why = make("p", { class: "caution" });
    item.problem = make("div", { hidden: true });
    item.append(make("div", { class: "line" }, make("strong", {}, `Run ${place}`), item.state, run.simulated ? simulatedTag() : "",
      make("span", { class: "mono faint models" }, run.models.join(", ")), make("span", { class: "space" }), item.retry, item.cancel),
    item.bar, make("div", { class: "line" }, item.found, make("span", { class: "space" }), item.spent), item.why, item.problem);
    return item;
  }
}

function drawRun(item, { run, lost, sealed, act, retrying }) {
  const { counts } = run;
  setAttribute(item, "data-status", run.status);
  setText(item.state, `${stateWords(run)}${lost && !hasEnded(run) ? " when the connection was lost" : ""}`);
  show(item.cancel, !hasEnded(run));
  setBusy(item.cancel, act.busy);
  setText(item.cancel, act.busy ? "Cancelling …" : "Cancel");
  show(item.retry, hasEnded(run) && counts.error > 0);
  setBusy(item.retry, retrying.busy);
  setText(item.retry, `Retry ${counted(counts.error, "error")}`);
  drawBar(item.bar, counts);
  setText(item.found, found(counts));
  setText(item.spent, spent(run, lost, sealed ? " without the judge’s, which is sealed" : ""));
  const stops = stopWords(run.stop, run);
  show(item.why, run.stop_reason !== "" || run.check_overridden || stops !== "");
  setText(item.why, [run.stop_reason || stops, run.check_overridden ? "Started without a passed reference check." : ""].filter(Boolean).join(" "));
  showProblem(item.problem, act.problem ?? retrying.problem);
}

function stateWords(run) {
  const { done, total, cancelled, interrupted } = run.counts;
  const played = done - cancelled - interrupted;
  const words = { queued: "waiting", running: `${done} of ${total} done`, completed: `${counted(total, "hunt")}, finished`, cancelled: `cancelled after ${played} of ${total}`, failed: `stopped after ${played} of ${total}` };
  return words[run.status] ?? run.status;
}

function stopWords(stop, run) {
  if (hasEnded(run)) return "";
  if (stop?.rule === "breaks") return `Stops at ${counted(stop.breaks, "break")}.`;
  return stop?.rule === "cost" ? `Stops at ${money(stop.cost_usd)}.` : "";
}

function drawBar(bar, counts) {
  setAttribute(bar, "aria-valuemax", counts.total);
  setAttribute(bar, "aria-valuenow", counts.done);
  setAttribute(bar, "aria-valuetext", `${counts.done} of ${counts.total} done, ${found(counts)}`);
  keyed(bar, progressParts(counts), (part) => part.name, (part) => make("span", { class: `part ${part.name}` }), (part, { name, count }) => {
    part.style.flexGrow = String(count);
    setAttribute(part, "title", `${describe(name).word}: ${count}`);
  });
  bar.style.setProperty("--begun", `${(100 * (counts.total - counts.queued)) / Math.max(1, counts.total)}%`);
}

function found(counts) {
  const words = [counted(counts.broke, "break"), `${counts.held} held`];
  if (counts.undetermined) words.push(`${counts.undetermined} undetermined`);
  if (counts.error) words.push(counted(counts.error, "error"));
  if (counts.cancelled) words.push(`${counts.cancelled} cancelled`);
  if (counts.interrupted) words.push(`${counts.interrupted} interrupted`);
  return `${words.join(" · ")} · break rate ${rate(counts.break_rate)}`;
}

/** `without`: what the cost leaves out. */
function spent(run, lost, without) {
  const { counts } = run;
  if (hasEnded(run)) {
    const took = run.started_at && run.finished_at ? `${duration(Date.parse(run.finished_at) - Date.parse(run.started_at))} · ` : "";
    return `${took}cost ${counts.unknown_costs ? `at least ${money(counts.cost_usd ?? 0)}` : money(counts.cost_usd)}${without}`;
  }
  const estimate = estimatedCost(run.told ?? counts); // cost and replies of one moment
  const cost = estimate === null ? "cost not known yet" : `about ${money(estimate.usd)} in the end${estimate.atLeast ? ", at least" : ""}${without}`;
  return [lost ? "" : timeLeft(run.eta_s), cost].filter(Boolean).join(" · ");
}

customElements.define("run-list", RunList);
