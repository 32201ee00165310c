// A customer who is logged in: what they hold is theirs, wherever they log in next.

import { LoggedOut, NoAnswer, Refused, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { forget, keep, kept } from "./kept.js";
import { sessionAt } from "./session.js";
import { tell } from "./words.js";

const session = sessionAt("/v1/auth/session");
const place = document.getElementById("account");
let me = null;

async function find() {
  try {
    if ((await session.state()) === "none") return;
    me = await get("/v1/me", { session });
  } catch (error) {
    if (!(error instanceof LoggedOut || error instanceof Refused || error instanceof NoAnswer)) throw error;
    me = null;
  }
}

/** Asked once, when the page is opened. */
let asked = null;
const here = async () => {
  asked ??= find();
  await asked;
  return me;
};

/** How to ask for what is the customer's own: as them, or as a guest. */
export const asCustomer = async () => ((await here()) ? { session } : {});

/** How to ask about a booking: by its token if a guest made it, else as the customer who did. */
export const proofOf = (booking) => (booking.token ? { authorization: `Booking ${booking.token}` } : { session });

function prefill() {
  keep("customer", { name: me.name, email: me.email });
}

async function logOut(event) {
  event.target.disabled = true;
  try {
    await session.close();
  } catch (error) {
    event.target.disabled = false;
    const words = tell(error);
    show(document.getElementById("main"), notice("warn", "The log-out did not go through: you may still be logged in on this computer.", words.text,
      h("a", { class: "button plain", href: "#/" }, "To the programme")));
    return;
  }
  me = null;
  forget("customer");
  if (!kept("booking")?.token) forget("booking");
  draw();
  location.hash = "#/";
}

function draw() {
  if (me) show(place, h("span", { class: "quiet", id: "me" }, me.name), h("button", { type: "button", class: "small plain", id: "logout", onclick: logOut }, "Log out"));
  else show(place, logInLink("Log in"));
}

/** A link to the log-in that leads back to here. */
export const logInLink = (text) => h("a", {
  href: "#/login", id: "login", onclick: () => keep("back", location.hash),
}, text);

/** Shows who is logged in. */
export async function showAccount() {
  await here();
  draw();
}

/** Whether somebody is logged in, as far as it is known by now. */
export const isLoggedIn = () => me !== null;

/** What this browser is called in the customer's list of sessions. */
function device() {
  const agent = navigator.userAgent;
  const first = (names) => names.find(([part]) => agent.includes(part))?.[1];
  // Many browsers name others too: the one that nobody else names comes first.
  const browser = first([["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Safari", "Safari"]]);
  const system = first([["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac", "Mac"], ["Linux", "Linux"]]);
  return [browser ?? "Browser", system].filter(Boolean).join(", ");
}

/** The view. */
export async function viewLogIn(app, main) {
  app.title("Log in");
  const told = h("div", { id: "told", "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "primary big" }, "Log in");
  const email = h("input", { type: "email", id: "email", name: "email", autocomplete: "username", required: true });
  const password = h("input", { type: "password", id: "password", name: "password", autocomplete: "current-password", required: true });
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    show(told);
    try {
      await session.open({ email: email.value, password: password.value, device: device() });
      me = await get("/v1/me", { session });
      asked = Promise.resolve();
      prefill();
      draw();
      app.go(kept("back") ?? "#/");
    } catch (error) {
      const words = tell(error);
      show(told, notice(words.kind, words.title, words.text));
      button.disabled = false;
      password.focus();
      password.select();
    }
  }
  show(main, h("form", { class: "login panel panel-body", novalidate: true, onsubmit: submit },
    h("h1", {}, "Log in"),
    h("p", { class: "quiet" }, "You can book without an account too."),
    h("div", { class: "field" }, h("label", { for: "email" }, "E-mail"), email),
    h("div", { class: "field" }, h("label", { for: "password" }, "Password"), password),
    told, button));
  email.focus();
}
