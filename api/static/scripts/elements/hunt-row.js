// One hunt in the table: number, outcome, a mark for every criterion, model, the reply's beginning, time, cost, choice.

import { make, setAttribute, setText, show } from "../dom.js";
import { duration, money } from "../format.js";
import { icon } from "../icons.js";
import { huntAddress } from "../router.js";
import { standing, verdictsInOrder } from "../state/outcomes.js";
import { whyNotSelectable } from "../state/selection.js";
import { cutOffTag, standingTag, verdictMark } from "./pieces.js";

export function makeRow(hunt) {
  const row = make("div", { class: "row", role: "row" });
  row.huntId = hunt.hunt_id;
  row.link = make("a", { class: "open" }, `#${hunt.number}`);
  row.outcome = cell("outcome");
  row.strip = cell("strip");
  row.cut = make("span");
  row.like = make("span", { class: "like" });
  row.words = make("span");
  row.time = cell("time number");
  row.cost = cell("cost number");
  row.box = make("input", { type: "checkbox", "aria-label": `Select hunt ${hunt.number} for delivery` });
  row.box.addEventListener("change", () => row.choose(hunt.hunt_id, row.box.checked));
  row.slotNumber = make("span", { class: "slot-number number", "aria-hidden": "true" });
  row.append(cell("hunt-number number", row.link), row.outcome, row.strip, modelCell(hunt), cell("excerpt", row.cut, row.like, row.words),
    row.time, row.cost, cell("choice", row.slotNumber, row.box));
  return row;
}

/** Brings `row` into line; `top` is its place in pixels; `context` holds what is the same for all rows. */
export function updateRow(row, { hunt, place, top }, context) {
  const { criteria, opened, sid } = context;
  row.style.transform = `translateY(${top}px)`;
  setAttribute(row, "aria-rowindex", place + 2);
  setAttribute(row, "aria-current", opened === hunt.hunt_id ? "true" : null);
  drawChoice(row, hunt, context);
  drawLike(row, context.like.get(hunt.hunt_id) ?? 0);
  if (row.hunt === hunt && row.criteria === criteria && row.sealed === context.sealed) return;
  Object.assign(row, { hunt, criteria, sealed: context.sealed });
  setAttribute(row.link, "href", huntAddress(sid, hunt.hunt_id));
  setAttribute(row.link, "aria-label", `Open hunt ${hunt.number}`);
  setAttribute(row, "data-standing", standing(hunt));
  row.outcome.replaceChildren(standingTag(standing(hunt)));
  row.cut.replaceChildren(hunt.cut_off ? cutOffTag() : "", " ");
  show(row.cut, Boolean(hunt.cut_off));
  drawStrip(row.strip, hunt, context);
  setText(row.words, excerpt(hunt));
  setText(row.time, duration(hunt.latency_ms));
  setText(row.cost, hunt.status === "done" ? money(sum(hunt.cost_usd, hunt.judge_cost_usd)) : "");
}

function drawStrip(strip, hunt, { criteria, sealed }) {
  const judged = !sealed && (hunt.status === "judging" || hunt.verdicts.length > 0);
  const marks = judged ? verdictsInOrder(criteria, hunt.verdicts) : [];
  strip.replaceChildren(...marks.map(({ id, verdict }) => verdictMark(id, verdict?.verdict)));
  setAttribute(strip, "data-many", marks.length > 10);
}

function drawChoice(row, hunt, { selected, revealed, choose }) {
  const slot = selected?.indexOf(hunt.hunt_id) ?? -1;
  row.choose = choose;
  row.box.checked = slot >= 0;
  const hindrance = whyNotSelectable(hunt, { revealed });
  row.box.disabled = hindrance !== "";
  setAttribute(row.box, "title", hindrance || (slot >= 0 ? `In slot ${slot + 1}` : "Select for delivery (s, or 1 to 9 for a slot)"));
  setText(row.slotNumber, slot >= 0 ? String(slot + 1) : "");
}

function drawLike(row, others) {
  show(row.like, others > 0);
  setText(row.like, others ? `≈ ${others} ` : "");
  setAttribute(row.like, "title", others ? `${others} other ${others === 1 ? "reply is" : "replies are"} nearly the same` : null);
}

function excerpt(hunt) {
  if (hunt.error && !hunt.cut_off) return hunt.error.message;
  if (hunt.excerpt) return hunt.excerpt.replace(/\s+/g, " ");
  return hunt.attempts > 1 && hunt.status === "calling" ? `Retrying, attempt ${hunt.attempts}` : "";
}

function sum(...costs) {
  const known = costs.filter((cost) => cost !== null && cost !== undefined);
  return known.length ? known.reduce((one, other) => one + other, 0) : null;
}

/** The last part of the model's name, which tells models apart; the whole of it to those who hover or hear. */
function modelCell({ model, simulated }) {
  const short = model.slice(model.lastIndexOf("/") + 1);
  const place = cell("model", simulated ? icon("flask") : "", make("span", { "aria-hidden": "true" }, short), make("span", { class: "only-heard" }, model));
  setAttribute(place, "title", model);
  return place;
}

function cell(name, ...children) {
  return make("span", { class: `cell ${name}`, role: "cell" }, ...children);
}
