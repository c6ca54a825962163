// The columns of the hunt table: one row per column. Header, cells, sorting and the layouts for narrow screens are made from it.

import { make, setAttribute, setText, show } from "../dom.js";
import { confirmationTag, incompleteTags, statusTag, verdictMark } from "../elements/widgets.js";
import { duration, money } from "../format.js";
import { icon } from "../icons.js";
import { huntAddress } from "../router.js";
import { CONFIRMATIONS, hasOpinions } from "../state/second-opinions.js";
import { displayStatus, statusRank, verdictsInOrder } from "../state/outcomes.js";
import { whyNotSelectable } from "../state/selection.js";
import { sumKnown } from "../state/session.js";
import { labelOf, shortLabelOf } from "../state/targets.js";

const MAX_FULL_MARKS = 10;

/**
 * `heading`: visible in the header; `hiddenHeading`: for screen readers only.
 * `width`: CSS grid track. On narrow screens a row has two lines: `narrow` and, for phones, `phone` say on which line the column is
 *   (1, 2, or "both"); 0 hides it. The last column of line 2 fills the line. `narrowWidth`: its track there, otherwise as wide as its content.
 * `end`: right-aligned. `sealed: false`: hidden while the verdicts are sealed. `opinions`: hidden while no hunt has a second opinion.
 * `sort`: {label, key(hunt)}; without it the table cannot be sorted by this column.
 * `make(cell, hunt)`: what is in the cell for good; `draw(cell, hunt, context)`: what changes. `context` is the same for all rows:
 *   {sid, criteria, sealed, revealed, reader, selected, duplicates, select(huntId, selected)}.
 */
export const COLUMNS = [
  {
    id: "number", heading: "Hunt", width: "2.75rem", narrow: "both", phone: "both",
    sort: { label: "number", key: (hunt) => hunt.number },
    make: (cell, hunt) => cell.append(make("a", { class: "open", "aria-label": `Open hunt ${hunt.number}` }, `#${hunt.number}`)),
    draw: (cell, hunt, { sid }) => setAttribute(cell.firstChild, "href", huntAddress(sid, hunt.hunt_id)),
  },
  {
    id: "outcome", heading: "Outcome", width: "7.25rem", narrow: 1, narrowWidth: "7.25rem", phone: 1,
    sort: { label: "outcome", key: (hunt) => statusRank(displayStatus(hunt)) },
    draw: (cell, hunt) => cell.replaceChildren(statusTag(displayStatus(hunt))),
  },
  {
    id: "criteria", heading: "Criteria", width: "clamp(4rem, calc(var(--criteria) * 1.29rem), 10rem)", narrow: 1, phone: 2, sealed: false,
    sort: { label: "criteria passed", key: (hunt) => (hunt.status === "done" ? hunt.passed : null) },
    draw: drawMarks,
  },
  {
    id: "confirmation", heading: "Confirmation", width: "6.25rem", narrow: 1, narrowWidth: "auto", phone: 1, opinions: true,
    sort: { label: "confirmation", key: (hunt) => rankOf(hunt.confirmation) },
    draw: (cell, hunt) => cell.replaceChildren(hasOpinions(hunt) ? confirmationTag(hunt.confirmation) : ""),
  },
  {
    id: "model", heading: "Model", width: "8.5rem", narrow: 2, phone: 0,
    sort: { label: "model", key: labelOf },
    make: (cell, hunt) => {
      cell.append(hunt.simulated ? icon("flask") : "", make("span", { "aria-hidden": "true" }, shortLabelOf(hunt)), make("span", { class: "visually-hidden" }, labelOf(hunt)));
      cell.title = !hunt.model || labelOf(hunt) === hunt.model ? labelOf(hunt) : `${labelOf(hunt)} (${hunt.model})`;
    },
  },
  {
    id: "excerpt", heading: "Reply", width: "minmax(0, 1fr)", narrow: 2, phone: 2,
    make: (cell) => cell.append(make("span"), make("span", { class: "duplicates" }), make("span")),
    draw: drawExcerpt,
  },
  {
    id: "time", heading: "Time", width: "3.75rem", end: true, narrow: 1, phone: 0,
    sort: { label: "time", key: (hunt) => hunt.latency_ms },
    draw: (cell, hunt) => setText(cell, duration(hunt.latency_ms)),
  },
  {
    id: "cost", heading: "Cost", width: "4.25rem", end: true, narrow: 1, phone: 1,
    sort: { label: "cost", key: (hunt) => hunt.cost_usd },
    draw: (cell, hunt) => setText(cell, hunt.status === "done" ? money(sumKnown([hunt.cost_usd, hunt.judge_cost_usd])) : ""),
  },
  { id: "selected", hiddenHeading: "Selected", width: "2.6rem", end: true, narrow: 1, phone: 1, make: makeCheckbox, draw: drawCheckbox },
];

