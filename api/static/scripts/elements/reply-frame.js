// A model's reply as it reads, in a frame that can run nothing and reach nothing. The HTML comes sanitised from the
// server; the frame is the second wall: no scripts, no forms, and the page's Content-Security-Policy holds in it too.

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"; // same origin: to measure its height

export class ReplyFrame extends HTMLElement {
  #shown = "";

  /** Shows sanitised HTML in the page's light or dark. The same again changes nothing. */
  show(html, theme) {
    const page = wholePage(html, theme);
    if (page === this.#shown) return;
    this.#shown = page;
    this.frame?.remove();
    this.growing?.disconnect();
    if (html === "") return;
    this.frame = document.createElement("iframe");
    this.frame.setAttribute("sandbox", SANDBOX);
    this.frame.title = "The model’s reply";
    this.frame.srcdoc = page;
    this.frame.addEventListener("load", () => {
      this.#grow();
      this.#handKeysOn();
    });
    this.append(this.frame);
  }

  /** As tall as its content, so that the panel scrolls and not the frame. */
  #grow() {
    const { body } = this.frame.contentDocument;
    const fit = () => { this.frame.style.height = `${Math.ceil(body.getBoundingClientRect().height)}px`; };
    this.growing = new ResizeObserver(fit);
    this.growing.observe(body);
    fit();
  }

  /** Who has clicked into the reply presses keys there; they mean the page around it. */
  #handKeysOn() {
    this.frame.contentDocument.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, altKey } = event;
      this.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, metaKey, altKey, bubbles: true }));
    });
  }
}

function wholePage(html, theme) {
  return `<!doctype html><html lang="en" data-theme="${theme === "dark" ? "dark" : "light"}"><head><meta charset="utf-8">`
    + '<base target="_blank"><link rel="stylesheet" href="/static/styles/tokens.css"><link rel="stylesheet" href="/static/styles/reply-frame.css">'
    + `</head><body>${html}</body></html>`;
}

customElements.define("reply-frame", ReplyFrame);
