// Small pieces that several elements show alike: an outcome's tag, a refusal, a verdict's sign, tabs.

import { keyed, make, setAttribute, setText, show, wish } from "../dom.js";
import { icon } from "../icons.js";
import { describe, NO_VERDICT, VERDICTS } from "../state/outcomes.js";

/** A tag for an outcome or stage: icon and word. */
export function standingTag(name) {
  const { word, icon: drawing, about } = describe(name);
  return make("span", { class: `tag ${name}`, title: about }, icon(drawing), word);
}

export function simulatedTag() {
  return make("span", {
    class: "tag simulated", title: "From the built-in simulated provider. No real model was called.",
  }, icon("flask"), "simulated");
}

export function cutOffTag() {
  return make("span", { class: "tag cut-off", title: "The reply stopped at an output limit and is incomplete." }, "cut off");
}

/** A verdict's square: its sign, its word for those who hear or hover. */
export function verdictMark(id, verdict) {
  const { word, sign } = verdict ? VERDICTS[verdict] ?? NO_VERDICT : NO_VERDICT;
  return make("span", { class: `mark ${verdict ? word.toLowerCase() : "none"}`, title: `${id}: ${word}` },
    make("span", { "aria-hidden": "true" }, sign), make("span", { class: "only-heard" }, `${id} ${word}`));
}

/** A dialog of the layer `name`: open while that lies over the page by the address, however it is closed. */
export function makeLayer(name, attributes, ...children) {
  const dialog = make("dialog", { ...attributes, onclose: () => wish(dialog, "close-layer", name) }, ...children);
  return dialog;
}

export function showLayer(dialog, shown) {
  if (shown && !dialog.open) dialog.showModal();
  if (!shown && dialog.open) dialog.close();
}

/** The first line of a dialog: what it is, and its close button. */
export function layerTop(dialog, title, ...children) {
  return make("div", { class: "top" }, make("h2", {}, title), ...children,
    make("button", { type: "button", class: "quiet icon-only", "aria-label": "Close", onclick: () => dialog().close() }, icon("cross")));
}

/** Shows `problem` {message, hint} inside `place`, or nothing. */
export function showProblem(place, problem) {
  show(place, problem !== null);
  if (problem === null) return place.replaceChildren();
  place.className = "problem";
  place.setAttribute("role", "alert");
  return place.replaceChildren(
    make("p", {}, problem.message), problem.hint ? make("p", { class: "hint" }, problem.hint) : "",
  );
}

/**
 * A row of tabs by the pattern that screen readers know. `tabs`: [{name, label}]; `choose(name)` is told of a wish;
 * panels carry the id `${prefix}-${name}`.
 */
export function makeTabs(prefix, about, choose) {
  const list = make("div", { class: "tabs", role: "tablist", "aria-label": about });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...list.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
    event.preventDefault();
  });
  list.family = prefix;
  list.choose = choose;
  return list;
}

export function updateTabs(list, tabs, chosen) {
  keyed(list, tabs, (tab) => tab.name, (tab) => make("button", {
    type: "button", role: "tab", id: `${list.family}-tab-${tab.name}`, "aria-controls": `${list.family}-${tab.name}`,
    onclick: () => list.choose(tab.name),
  }), (button, tab) => {
    setText(button, tab.label);
    setAttribute(button, "aria-selected", String(tab.name === chosen));
    setAttribute(button, "tabindex", tab.name === chosen ? "0" : "-1");
  });
}

/** The panel that belongs to a tab. */
export function tabPanel(prefix, name, ...children) {
  return make("div", {
    role: "tabpanel", id: `${prefix}-${name}`, "aria-labelledby": `${prefix}-tab-${name}`, tabindex: "0", hidden: true,
  }, ...children);
}
