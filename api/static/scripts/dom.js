// Creates and updates DOM nodes. Text is always inserted as text, never as HTML.

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

/** Sets an attribute if it differs; null, undefined or false removes it. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value)) {
    node.setAttribute(name, value === true ? "" : value);
  }
}

/** Replaces a node's text if it differs: selections and screen readers are not disturbed. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** While a response is awaited. Unlike a disabled button, this one keeps the focus. */
export function setBusy(button, busy) {
  setAttribute(button, "aria-disabled", busy ? "true" : null);
}

export function show(node, shown) {
  node.hidden = !shown;
}

/**
 * Makes the children of `parent` match `items` in order. A child stays as long as there is an item with its key;
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

/** Makes `options` [[value, label], …] those of a <select>, and `value` the chosen one. */
export function setOptions(select, options, value) {
  keyed(select, options, ([one]) => one, ([one]) => make("option", { value: one }), (option, [, label]) => setText(option, label));
  select.value = value;
}

/** Sends an event up to the window, where actions/handlers.js handles it: `emit(this, "start-run")`. */
export function emit(node, name, detail = null) {
  node.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
