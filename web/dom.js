// Small helpers for elements.

/** Makes an element: `h("a", { class: "tile", href: "#/front", onclick: f }, "text", child)`. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Sets a text, touching the page only when it changes. */
export function setText(element, text) {
  if (element.shownText === text) return;
  element.shownText = text;
  element.textContent = text;
}

/** Sets an attribute, touching the page only when it changes; `null` removes it. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/**
 * Makes the children of `parent` those of `keys`, in that order: keeps the ones that are there, makes the missing ones.
 * `parts` is a Map that the caller keeps; what `make(key)` returns needs an `element`.
 */
export function keyed(parent, parts, keys, make) {
  const wanted = new Set(keys);
  for (const [key, part] of parts) {
    if (wanted.has(key)) continue;
    part.element.remove();
    part.gone?.();
    parts.delete(key);
  }
  keys.forEach((key, index) => {
    if (!parts.has(key)) parts.set(key, make(key));
    const { element } = parts.get(key);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

/** A value with its unit, lighter than the value. `width`: in letters, so that it stands still. */
export function figure(width) {
  const value = h("span");
  const unit = h("span", { class: "unit" });
  const element = h("span", { class: "figure" }, value, unit);
  element.style.setProperty("--width", `${width}ch`);
  return {
    element,
    set([shown, of = ""], tone = null) {
      setText(value, shown);
      setText(unit, of);
      setAttribute(element, "data-tone", tone);
    },
  };
}
