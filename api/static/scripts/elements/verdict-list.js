// Verdicts with their criteria: reason, evidence and the judge's whole answer.

import { make, setAttribute, setText, show } from "../dom.js";
import { duration, money, rate } from "../format.js";
import { parameterWords } from "../state/targets.js";
import { verdictMark } from "./widgets.js";

/** An entry for {id, text, verdict, sameAs, votes}; `votes` are other judges’ verdicts, shown beside it; `verdict` is null while there is none; `sameAs`: the criterion whose judge call failed with the same error. */
export function makeVerdict(item) {
  const entry = make("li", { class: "verdict" });
  entry.mark = make("span", { class: "place" });
  entry.text = make("p", { class: "words criterion" });
  entry.reason = make("p", { class: "words reason" });
  entry.evidence = make("blockquote", { class: "words evidence" });
  entry.judge = make("p", { class: "mono judge", hidden: true });
  entry.opinions = make("div", { class: "opinions" }, make("div", { class: "opinion" }, entry.judge, entry.reason, entry.evidence));
  entry.raw = make("pre", { class: "words" });
  entry.facts = make("p", { class: "faint" });
  entry.more = make("details", {}, make("summary"), entry.raw, entry.facts);
  entry.append(entry.mark, make("div", { class: "body" },
    make("div", { class: "asked" }, make("b", { class: "mono" }, item.id), entry.text), entry.opinions, entry.more));
  entry.shown = undefined;
  return entry;
}

export function updateVerdict(entry, { id, text, verdict, sameAs, votes = [] }) {
  setText(entry.text, text ?? "This criterion is no longer part of the task.");
  drawVotes(entry, id, verdict, votes);
  if (entry.shown === verdict && entry.sameAs === sameAs) return;
  entry.shown = verdict;
  entry.sameAs = sameAs;
  setAttribute(entry, "data-verdict", verdict?.verdict.toLowerCase() ?? "none");
  entry.mark.replaceChildren(verdictMark(id, verdict?.verdict));
  const reason = sameAs ? `Failed for the same reason as ${sameAs}.` : verdict ? verdict.reason || verdict.error || "" : "";
  show(entry.reason, reason !== "");
  setText(entry.reason, reason);
  show(entry.evidence, Boolean(verdict?.evidence));
  setText(entry.evidence, verdict?.evidence ?? "");
  drawMore(entry, verdict);
}

/** Other judges’ verdicts and reasons beside the first judge’s. */
function drawVotes(entry, id, verdict, votes) {
  show(entry.judge, votes.length > 0);
  setText(entry.more.firstChild, votes.length ? "The first judge’s answer" : "The judge’s answer");
  entry.judge.replaceChildren(...(votes.length ? judgeNames(id, verdict) : []));
  const beside = [...entry.opinions.children].slice(1);
  if (votes.length === beside.length && beside.every((one, place) => JSON.stringify(votes[place]) === one.vote)) return;
  for (const one of beside) one.remove();
  entry.opinions.append(...votes.map((vote) => makeVote(id, vote)));
}

function judgeNames(id, verdict) {
  return [verdictMark(id, verdict?.verdict), [verdict?.judge_model, ...parameterWords(verdict?.judge_parameters)].join(" · ")];
}

function makeVote(id, vote) {
  const facts = `${duration(vote.latency_ms)} · cost ${money(vote.cost_usd)}`;
  const node = make("div", { class: "opinion", title: facts }, make("p", { class: "mono judge" }, ...judgeNames(id, vote)),
    make("p", { class: "words reason" }, vote.reason || vote.error || vote.judge_text || ""), vote.evidence ? make("blockquote", { class: "words evidence" }, vote.evidence) : "");
  node.vote = JSON.stringify(vote);
  return node;
}

function drawMore(entry, verdict) {
  const asked = Boolean(verdict?.judge_model);
  show(entry.more, asked);
  if (!asked) return;
  setText(entry.raw, verdict.judge_text || "The reason and the evidence above are the whole answer.");
  const facts = [verdict.judge_model, duration(verdict.latency_ms), `cost ${money(verdict.cost_usd)}`];
  if (typeof verdict.confidence === "number") facts.push(`confidence of the judge’s model ${rate(verdict.confidence)}`);
  if (verdict.cached_tokens) facts.push(`${verdict.cached_tokens} of ${verdict.input_tokens} input tokens cached`);
  setText(entry.facts, facts.join(" · "));
}
