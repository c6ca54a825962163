// A reply while the model writes it: plain text that grows, above it the reasoning, collapsed. The text is no live region, since
// it changes several times a second: screen readers hear only the status, when it changes.

import { make, setText, show } from "../dom.js";
import { count } from "../format.js";
import { wordCount } from "../state/length.js";

const END_MARGIN_PX = 40;

export class GrowingReply extends HTMLElement {
  #built = false;

  /** Shows `text` {response, reasoning, truncated}; null shows nothing. */
  draw(text) {
    this.#build();
    const response = text?.response ?? "";
    const reasoning = text?.reasoning ?? "";
    const following = text !== null && pxBelowView(this) < END_MARGIN_PX;
    show(this.reasoning, reasoning !== "");
    setText(this.length, `${count(wordCount(reasoning))} words so far`);
    grow(this.thoughts, reasoning);
    grow(this.response, response);
    show(this.response, response !== "");
    show(this.truncated, text?.truncated === true);
    if (following) scrollToEnd(this);
  }

  #build() {
    if (this.#built) return;
    this.#built = true;
    this.length = make("span", { class: "faint number" });
    this.thoughts = make("p", { class: "words text" });
    this.reasoning = make("details", {}, make("summary", {}, "Reasoning ", this.length), this.thoughts);
    this.response = make("p", { class: "words text response" });
    this.truncated = make("p", { class: "caution" }, "This text is too long to be shown in full while it is written. The full text appears when the reply is finished.");
    this.append(this.reasoning, this.response, this.truncated);
  }
}

/** Appends to the text of `node` what is new: a selection in it stays. */
function grow(node, text) {
  const shown = node.firstChild?.data ?? "";
  if (shown !== "" && text.startsWith(shown)) {
    if (text.length > shown.length) node.firstChild.appendData(text.slice(shown.length));
  } else setText(node, text);
}

/** The part of the page that scrolls around `node`: the reading column, on narrow screens the whole panel. */
function scrollerOf(node) {
  let around = node.parentElement;
  while (around && !(around.scrollHeight > around.clientHeight && /auto|scroll/.test(getComputedStyle(around).overflowY))) around = around.parentElement;
  return around;
}

/** How far the end of `node` is below what is in view, in pixels; 0 if nothing scrolls. Other parts of the page may follow it. */
function pxBelowView(node) {
  const scroller = scrollerOf(node);
  return scroller ? node.getBoundingClientRect().bottom - scroller.getBoundingClientRect().bottom : 0;
}

function scrollToEnd(node) {
  const scroller = scrollerOf(node);
  if (scroller) scroller.scrollTop += Math.max(0, pxBelowView(node));
}

customElements.define("growing-reply", GrowingReply);
