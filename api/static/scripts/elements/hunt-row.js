// One hunt in the table: number, outcome, a mark for every criterion, model, the reply's beginning, time, cost.

import { make, setAttribute, setText } from "../dom.js";
import { duration, money } from "../format.js";
import { icon } from "../icons.js";
import { huntAddress } from "../router.js";
import { standing, verdictsInOrder } from "../state/outcomes.js";
import { standingTag, verdictMark } from "./pieces.js";

export function makeRow(hunt) {
  const row = make("div", { class: "row", role: "row" });
  row.huntId = hunt.hunt_id;
  row.link = make("a", { class: "open" }, `#${hunt.number}`);
  row.outcome = cell("outcome");
  row.strip = cell("strip");
  row.excerpt = cell("excerpt");
  row.time = cell("time number");
  row.cost = cell("cost number");
  row.append(cell("hunt-number number", row.link), row.outcome, row.strip,
    modelCell(hunt), row.excerpt, row.time, row.cost);
  return row;
}

/** Brings `row` into line; `top` is its place in pixels, `context` {criteria, opened, sid}. */
export function updateRow(row, { hunt, place, top }, { criteria, opened, sid }) {
  row.style.transform = `translateY(${top}px)`;
  setAttribute(row, "aria-rowindex", place + 2);
  setAttribute(row, "aria-selected", opened === hunt.hunt_id ? "true" : null);
  if (row.hunt === hunt && row.criteria === criteria) return;
  row.hunt = hunt;
  row.criteria = criteria;
  setAttribute(row.link, "href", huntAddress(sid, hunt.hunt_id));
  setAttribute(row.link, "aria-label", `Open hunt ${hunt.number}`);
  setAttribute(row, "data-standing", standing(hunt));
  row.outcome.replaceChildren(standingTag(standing(hunt)));
  const judged = hunt.status === "judging" || hunt.verdicts.length > 0;
  const marks = judged ? verdictsInOrder(criteria, hunt.verdicts) : [];
  row.strip.replaceChildren(...marks.map(({ id, verdict }) => verdictMark(id, verdict?.verdict)));
  setAttribute(row.strip, "data-many", marks.length > 10);
  setText(row.excerpt, excerpt(hunt));
  setText(row.time, duration(hunt.latency_ms));
  setText(row.cost, hunt.status === "done" ? money(sum(hunt.cost_usd, hunt.judge_cost_usd)) : "");
}

function excerpt(hunt) {
  if (hunt.error) return hunt.error.message;
  if (hunt.excerpt) return hunt.excerpt.replace(/\s+/g, " ");
  return hunt.attempts > 1 && hunt.status === "calling" ? `Trying again, attempt ${hunt.attempts}` : "";
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
