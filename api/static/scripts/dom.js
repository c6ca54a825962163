// Creates and updates DOM nodes. Text always goes in as text; nothing here takes HTML.

/** A node: `make("button", {class: "quiet", type: "button", onclick}, "Save")`. Falsy children are left out. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else setAttribute(node, name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets, empties or removes an attribute, only where it differs. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value)) {
    node.setAttribute(name, value === true ? "" : value);
  }
}

/** Replaces a node's text, only where it differs: selections and screen readers are left in peace. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** While an answer is awaited: a button that is not disabled keeps the focus of who pressed it. The act itself is not begun twice. */
export function setBusy(button, busy) {
  setAttribute(button, "aria-disabled", busy ? "true" : null);
}

export function show(node, shown) {
  node.hidden = !shown;
}

/**
 * Makes the children of `parent` match `items` in order. A child is kept as long as its key is there;
 * `create(item)` makes one, `update(child, item)` updates it. Children are moved only when the order changed.
 */
export function keyed(parent, items, keyOf, create, update) {
  const known = (parent.keyedChildren ??= new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, child] of known) {
    if (wanted.has(key)) continue;
    child.remove();
    known.delete(key);
  }
  let next = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    if (!child) known.set(key, (child = create(item)));
    if (child === next) next = next.nextSibling;
    else parent.insertBefore(child, next);
    update(child, item);
  }
}

/** Whether a key belongs to a field or a dialog that has the focus, or to the browser: then it is no shortcut of the page. */
export function isTyped(event) {
  return event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null
    || Boolean(event.target.closest?.("textarea, input:not([type=checkbox]), select"));
}

/** A wish of the trainer, told upwards: `wish(this, "start-run")`. */
export function wish(node, name, detail = null) {
  node.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
