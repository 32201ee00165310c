// Who a booking is for: asked once, kept while it is typed.

import { h } from "./dom.js";
import { keep, kept } from "./kept.js";

export const customerOf = () => {
  const typed = kept("customer") ?? {};
  return { name: (typed.name ?? "").trim(), email: (typed.email ?? "").trim() };
};

function field(name, label, type, autocomplete, hint) {
  const typed = kept("customer") ?? {};
  const error = h("small", { class: "error", id: `${name}-error` });
  const input = h("input", {
    type, name, id: name, autocomplete, maxlength: 200, value: typed[name] ?? "", "aria-describedby": `${name}-error ${name}-hint`,
    oninput: (event) => {
      keep("customer", { ...kept("customer"), [name]: event.target.value });
      error.textContent = "";
      event.target.removeAttribute("aria-invalid");
    },
  });
  return h("div", { class: "field" }, h("label", { for: name }, label), input, h("small", { class: "quiet", id: `${name}-hint` }, hint ?? ""), error);
}

/** The two fields. */
export function customerFields(hint) {
  return h("fieldset", { class: "customer" },
    h("legend", {}, "Who is coming?"),
    hint && h("p", { class: "quiet" }, hint),
    field("name", "Name", "text", "name"),
    field("email", "E-mail", "email", "email", "Your tickets are sent there too."));
}

/** Says at a field what is wrong with it. */
export function markField(root, name, text) {
  const input = root.querySelector(`#${name}`);
  const error = root.querySelector(`#${name}-error`);
  if (!input || !error) return false;
  input.setAttribute("aria-invalid", "true");
  error.textContent = text;
  input.focus();
  return true;
}

/** Whether the fields are filled; if not, says where. */
export function customerGiven(root) {
  const { name, email } = customerOf();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) markField(root, "email", "Please give an e-mail address, such as ada@example.org.");
  if (!name) markField(root, "name", "Please give a name.");
  return Boolean(name) && /^[^\s@]+@[^\s@]+$/.test(email);
}