/** The columns that are shown. `opinions`: whether a hunt has a second opinion. */
export function columnsFor(sealed, opinions = false) {
  return COLUMNS.filter((column) => (!sealed || column.sealed !== false) && (opinions || !column.opinions));
}

/**
 * A value for CSS `grid-template`: the columns side by side ("wide"), or on two lines ("narrow", "phone"). The free space of the
 * first line is between the columns that are aligned left and those aligned right.
 */
export function gridTemplate(columns, layout) {
  if (layout === "wide") return `"${columns.map(({ id }) => id).join(" ")}" / ${columns.map(({ width }) => width).join(" ")}`;
  const onLine = (line) => columns.filter((column) => column[layout] === line || column[layout] === "both");
  const first = [...onLine(1).filter(({ end }) => !end), FREE_SPACE, ...onLine(1).filter(({ end }) => end)];
  const second = onLine(2);
  const areas = [first, first.map((_, place) => second[place] ?? second.at(-1))].map((line) => `"${line.map(({ id }) => id).join(" ")}"`);
  const tracks = first.map((column) => (column[layout] === "both" || column === FREE_SPACE ? column.width : (layout === "narrow" && column.narrowWidth) || "auto"));
  return `${areas.join(" ")} / ${tracks.join(" ")}`;
}

const FREE_SPACE = { id: ".", width: "minmax(0, 1fr)" };

/** The place of a confirmation in the order of the table; null without one. */
function rankOf(confirmation) {
  const rank = Object.keys(CONFIRMATIONS).indexOf(confirmation);
  return rank < 0 ? null : rank;
}

function drawMarks(cell, hunt, { criteria, sealed }) {
  const judged = !sealed && (hunt.status === "judging" || hunt.verdicts.length > 0);
  const marks = judged ? verdictsInOrder(criteria, hunt.verdicts) : [];
  cell.replaceChildren(...marks.map(({ id, verdict }) => verdictMark(id, verdict?.verdict)));
  setAttribute(cell, "data-many", marks.length > MAX_FULL_MARKS ? "true" : null);
}

function drawExcerpt(cell, hunt, { duplicates }) {
  const [incomplete, similar, words] = cell.children;
  show(incomplete, Boolean(hunt.cut_off || hunt.stopped));
  incomplete.replaceChildren(...incompleteTags(hunt), " ");
  const others = duplicates.get(hunt.hunt_id) ?? 0;
  show(similar, others > 0);
  setText(similar, others ? `≈ ${others} ` : "");
  setAttribute(similar, "title", others ? `${others} other ${others === 1 ? "reply is" : "replies are"} nearly the same` : null);
  setText(words, excerptOf(hunt));
}

function excerptOf(hunt) {
  if (hunt.error && !hunt.cut_off) return hunt.error.message;
  if (hunt.excerpt) return hunt.excerpt.replace(/\s+/g, " ");
  return hunt.attempts > 1 && hunt.status === "calling" ? `Retrying, attempt ${hunt.attempts}` : "";
}

function makeCheckbox(cell, hunt) {
  const box = make("input", { type: "checkbox", "aria-label": `Select hunt ${hunt.number} for delivery`, onchange: () => cell.select(hunt.hunt_id, box.checked) });
  cell.append(make("span", { class: "slot-number", "aria-hidden": "true" }), box);
}

function drawCheckbox(cell, hunt, { selected, revealed, reader, select }) {
  const [slotNumber, box] = cell.children;
  const slot = selected?.indexOf(hunt.hunt_id) ?? -1;
  const reason = whyNotSelectable(hunt, { revealed, reader });
  cell.select = select;
  box.checked = slot >= 0;
  box.disabled = reason !== "";
  setAttribute(box, "title", reason || (slot >= 0 ? `In slot ${slot + 1}` : "Select for delivery (s, or 1 to 9 for a slot)"));
  setText(slotNumber, slot >= 0 ? String(slot + 1) : "");
}
