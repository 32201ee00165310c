// The page for guests: what is on, then seats, then a hold, then tickets. One view at a time, named by the hash.

import { showAccount, viewLogIn } from "./account.js";
import { LoggedOut, NoAnswer, Refused, get, serverNow } from "./api.js";
import { heldBooking, viewBooking } from "./booking.js";
import { viewSeats } from "./choose.js";
import { h, notice, show } from "./dom.js";
import { clock, count } from "./format.js";
import { viewProgramme } from "./programme.js";
import { tell } from "./words.js";

const main = document.getElementById("main");
const held = document.getElementById("held");

/** What all views share. `go` opens a view, `title` names it. */
const app = {
  house: null,
  go(hash) {
    if (location.hash === hash) open();
    else location.hash = hash;
  },
  title(text) {
    document.title = [text, app.house?.name].filter(Boolean).join(" · ");
  },
  zone(text) {
    show(document.getElementById("zone"), text ?? "");
  },
};

let leave = null;
let turn = 0;

async function open() {
  leave?.();
  leave = null;
  turn += 1;
  const mine = turn;
  const current = () => mine === turn;
  const [, view, id] = location.hash.split("/");
  app.zone(null);
  try {
    if (!app.house) {
      app.house = await get("/v1/house");
      document.getElementById("house").textContent = app.house.name;
    }
    let left;
    if (view === "show" && id) left = await viewSeats(app, main, id, current);
    else if (view === "login") left = await viewLogIn(app, main);
    else if (view === "booking") left = await viewBooking(app, main, current);
    else left = await viewProgramme(app, main, current);
    if (current()) leave = left ?? null;
    else left?.();
  } catch (error) {
    if (!current()) return;
    if (!(error instanceof Refused || error instanceof NoAnswer || error instanceof LoggedOut)) console.error(error);
    const words = tell(error);
    show(main, notice(words.kind, words.title, words.text,
      h("button", { type: "button", onclick: open }, "Try again"),
      location.hash.length > 2 && h("a", { class: "button plain", href: "#/" }, "To the programme")));
  }
}

/** The reminder that seats wait for this guest. */
function remind() {
  const booking = heldBooking();
  const here = location.hash.startsWith("#/booking");
  const left = booking ? Date.parse(booking.expires_at) - serverNow() : 0;
  if (!booking || here || left <= 0) {
    if (held.childElementCount > 0) show(held);
    return;
  }
  const text = `${count(booking.seats, "seat")} held · ${clock(left)}`;
  const link = held.firstElementChild;
  if (link) link.textContent = text;
  else show(held, h("a", { class: "button small", href: "#/booking" }, text));
}

addEventListener("hashchange", () => {
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  open();
  remind();
});
setInterval(remind, 1000);
open();
remind();
showAccount();
