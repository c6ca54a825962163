// Verdicts under their criteria, with reason, evidence and what the judge really wrote.

import { make, setAttribute, setText, show } from "../dom.js";
import { duration, money } from "../format.js";
import { verdictMark } from "./pieces.js";

/** An entry for {id, text, verdict, sameAs}; `verdict` is null while none is known, `sameAs` names a criterion that failed alike. */
export function makeVerdict(item) {
  const entry = make("li", { class: "verdict" });
  entry.mark = make("span", { class: "place" });
  entry.text = make("p", { class: "words criterion" });
  entry.reason = make("p", { class: "words reason" });
  entry.evidence = make("blockquote", { class: "words evidence" });
  entry.raw = make("pre", { class: "words" });
  entry.facts = make("p", { class: "faint" });
  entry.more = make("details", {}, make("summary", {}, "The judge’s answer"), entry.raw, entry.facts);
  entry.append(entry.mark, make("div", { class: "body" },
    make("div", { class: "asked" }, make("b", { class: "mono" }, item.id), entry.text), entry.reason, entry.evidence, entry.more));
  entry.shown = undefined;
  return entry;
}

export function updateVerdict(entry, { id, text, verdict, sameAs }) {
  setText(entry.text, text ?? "This criterion is no longer part of the task.");
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

function drawMore(entry, verdict) {
  const asked = Boolean(verdict?.judge_model);
  show(entry.more, asked);
  if (!asked) return;
  setText(entry.raw, verdict.judge_text || "The reason and the evidence above are the whole answer.");
  setText(entry.facts, `${verdict.judge_model} · ${duration(verdict.latency_ms)} · cost ${money(verdict.cost_usd)}`);
}
