// Where links in mails lead: an address is confirmed, or a new password is chosen.

import { Refused, command } from "./api.js";
import { h, notice, show } from "./dom.js";
import { tell } from "./words.js";

const main = document.getElementById("main");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
// The token is of no use to whoever looks at this computer's history.
history.replaceState(null, "", location.pathname);

const home = () => h("a", { class: "button", href: "/" }, "To the programme");

/** Does it, and says what became of it. */
async function send(place, done, path, body) {
  try {
    await command(null, "POST", path, { body });
    show(main, notice("good", done, null, home()));
  } catch (error) {
    const over = error instanceof Refused && error.code === "invalid_code";
    const words = over
      ? { kind: "warn", title: "This is not valid any more.", text: "It was used already, or its time is over. Ask for another mail." }
      : tell(error);
    show(place, notice(words.kind, words.title, words.text));
  }
}

function confirmation(title, done, path) {
  if (!token) {
    show(main, notice("warn", "Something is missing in this link.", "Open it once more from the mail, or use the code in the mail.", home()));
    return;
  }
  const said = h("div", {});
  const press = async (event) => {
    const button = event.target;
    button.disabled = true;
    await send(said, done, path, { token });
    button.disabled = false;
  };
  show(main, h("h1", {}, title), h("button", { type: "button", id: "confirm", onclick: press }, "Yes, it is mine"), said);
}

function newPassword() {
  const field = (name, label, type, autocomplete) => h("div", { class: "field" },
    h("label", { for: name }, label),
    h("input", { id: name, name, type, autocomplete, required: true }));
  const said = h("div", {});
  const submit = async (event) => {
    event.preventDefault();
    const { email, code, password } = Object.fromEntries(new FormData(event.target));
    await send(said, "Your new password is set: log in with it.", "/v1/auth/password/reset", { email, code: code.trim(), password });
  };
  show(main, h("h1", {}, "Choose a new password"),
    h("form", { onsubmit: submit },
      field("email", "E-mail", "email", "email"),
      field("code", "The code in the mail", "text", "one-time-code"),
      field("password", "New password", "password", "new-password"),
      h("button", { type: "submit" }, "Set the password")),
    said);
}

const pages = {
  "/verify-email": () => confirmation("Is this your address?", "Your address is confirmed.", "/v1/auth/verify-email"),
  "/confirm-email": () => confirmation("Is this your new address?", "Your account has its new address.", "/v1/me/email/confirm"),
  "/reset-password": newPassword,
};
pages[location.pathname]?.();
