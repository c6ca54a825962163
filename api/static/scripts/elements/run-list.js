// Runs, the newest first: progress, outcomes, time left and cost.

import { emit, keyed, make, setAttribute, setBusy, setText, show } from "../dom.js";
import { duration, intervalText, METHODS, money, rate, timeLeft } from "../format.js";
import { runAddress } from "../router.js";
import { actionOf } from "../state/actions.js";
import { counted } from "../state/announcements.js";
import { estimatedCost, progressParts } from "../state/estimate.js";
import { confirmationWords, POLICIES } from "../state/second-opinions.js";
import { describe } from "../state/outcomes.js";
import { hasEnded } from "../state/session.js";
import { stopText } from "../state/stop-rule.js";
import { parameterWords } from "../state/targets.js";
import { PageElement } from "./element.js";
import "./model-rates.js";
import { showProblem, simulatedTag } from "./widgets.js";

export class RunList extends PageElement {
  inputs(state) {
    return [state.session?.runs, state.session?.turn, state.actions, state.session?.sealed, state.lostSince !== null, state.session?.session_id];
  }

  build() {
    this.list = make("ol", { class: "runs" });
    this.rates = document.createElement("model-rates");
    this.parts = [this.rates];
    this.append(make("h2", {}, "Runs"), this.list, this.rates);
  }

  draw(runs, turn, actions, sealed, lost, sid) {
    const shown = (runs ?? []).filter((run) => (run.turn ?? 1) === (turn ?? 1));
    show(this, shown.length > 0);
    const numbered = shown.map((run, place) => ({ run, sid, sealed, lost, place: place + 1, action: actionOf(actions, `cancel ${run.run_id}`), retrying: actionOf(actions, `retry ${run.run_id}`) })).reverse();
    keyed(this.list, numbered, ({ run }) => run.run_id, (item) => this.#make(item), drawRun);
  }

  #make({ run, place, sid }) {
    const item = make("li", { class: "run" });
    item.state = make("span", { class: "run-state" });
    item.link = make("a", { class: "run-link", href: runAddress(sid, run.run_id), title: "Only this run’s hunts" }, make("strong", {}, `Run ${place}`));
    item.retry = make("button", { type: "button", class: "small", onclick: () => emit(this, "retry-errors", run.run_id) });
    item.cancel = make("button", { type: "button", class: "small", onclick: () => emit(this, "cancel-run", run.run_id) }, "Cancel");
    item.bar = make("div", { class: "bar", role: "progressbar", "aria-label": `Run ${place}`, "aria-valuemin": "0" });
    item.found = make("p", { class: "found number" });
    item.interval = make("p", { class: "faint number" });
    item.forecast = make("p", { class: "number forecast" });
    item.spent = make("p", { class: "faint number" });
    item.cached = make("p", { class: "faint number" });
    item.why = make("p");
    item.problem = make("div", { hidden: true });
    item.append(make("div", { class: "line" }, item.link, item.state, run.simulated ? simulatedTag() : "",
      make("span", { class: "mono faint models" }, (run.targets ?? run.models.map((model) => ({ label: model }))).map(({ label }) => label).join(", ")), make("span", { class: "space" }), item.retry, item.cancel),
    item.bar, make("div", { class: "line" }, item.found, make("span", { class: "space" }), item.spent), item.interval, item.forecast, judgeLine(run), confirmLine(run), allocationLine(run), item.cached, item.why, item.problem);
    return item;
  }
}

/** The judge, if it was called with parameters. */
function judgeLine({ judge_model: model, judge_parameters: parameters }) {
  const words = parameterWords(parameters);
  return words.length ? make("p", { class: "faint judge" }, ["Judge", [model, ...words].join(" · ")].join(": ")) : "";
}

/** Whom the run asks for second opinions. */
function confirmLine({ confirm }) {
  if (!confirm || confirm.policy === "none") return "";
  const judges = confirm.judges.map(({ model, parameters }) => [model, ...parameterWords(parameters)].join(" · ")).join(" and ");
  const [, label] = POLICIES.find(([policy]) => policy === confirm.policy);
  return make("p", { class: "faint confirm" }, `Second opinions ${label}: ${judges}`);
}

/** How the hunts go to the models, if not in turn, and which of them the break rate counts. */
function allocationLine({ allocation, rate_note: note }) {
  const words = [allocation === "adaptive" ? "Adaptive allocation: more hunts for the model that breaks most for its price." : "", note].filter(Boolean).join(" ");
  return words ? make("p", { class: "faint allocation" }, words) : "";
}

