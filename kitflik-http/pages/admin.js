// Staff: log in, how full the shows are, who has booked, and the ways to all else.

import { LoggedOut, NoAnswer, Refused, get, serverNow } from "./api.js";
import { callOff } from "./call-off.js";
import { h, notice, show } from "./dom.js";
import { door } from "./door.js";
import { capital, count, dayOf, longDay, moment, money, timeOf } from "./format.js";
import { houseSeats } from "./house-seats.js";
import { jobs } from "./jobs.js";
import { mail } from "./mail.js";
import { programme } from "./programme.js";
import { sessionAt } from "./session.js";
import { settlement } from "./settlement.js";
import { tell } from "./words.js";

const main = document.getElementById("main");
const session = document.getElementById("session");

const staff = sessionAt("/v1/admin/auth/session");
let turn = 0;

const asStaff = (path) => get(path, { session: staff });

async function logOut() {
  try {
    await staff.close();
    show(session);
    logIn();
  } catch (error) {
    const words = tell(error);
    show(main, notice("warn", "The log-out did not go through: you may still be logged in on this computer.", words.text,
      h("button", { type: "button", onclick: logOut }, "Try again")));
  }
}

function logIn() {
  document.title = "Staff · Log in";
  const told = h("div", { id: "told", "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "primary big" }, "Log in");
  const email = h("input", { type: "email", id: "email", name: "email", autocomplete: "username", required: true });
  const password = h("input", { type: "password", id: "password", name: "password", autocomplete: "current-password", required: true });
  const code = h("input", { type: "text", id: "code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 40 });
  // Asked for from those who have set it up.
  const second = h("div", { class: "field", hidden: true }, h("label", { for: "code" }, "One-time code"), code,
    h("small", { class: "quiet" }, "From your app, or a recovery code."));
  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    show(told);
    const given = second.hidden ? {} : { code: code.value.trim() };
    try {
      await staff.open({ email: email.value, password: password.value, ...given });
      open();
    } catch (error) {
      button.disabled = false;
      if (error.code === "second_factor_required" && second.hidden) {
        second.hidden = false;
        code.focus();
        return;
      }
      const words = tell(error);
      show(told, notice(words.kind, words.title, words.text));
      const wrong = second.hidden ? password : code;
      wrong.focus();
      wrong.select();
    }
  }
  show(main, h("form", { class: "login panel panel-body", novalidate: true, onsubmit: submit },
    h("h1", {}, "Staff"),
    h("div", { class: "field" }, h("label", { for: "email" }, "E-mail"), email),
    h("div", { class: "field" }, h("label", { for: "password" }, "Password"), password),
    second, told, button));
  email.focus();
}

function failed(error, again) {
  if (error instanceof LoggedOut) {
    show(session);
    logIn();
    return;
  }
  if (!(error instanceof Refused || error instanceof NoAnswer)) console.error(error);
  const words = tell(error);
  show(main, notice(words.kind, words.title, words.text, h("button", { type: "button", onclick: again }, "Try again"),
    h("a", { class: "button plain", href: "#/" }, "All shows")));
}

async function open() {
  turn += 1;
  const mine = turn;
  const current = () => mine === turn;
  const [, view, id] = location.hash.split("/");
  show(main, h("p", { class: "quiet", role: "status" }, "One moment…"));
  try {
    if ((await staff.state()) === "none") throw new LoggedOut();
    if (!current()) return;
    const context = { session: staff, current, failed: (error) => failed(error, open) };
    views(view);
    if (view === "show" && id) await bookings(id, current);
    else if (view === "jobs") await jobs(main, context);
    else if (view === "mail") await mail(main, context);
    else if (view === "settlement") await settlement(main, { ...context, day: id });
    else await shows(current);
  } catch (error) {
    if (current()) failed(error, open);
  }
}

const VIEWS = [["", "Shows"], ["mail", "Mail"], ["jobs", "Jobs"], ["settlement", "Settlement"]];

/** The ways from one view to another. */
function views(here) {
  const at = VIEWS.some(([view]) => view === here) ? here : "";
  const links = VIEWS.map(([view, name]) => h("a", { href: `#/${view}`, "aria-current": view === at && "page" }, name));
  show(session, h("nav", { class: "views", "aria-label": "Views" }, links), h("button", { type: "button", class: "small", id: "logout", onclick: logOut }, "Log out"));
}

const percent = (part, whole) => (whole === 0 ? 0 : (100 * part) / whole);

function bar(one) {
  const parts = [["sold", one.sold], ["held", one.held], ["blocked", one.blocked]];
  const text = parts.filter(([, seats]) => seats > 0).map(([name, seats]) => `${seats} ${name}`).concat(`${one.free} free`).join(", ");
  return h("div", { class: "bar", role: "img", "aria-label": text },
    parts.map(([name, seats]) => {
      const part = h("span", { class: name });
      part.style.setProperty("width", `${percent(seats, one.seats)}%`);
      return part;
    }));
}

const STANDS = { scheduled: "Not on sale yet", on_sale: "On sale", closed: "Sales closed", ended: "Over", cancelled: "Cancelled" };

/** Adds rows to a list, under the days that they are of. */
function byDay(list) {
  const days = new Map();
  return (one, row) => {
    const day = dayOf(one.starts_at_local);
    if (!days.has(day)) {
      const rows = h("div", { class: "rows-of-day panel" });
      days.set(day, rows);
      list.append(h("section", {}, h("h2", {}, longDay(day, one.venue.zone, new Date(serverNow()))), rows));
    }
    days.get(day).append(row);
  };
}

const whatIsOn = (one) => [
  h("span", { class: "time" }, timeOf(one.starts_at_local)),
  h("span", { class: "what" }, h("b", {}, one.movie.title), h("small", {}, `${one.auditorium.name} · ${one.venue.name}${one.status === "on_sale" ? "" : ` · ${STANDS[one.status] ?? one.status}`}`)),
];

function showRow(one) {
  return h("a", { class: "occupancy", href: `#/show/${one.show_id}`, "data-show": one.show_id },
    whatIsOn(one),
    h("span", { class: "full" }, bar(one), h("small", {}, h("b", {}, `${one.sold} sold`), one.held > 0 && ` · ${one.held} held`, one.blocked > 0 && ` · ${one.blocked} blocked`, ` · ${one.free} free`)),
    h("span", { class: "share" }, `${Math.round(percent(one.sold, one.seats))} %`));
}

/** The shows that are not over, for the doors of those who see no reports. */
async function doors(current) {
  const entries = await programme();
  if (!current()) return;
  const all = entries.flatMap((entry) => entry.shows).sort((one, other) => one.starts_at.localeCompare(other.starts_at));
  const list = h("div", { class: "days-list" });
  const add = byDay(list);
  for (const one of all) add(one, h("a", { class: "occupancy", href: `#/show/${one.id}`, "data-show": one.id }, whatIsOn(one)));
  show(main, h("div", { class: "headline" }, h("h1", {}, "Shows")),
    all.length === 0 && notice("info", "No show is coming.", "Please look in again soon."), list);
}

/** All coming shows by day. */
async function shows(current) {
  document.title = "Staff · Shows";
  const list = h("div", { class: "days-list" });
  const addRow = byDay(list);
  const more = h("div", { class: "more" });
  const add = (page) => {
    for (const one of page.items) addRow(one, showRow(one));
    show(more, page.next_cursor && button(page.next_cursor));
  };
  const button = (cursor) => {
    const element = h("button", {
      type: "button",
      onclick: async () => {
        element.disabled = true;
        try {
          const page = await asStaff(`/v1/admin/reports/occupancy?limit=30&cursor=${encodeURIComponent(cursor)}`);
          if (current()) add(page);
        } catch (error) {
          if (error instanceof LoggedOut) failed(error);
          else {
            const words = tell(error);
            show(more, notice(words.kind, words.title, words.text), button(cursor));
          }
        }
      },
    }, "More days");
    return element;
  };
  let page;
  try {
    page = await asStaff("/v1/admin/reports/occupancy?limit=30");
  } catch (error) {
    if (error.code !== "forbidden") throw error;
    if (current()) await doors(current);
    return;
  }
  if (!current()) return;
  show(main, h("div", { class: "headline" }, h("h1", {}, "Shows"),
    h("p", { class: "key" }, h("span", { class: "swatch sold" }), "sold ", h("span", { class: "swatch held" }), "held ", h("span", { class: "swatch free" }), "free")),
  page.items.length === 0 && notice("info", "No show is coming.", "Add shows with the API: POST /v1/admin/shows."),
  list, more);
  add(page);
}

const FILTERS = [["confirmed", "Sold"], ["held", "Held"], ["confirming", "Being paid"], ["released", "Given back"], ["expired", "Ran out"], ["cancelled", "Cancelled"], ["", "All"]];
const STATUS = { confirmed: "Sold", held: "Held", confirming: "Being paid", released: "Given back", expired: "Ran out", cancelled: "Cancelled" };

/** A hold that has run out stays `held` until somebody takes its seats. */
function statusOf(booking) {
  const out = booking.status === "held" && Date.parse(booking.expires_at) <= serverNow();
  return out ? ["expired", "Ran out"] : [booking.status, STATUS[booking.status] ?? booking.status];
}

function bookingRow(booking, zone) {
  const paid = { captured: `paid by ${booking.payment?.provider}`, due: "pays at the box office", in_flight: "in payment" }[booking.payment?.status];
  const [kind, name] = statusOf(booking);
  return h("tr", {},
    h("td", {}, h("b", {}, booking.customer?.name ?? "No name"), h("small", {}, booking.customer?.email ?? "")),
    h("td", {}, h("span", { class: "seat-list" }, booking.seats.map((seat) => seat.label).join(", ")), h("small", {}, count(booking.seats.length, "seat"))),
    h("td", {}, h("span", { class: `status ${kind}` }, name), paid && h("small", {}, paid)),
    h("td", { class: "amount" }, money(booking.quote.total.amount_minor, booking.quote.total.currency)),
    h("td", {}, h("small", {}, moment(booking.confirmed_at ?? booking.created_at, zone)), h("small", { class: "id", title: booking.id }, booking.id.slice(-12))));
}

/** Pages that are asked for before "More" is offered: one may be empty and still have a next. */
const STRIDES = 10;

/** The bookings of a show. */
async function bookings(id, current) {
  const one = await get(`/v1/shows/${id}`);
  if (!current()) return;
  document.title = `Staff · ${one.movie.title}`;
  const zone = one.venue.zone;
  const told = h("div", { "aria-live": "polite" });
  const rows = h("tbody", {});
  const table = h("div", { class: "table panel" }, h("table", { id: "bookings" },
    h("thead", {}, h("tr", {}, ["Customer", "Seats", "Status", "Total", "When"].map((name) => h("th", { scope: "col" }, name)))), rows));
  const more = h("div", { class: "more" });
  let asked = 0;

  async function load(status, cursor) {
    asked += 1;
    const mine = asked;
    const live = () => current() && mine === asked;
    if (!cursor) show(rows);
    show(more);
    show(told, h("p", { class: "quiet", role: "status" }, "Looking…"));
    try {
      let next = cursor;
      for (let stride = 0; stride < STRIDES; stride += 1) {
        const query = new URLSearchParams({ show: id, limit: "25" });
        if (status) query.set("status", status);
        if (next) query.set("cursor", next);
        const page = await asStaff(`/v1/admin/bookings?${query}`);
        if (!live()) return;
        page.items.forEach((booking) => rows.append(bookingRow(booking, zone)));
        next = page.next_cursor;
        if (!next || page.items.length > 0) break;
      }
      table.hidden = rows.childElementCount === 0;
      show(told, rows.childElementCount === 0 && notice("info", "No booking like that.", next ? "There is more to look through." : "Choose another status to see others."));
      if (next) show(more, h("button", { type: "button", onclick: () => load(status, next) }, "More"));
    } catch (error) {
      if (!live()) return;
      if (error instanceof LoggedOut) {
        failed(error);
        return;
      }
      if (error.code === "forbidden") {
        for (const part of office) part.remove();
        return;
      }
      const words = tell(error);
      show(told, notice(words.kind, words.title, words.text, h("button", { type: "button", onclick: () => load(status, cursor) }, "Try again")));
    }
  }

  const filter = h("div", { class: "days", role: "group", "aria-label": "Status" });
  const choose = (status) => {
    for (const button of filter.children) button.setAttribute("aria-pressed", String(button.dataset.status === status));
    return load(status, null);
  };
  for (const [status, name] of FILTERS) {
    filter.append(h("button", { type: "button", class: "day", "data-status": status, onclick: () => choose(status) }, name));
  }
  table.hidden = true;
  /** What is not for those who only let in. */
  const office = [
    houseSeats(one, { session: staff, current, failed: (error) => { if (error.code !== "forbidden") failed(error, open); } }),
    callOff(one, { session: staff, current }),
    filter, table, told, more,
  ];
  const day = longDay(dayOf(one.starts_at_local), zone, new Date(serverNow()));
  show(main,
    h("p", { class: "back" }, h("a", { href: "#/" }, "← All shows")),
    h("div", { class: "headline" }, h("h1", {}, one.movie.title),
      h("p", { class: "quiet" }, `${capital(day)}, ${timeOf(one.starts_at_local)} · ${one.auditorium.name} · ${one.venue.name}`)),
    door(one, { session: staff, current }),
    office);
  await choose("confirmed");
}

addEventListener("hashchange", () => {
  scrollTo(0, 0);
  main.focus({ preventScroll: true });
  open();
});
get("/v1/house").then((house) => { document.getElementById("house").textContent = house.name; }, () => {});
open();
