// Makes elements. Texts become text nodes, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
  return element;
}

/** An HTML element: its name, its attributes (`onclick` and the like are listeners), its children. */
export function h(name, properties, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** An SVG element. */
export function s(name, properties, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

/** Puts new content in the place of the old. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child));
  return element;
}

/** A box that tells something: `kind` is `info`, `good`, `warn` or `bad`. */
export function notice(kind, title, text, ...actions) {
  return h("div", { class: `notice ${kind}`, role: kind === "bad" || kind === "warn" ? "alert" : "status" },
    h("div", {}, title && h("strong", {}, title), text && h("p", {}, text)),
    actions.length > 0 && h("div", { class: "actions" }, actions));
}