function drawRun(item, { run, lost, sealed, action, retrying }) {
  const { counts } = run;
  setAttribute(item, "data-status", run.status);
  setText(item.state, `${statusText(run)}${lost && !hasEnded(run) ? " when the connection was lost" : ""}`);
  show(item.cancel, !hasEnded(run));
  setBusy(item.cancel, action.busy);
  setText(item.cancel, action.busy ? "Cancelling …" : "Cancel");
  show(item.retry, hasEnded(run) && counts.error > 0);
  setBusy(item.retry, retrying.busy);
  setText(item.retry, `Retry ${counted(counts.error, "error")}`);
  drawBar(item.bar, counts);
  setText(item.found, outcomesText(counts));
  const sure = intervalText(run.break_rate_interval);
  show(item.interval, sure !== "");
  setText(item.interval, sure);
  setAttribute(item.interval, "title", METHODS[run.break_rate_interval?.method] ?? null);
  show(item.forecast, Boolean(run.forecast));
  setText(item.forecast, run.forecast ? `${run.forecast.words}${run.forecast.cost_usd && sealed ? " Cost without the judge’s, which is sealed." : ""}` : "");
  setText(item.spent, costText(run, lost, sealed ? " (judge’s cost sealed)" : ""));
  const cached = [cacheText("Models", counts.target_cache), cacheText("Judge", counts.judge_cache)].filter(Boolean).join(" · ");
  show(item.cached, cached !== "");
  setText(item.cached, cached);
  const stops = hasEnded(run) ? "" : stopText(run.stop);
  const notes = run.notes ?? [];
  show(item.why, run.stop_reason !== "" || run.check_overridden || stops !== "" || notes.length > 0);
  const asPlanned = (run.status === "completed" || !hasEnded(run)) && !run.check_overridden && notes.length === 0;
  item.why.className = asPlanned ? "why faint" : "why caution";
  setText(item.why, [run.stop_reason || stops, ...notes, run.check_overridden ? "Started without a passed reference check." : ""].filter(Boolean).join(" "));
  showProblem(item.problem, action.problem ?? retrying.problem);
}

function statusText(run) {
  const { done, total, cancelled, interrupted } = run.counts;
  const played = done - cancelled - interrupted;
  const words = { queued: "waiting", running: `${done} of ${total} done`, completed: `${played < total ? `${played} of ` : ""}${counted(total, "hunt")}, finished`, cancelled: `cancelled after ${played} of ${total}`, failed: `stopped after ${played} of ${total}` };
  return words[run.status] ?? run.status;
}

function drawBar(bar, counts) {
  setAttribute(bar, "aria-valuemax", counts.total);
  setAttribute(bar, "aria-valuenow", counts.done);
  setAttribute(bar, "aria-valuetext", `${counts.done} of ${counts.total} done, ${outcomesText(counts)}`);
  keyed(bar, progressParts(counts), (part) => part.name, (part) => make("span", { class: `part ${part.name}` }), (part, { name, count }) => {
    part.style.flexGrow = String(count);
    setAttribute(part, "title", `${describe(name).word}: ${count}`);
  });
  bar.style.setProperty("--queued", counts.queued);
}

function outcomesText(counts) {
  const opinions = confirmationWords(counts);
  const words = [`${counted(counts.broke, "break")}${opinions && ` (${opinions})`}`, `${counts.held} held`];
  if (counts.undetermined) words.push(`${counts.undetermined} undetermined`);
  if (counts.error) words.push(counted(counts.error, "error"));
  if (counts.cancelled) words.push(`${counts.cancelled} cancelled`);
  if (counts.interrupted) words.push(`${counts.interrupted} interrupted`);
  return `${words.join(" · ")} · break rate ${rate(counts.break_rate)}`;
}

/** What a provider’s prompt cache did; "" without cached tokens, and for the judge while sealed. */
function cacheText(who, use) {
  if (!use?.cached_tokens) return "";
  const saved = use.saved_usd === null ? "" : `, saved ${money(use.saved_usd)}`;
  return `${who}: ${rate(use.cached_tokens / Math.max(use.input_tokens, use.cached_tokens))} of the input from the prompt cache${saved}`;
}

/** `without`: what the cost does not include. */
function costText(run, lost, without) {
  const { counts } = run;
  if (hasEnded(run)) {
    const took = run.started_at && run.finished_at ? `${duration(Date.parse(run.finished_at) - Date.parse(run.started_at))} · ` : "";
    return `${took}cost ${counts.unknown_costs ? `at least ${money(counts.cost_usd ?? 0)}` : money(counts.cost_usd)}${without}`;
  }
  const estimate = estimatedCost(run.announced ?? counts); // cost and number of replies at the same moment
  const cost = estimate === null ? "cost not yet known" : `${estimate.atLeast ? "at least" : "about"} ${money(estimate.usd)} in total${without}`;
  return [lost ? "" : timeLeft(run.eta_s), cost].filter(Boolean).join(" · ");
}

customElements.define("run-list", RunList);
