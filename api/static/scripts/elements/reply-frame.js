// A rendered reply in a sandboxed frame. The HTML comes sanitised from the server; the frame is a second protection: no scripts, no forms,
// and the page's Content-Security-Policy applies to it too.

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"; // same origin: to measure its height

export class ReplyFrame extends HTMLElement {
  #shown = "";

  /** Shows sanitised HTML in the page's theme. Idempotent. */
  show(html, theme) {
    const page = pageOf(html, theme);
    if (page === this.#shown) return;
    this.#shown = page;
    this.frame?.remove();
    this.observer?.disconnect();
    if (html === "") return;
    this.frame = document.createElement("iframe");
    this.frame.setAttribute("sandbox", SANDBOX);
    this.frame.title = "The model’s reply";
    this.frame.srcdoc = page;
    this.frame.addEventListener("load", () => {
      this.#fitHeight();
      this.#forwardKeys();
    });
    this.append(this.frame);
  }

  /** Makes the frame as tall as its content, so that the panel scrolls and not the frame. */
  #fitHeight() {
    const { body } = this.frame.contentDocument;
    const fit = () => { this.frame.style.height = `${Math.ceil(body.getBoundingClientRect().height)}px`; };
    this.observer = new ResizeObserver(fit);
    this.observer.observe(body);
    fit();
  }

  /** After a click into the reply, keys are pressed in the frame; the page's shortcuts should still work. */
  #forwardKeys() {
    this.frame.contentDocument.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, altKey } = event;
      this.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, metaKey, altKey, bubbles: true }));
    });
  }
}

function pageOf(html, theme) {
  return `<!doctype html><html lang="en" data-theme="${theme === "dark" ? "dark" : "light"}"><head><meta charset="utf-8">`
    + '<base target="_blank"><link rel="stylesheet" href="/static/styles/tokens.css"><link rel="stylesheet" href="/static/styles/reply-frame.css">'
    + `</head><body>${html}</body></html>`;
}

customElements.define("reply-frame", ReplyFrame);
