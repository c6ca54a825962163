// Parts that several elements share: tags, verdict marks, buttons, dialogs, error messages, tabs.

import { emit, keyed, make, setAttribute, setText, show } from "../dom.js";
import { icon } from "../icons.js";
import { CONFIRMATIONS } from "../state/second-opinions.js";
import { describe, NO_VERDICT, VERDICTS } from "../state/outcomes.js";

/** A tag for an outcome or stage: icon and word. */
export function statusTag(name) {
  const { word, icon: drawing, about } = describe(name);
  return make("span", { class: `tag ${name}`, title: about }, icon(drawing), word);
}

export function simulatedTag() {
  return make("span", {
    class: "tag simulated", title: "From the built-in simulated provider. No real model was called.",
  }, icon("flask"), "simulated");
}

/** A tag for what second opinions say: sign and word. */
export function confirmationTag(name) {
  const { word, sign, about } = CONFIRMATIONS[name];
  return make("span", { class: `tag ${name}`, title: about }, make("span", { "aria-hidden": "true" }, sign), make("span", { class: "word" }, word));
}

export function cutOffTag() {
  return make("span", { class: "tag cut-off", title: "The reply stopped at an output limit and is incomplete." }, "cut off");
}

export function stoppedTag() {
  return make("span", { class: "tag cut-off", title: "The hunt was stopped while its reply was written. The reply is incomplete and was not judged." }, "stopped");
}

/** The tags of a reply that is incomplete. */
export function incompleteTags(hunt) {
  return [hunt.cut_off ? cutOffTag() : "", hunt.stopped ? stoppedTag() : ""];
}

/** A square for a verdict: a sign, and a word for screen readers and tooltips. */
export function verdictMark(id, verdict) {
  const { word, sign } = verdict ? VERDICTS[verdict] ?? NO_VERDICT : NO_VERDICT;
  return make("span", { class: `mark ${verdict ? word.toLowerCase() : "none"}`, title: `${id}: ${word}` },
    make("span", { "aria-hidden": "true" }, sign), make("span", { class: "visually-hidden" }, `${id} ${word}`));
}

/** A button that is only an icon; `label` is its name and tooltip. */
export function iconButton(drawing, label, onclick, look = "") {
  return make("button", { type: "button", class: `quiet icon-only ${look}`, "aria-label": label, title: label, onclick }, icon(drawing));
}

/** The choice after a conflict with another tab; `resolve("mine" | "theirs")`. */
export function conflictChoice(resolve) {
  const choice = (keep, label) => make("button", { type: "button", class: "small", onclick: () => resolve(keep) }, label);
  return make("p", { class: "chips" }, choice("mine", "Keep this version"), choice("theirs", "Use the other tab’s version"));
}

/** A modal dialog with the name `name` in the address: it is open while the address has that name, however it is closed. */
export function makeDialog(name, attributes, ...children) {
  const dialog = make("dialog", { ...attributes, onclose: () => emit(dialog, "close-dialog", name) }, ...children);
  return dialog;
}

/** A dialog that asks before something happens. `buttons`: elements of which each closes it. */
export function confirmDialog(name, title, label, content, ...buttons) {
  return makeDialog(name, { class: "confirm", "aria-label": label }, make("h2", {}, title), content, make("form", { method: "dialog", class: "chips" }, ...buttons));
}

export function showDialog(dialog, shown) {
  if (shown && !dialog.open) dialog.showModal();
  if (!shown && dialog.open) dialog.close();
}

/** The first line of a dialog: its title and a close button. */
export function dialogHeader(title, ...children) {
  return make("div", { class: "top" }, make("h2", {}, title), ...children, iconButton("cross", "Close", (event) => event.target.closest("dialog").close()));
}

/** Shows `problem` {message, hint} in `place`; null hides it. */
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
 * A list of tabs as the ARIA pattern describes it. `choose(name)` is called when a tab is chosen. The panels have the IDs
 * `${prefix}-${name}`.
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

/** `tabs`: [{name, label}]. */
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

/** The panel of a tab. */
export function tabPanel(prefix, name, ...children) {
  return make("div", {
    role: "tabpanel", id: `${prefix}-${name}`, "aria-labelledby": `${prefix}-tab-${name}`, tabindex: "0", hidden: true,
  }, ...children);
}
