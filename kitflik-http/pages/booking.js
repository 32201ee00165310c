// A hold, the till, and the tickets.

import { asCustomer, isLoggedIn, logInLink, proofOf } from "./account.js";
import { Refused, command, get, getText, serverNow } from "./api.js";
import { cancelPanel, cancelledBooking } from "./cancel.js";
import { whenAndWhere } from "./choose.js";
import { customerFields, customerGiven, customerOf, markField } from "./customer.js";
import { h, notice, show } from "./dom.js";
import { capital, clock, list, money, numberOf } from "./format.js";
import { commandDone, forget, keep, kept } from "./kept.js";
import { tell } from "./words.js";

/** When more time is offered, before the end. */
const OFFER = 3 * 60_000;

/** What this tab knows of its booking. */
export function rememberBooking(booking, token) {
  keep("booking", {
    id: booking.id,
    token: token ?? (kept("booking")?.id === booking.id ? kept("booking").token : undefined),
    show: booking.show_id,
    status: booking.status,
    expires_at: booking.expires_at ?? null,
    seats: booking.seats.length,
    labels: booking.seats.map((seat) => seat.label),
    ids: booking.seats.map((seat) => seat.id),
  });
}

/** The hold of this tab, if it has one that lives. */
export function heldBooking() {
  const booking = kept("booking");
  return booking?.status === "held" && Date.parse(booking.expires_at) > serverNow() ? booking : null;
}

const release = (mine) => command(`release.${mine.id}`, "POST", `/v1/bookings/${mine.id}/release`, proofOf(mine));

/** Gives an earlier hold back. If that fails, its time runs out by itself. */
export function releaseQuietly(mine) {
  release(mine).catch(() => commandDone(`release.${mine.id}`));
}

function startAgain(app, where = "#/") {
  forget("booking");
  forget("choice");
  app.go(where);
}

/** The view. */
export async function viewBooking(app, main, current) {
  app.title("Your booking");
  const mine = kept("booking");
  if (!mine) {
    show(main, notice("info", "You have no booking in this window.", "Choose a show first.", h("a", { class: "button primary", href: "#/" }, "What is on")));
    return undefined;
  }
  show(main, h("p", { class: "quiet", role: "status" }, "Looking at your booking…"));
  let booking;
  let one;
  try {
    [booking, one] = await Promise.all([get(`/v1/bookings/${mine.id}`, proofOf(mine)), get(`/v1/shows/${mine.show}`)]);
  } catch (error) {
    if (!(error instanceof Refused) || ![401, 403, 404].includes(error.status) || !current()) throw error;
    forget("booking");
    const words = tell(error);
    show(main, notice(words.kind, "This booking cannot be found any more.", "Its time may have run out.", h("a", { class: "button primary", href: "#/" }, "What is on")));
    return undefined;
  }
  if (!current()) return undefined;
  rememberBooking(booking);
  const leaves = [];
  const draw = (next) => {
    leaves.splice(0).forEach((leave) => leave());
    if (!current()) return;
    rememberBooking(next);
    const context = { app, main, mine, one, booking: next, draw, current, leaves };
    if (next.status === "held") till(context);
    else if (next.status === "confirming") waiting(context);
    else if (next.status === "confirmed") tickets(context);
    else if (next.status === "cancelled") cancelled(context);
    else over(context);
  };
  draw(booking);
  return () => leaves.splice(0).forEach((leave) => leave());
}

function headline(one, title) {
  return h("div", { class: "headline" }, h("h1", {}, title), h("p", { class: "lead" }, one.movie.title), h("p", { class: "quiet" }, whenAndWhere(one)));
}

function bill(booking) {
  const seats = new Map(booking.seats.map((seat) => [seat.id, seat]));
  const name = (line) => {
    if (line.rule === "price_rule") return h("small", {}, line.description);
    const seat = seats.get(line.seat);
    return seat ? [h("b", {}, seat.label), h("small", {}, ` ${capital(seat.ticket_type)}`)] : capital(line.description);
  };
  return h("table", { class: "bill" },
    h("caption", { class: "hidden" }, "What it costs"),
    h("tbody", {}, booking.quote.lines.map((line) => h("tr", {}, h("th", { scope: "row" }, name(line)), h("td", {}, money(line.amount.amount_minor, line.amount.currency))))),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Total"), h("td", { id: "total" }, money(booking.quote.total.amount_minor, booking.quote.total.currency)))),
    included(booking.quote.tax));
}

/** A tax that is in the prices: told below the total, as it is no part of the sum. */
function included(tax) {
  return tax?.inclusive && h("tbody", {}, h("tr", {},
    h("th", { scope: "row" }, h("small", {}, `of which ${tax.name}, ${tax.rate_basis_points / 100} %`)),
    h("td", {}, h("small", {}, money(tax.amount.amount_minor, tax.amount.currency)))));
}

/** A field for a discount code: the hold gets it, or leaves it, with the seats that it has. */
function discountField({ booking, mine, draw, current }) {
  const used = booking.quote.discount_code;
  const input = h("input", { id: "discount", type: "text", autocomplete: "off", autocapitalize: "characters", maxlength: 40, "aria-describedby": "discount-told", disabled: Boolean(used), value: used ?? "" });
  const told = h("p", { class: "quiet", id: "discount-told", role: "status" });
  const button = h("button", { type: "submit", class: "small" }, used ? "Leave it out" : "Use it");
  const apply = async () => {
    const code = used ? "" : input.value.trim();
    if (!used && code === "") return input.focus();
    button.disabled = true;
    const body = {
      seats: booking.seats.map((seat) => seat.id),
      ticket_types: booking.seats.map((seat) => ({ seat: seat.id, ticket_type: seat.ticket_type })),
      discount_code: code,
    };
    try {
      const changed = await command(`discount.${booking.id}`, "PUT", `/v1/bookings/${booking.id}/seats`, { body, ...proofOf(mine) });
      if (current()) draw(changed);
    } catch (error) {
      if (!current()) return undefined;
      button.disabled = false;
      const words = tell(error);
      show(told, `${words.title} ${words.text}`);
    }
    return undefined;
  };
  return h("form", { class: "discount", novalidate: true, onsubmit: (event) => { event.preventDefault(); apply(); } },
    h("label", { for: "discount" }, "Discount code"), h("div", { class: "pair" }, input, button), told);
}

/** How this page can take money: a provider of the house's own needs a page of its own. */
const WAYS = {
  test: ["Pay by test card", "No money is taken."],
  counter: ["Pay at the box office", "Please come 20 minutes before the start."],
};

function till({ app, main, mine, one, booking, draw, current, leaves }) {
  app.title("Your seats are held");
  const total = booking.quote.total;
  const ways = total.amount_minor === 0 ? [] : ["test", "counter"].filter((way) => app.house.payment_providers.includes(way));
  const left = h("b", { id: "countdown", role: "timer" });
  const spoken = h("span", { class: "hidden", role: "status" });
  const more = h("span", {});
  const told = h("div", { class: "told", "aria-live": "polite" });
  let way = kept("way");
  if (!ways.includes(way)) way = ways[0] ?? null;
  let busy = false;
  const say = (...content) => {
    show(told, content);
    told.scrollIntoView({ block: "nearest" });
  };

  const pay = h("button", { type: "submit", class: "primary big", id: "confirm" });
  const back = h("button", { type: "button", class: "plain", id: "release", onclick: () => giveBack() }, "Give the seats back");
  const setBusy = (now) => {
    busy = now;
    pay.disabled = now;
    back.disabled = now;
    const amount = money(total.amount_minor, total.currency);
    if (now) pay.textContent = "One moment…";
    else pay.textContent = ways.length === 0 ? "Book" : way === "counter" ? "Book now, pay later" : `Pay ${amount}`;
  };

  function refused(error, again) {
    const words = tell(error);
    const at = error instanceof Refused ? error.errors.filter((field) => field.path.startsWith("customer.")) : [];
    if (at.length > 0) {
      at.forEach((field) => markField(form, field.path.slice("customer.".length), capital(field.detail)));
      return;
    }
    if (error.code === "hold_expired") return draw({ ...booking, status: "expired" });
    if (error.code === "payment_pending") return draw({ ...booking, status: "confirming" });
    if (error.code === "booking_state") return app.go("#/booking");
    say(notice(words.kind, words.title, words.text, words.again && h("button", { type: "button", onclick: again }, "Try again")));
    return undefined;
  }

  async function confirm() {
    if (busy || !customerGiven(form)) return;
    setBusy(true);
    const body = { customer: customerOf() };
    if (way) body.payment = { provider: way };
    try {
      const sold = await command(`confirm.${booking.id}`, "POST", `/v1/bookings/${booking.id}/confirm`, { body, ...proofOf(mine) });
      if (current()) {
        scrollTo(0, 0);
        draw(sold);
      } else rememberBooking(sold);
    } catch (error) {
      if (!current()) return;
      setBusy(false);
      refused(error, confirm);
    }
  }

  async function extend() {
    try {
      const longer = await command(`extend.${booking.id}`, "POST", `/v1/bookings/${booking.id}/extend`, proofOf(mine));
      if (!current()) return;
      booking.expires_at = longer.expires_at;
      rememberBooking(longer);
      tick();
    } catch (error) {
      if (current()) refused(error, extend);
    }
  }

  /** Back to the plan, with the same choice. */
  async function giveBack() {
    if (busy) return;
    setBusy(true);
    try {
      await release(mine);
      forget("booking");
      if (current()) app.go(`#/show/${booking.show_id}`);
    } catch (error) {
      if (!current()) return;
      setBusy(false);
      refused(error, giveBack);
    }
  }

  const choices = ways.length > 1 && h("fieldset", { class: "ways" }, h("legend", {}, "How would you like to pay?"),
    ways.map((name) => h("label", { class: "way" },
      h("input", { type: "radio", name: "way", value: name, checked: name === way, onchange: () => { way = name; keep("way", name); setBusy(false); } }),
      h("span", {}, h("b", {}, WAYS[name][0]), h("small", {}, WAYS[name][1])))));
  const form = h("form", { class: "panel-body", novalidate: true, onsubmit: (event) => { event.preventDefault(); confirm(); } },
    customerFields(),
    !isLoggedIn() && h("p", { class: "quiet" }, "Have an account? ", logInLink("Log in"), " and this is filled in."),
    choices,
    ways.length === 1 && h("p", { class: "quiet" }, WAYS[ways[0]].join(". ")),
    total.amount_minor > 0 && ways.length === 0
      ? notice("warn", "This house takes payment elsewhere.", "This page has no way to pay that the house accepts. Please ask at the box office.")
      : h("div", { class: "go" }, back, pay));

  const meter = h("div", { class: "meter" });
  const bar = h("div", { class: "countdown" },
    h("p", {}, "Held for you for another ", left, " ", more), meter, spoken);
  const whole = Math.max(Date.parse(booking.expires_at) - Date.parse(booking.created_at), 1);
  let timer = null;
  let warned = false;
  function tick() {
    clearTimeout(timer);
    const remaining = Date.parse(booking.expires_at) - serverNow();
    if (remaining <= 0 && !busy) {
      draw({ ...booking, status: "expired" });
      return;
    }
    left.textContent = clock(remaining);
    meter.style.setProperty("--part", String(Math.min(1, Math.max(0, remaining / whole))));
    bar.classList.toggle("soon", remaining < OFFER);
    const offered = more.childElementCount > 0;
    if (remaining < OFFER && !offered) show(more, h("button", { type: "button", class: "small", id: "extend", onclick: extend }, "I need more time"));
    if (remaining >= OFFER && offered) show(more);
    if (remaining < 60_000 && !warned) spoken.textContent = "Less than a minute is left.";
    warned = remaining < 60_000;
    timer = setTimeout(tick, 1000 - ((serverNow() - Date.parse(booking.expires_at)) % 1000 + 1000) % 1000);
  }
  leaves.push(() => clearTimeout(timer));

  show(main,
    headline(one, booking.seats.length === 1 ? "Your seat is held" : "Your seats are held"),
    bar, told,
    h("div", { class: "till" }, h("section", { class: "panel", "aria-label": "Your details" }, form),
      h("aside", { class: "panel panel-body", "aria-label": "Your order" }, h("h2", {}, "Your order"), bill(booking),
        discountField({ booking, mine, draw, current }))));
  setBusy(false);
  tick();
}

/** Money is in flight: the answer is on its way. */
function waiting({ main, mine, one, booking, draw, current, leaves }) {
  show(main, headline(one, "Your payment is being checked"),
    notice("info", "Your seats are safe meanwhile.", "This page looks again every few seconds. You may close it: you get a mail when it is done."));
  let timer = null;
  const look = async () => {
    try {
      const next = await get(`/v1/bookings/${booking.id}`, proofOf(mine));
      if (next.status !== "confirming") return draw(next);
    } catch {
      // The next look may get an answer.
    }
    if (current()) timer = setTimeout(look, 3000);
    return undefined;
  };
  timer = setTimeout(look, 3000);
  leaves.push(() => clearTimeout(timer));
}

/** It was sold, and is not any more. */
function cancelled(context) {
  const { app, main, one } = context;
  app.title("Your booking is cancelled");
  show(main, headline(one, "Your booking is cancelled"), cancelledBooking(context, () => startAgain(app)));
}

/** The time ran out, or the seats were given back. */
function over({ app, main, one, booking, current }) {
  const ids = booking.seats.map((seat) => seat.id);
  const told = h("div", { "aria-live": "polite" });
  const types = booking.seats.map((seat) => ({ seat: seat.id, ticket_type: seat.ticket_type }));
  const body = { show_id: booking.show_id, seats: ids, ticket_types: types };
  if (one.max_seats_per_customer !== null) body.customer = customerOf();
  if (booking.quote.discount_code) body.discount_code = booking.quote.discount_code;
  async function holdAgain(event) {
    event.target.disabled = true;
    try {
      const held = await command("hold", "POST", "/v1/bookings", { body, ...(await asCustomer()) });
      rememberBooking(held, held.booking_token);
      if (current()) app.go("#/booking");
    } catch (error) {
      if (!current()) return;
      event.target.disabled = false;
      if (error.code?.startsWith("voucher_")) delete body.discount_code;
      const label = new Map(booking.seats.map((seat) => [seat.id, seat.label]));
      const words = tell(error, (seats) => seats.map((seat) => label.get(seat) ?? seat));
      show(told, notice(words.kind, words.title, words.kind === "warn" ? "Please choose again in the plan; what you typed is kept." : words.text));
    }
  }
  const names = list(booking.seats.map((seat) => seat.label));
  const released = booking.status === "released";
  keep("choice", { show: booking.show_id, seats: ids, types: Object.fromEntries(types.map((type) => [type.seat, type.ticket_type])) });
  show(main, headline(one, released ? "You gave these seats back" : "Your time ran out"),
    notice("warn", released ? `${names} can be had by others again.` : `${names} are no longer held for you.`,
      "They may well still be free. What you typed is kept.",
      h("button", { type: "button", class: "primary", id: "again", onclick: holdAgain }, "Hold the same seats again"),
      h("a", { class: "button", href: `#/show/${booking.show_id}` }, "Choose in the plan"),
      h("button", { type: "button", class: "plain", onclick: () => startAgain(app) }, "Start again")),
    told);
}

function tickets({ app, main, mine, one, booking, draw, current, leaves }) {
  app.title("Your tickets");
  const urls = [];
  leaves.push(() => urls.forEach((url) => URL.revokeObjectURL(url)));
  const made = (text, type) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    urls.push(url);
    return url;
  };
  const due = booking.payment?.status === "due";
  const place = h("div", { class: "tickets", "aria-busy": "true" }, h("p", { class: "quiet", role: "status" }, "Printing your tickets…"));
  const calendar = h("a", { class: "button", download: "booking.ics", hidden: true }, "Add to calendar");
  show(main,
    headline(one, "Enjoy the show!"),
    notice("good", due ? "Your seats are booked." : "Thank you – your seats are yours.",
      [due && `Please pay ${money(booking.quote.total.amount_minor, booking.quote.total.currency)} at the box office.`,
        booking.customer && `A mail with your tickets is on its way to ${booking.customer.email}.`].filter(Boolean).join(" ")),
    place,
    h("div", { class: "actions after" }, calendar,
      h("button", { type: "button", onclick: () => print() }, "Print"),
      h("button", { type: "button", class: "plain", id: "another", onclick: () => startAgain(app) }, "Book something else")),
    h("details", { class: "panel panel-body" }, h("summary", {}, `Bill · ${money(booking.quote.total.amount_minor, booking.quote.total.currency)}`), bill(booking),
      h("p", { class: "quiet" }, `Booking ${booking.id}`)),
    cancelPanel({ mine, one, booking, draw, current }));

  const base = `/v1/bookings/${booking.id}`;
  async function load() {
    try {
      const all = (await get(`${base}/tickets`, proofOf(mine))).items;
      const [file, ...codes] = await Promise.all([
        getText(`${base}/calendar.ics`, proofOf(mine)),
        ...all.map((ticket) => getText(`${base}/tickets/${ticket.id}/qr.svg`, proofOf(mine))),
      ]);
      if (!current()) return;
      calendar.href = made(file, "text/calendar");
      calendar.hidden = false;
      place.removeAttribute("aria-busy");
      show(place, all.map((ticket, at) => h("article", { class: "ticket" },
        h("img", { class: "qr", src: made(codes[at], "image/svg+xml"), alt: `QR code of the ticket for seat ${ticket.seat.label}`, width: 180, height: 180 }),
        h("div", { class: "stub" },
          h("p", { class: "ticket-title" }, one.movie.title),
          h("p", { class: "quiet" }, whenAndWhere(one)),
          h("dl", {},
            h("div", {}, h("dt", {}, "Row"), h("dd", {}, ticket.seat.row)),
            h("div", {}, h("dt", {}, "Seat"), h("dd", {}, numberOf(ticket.seat))),
            h("div", {}, h("dt", {}, ticket.seat.section ? "Section" : "Ticket"), h("dd", {}, ticket.seat.section || capital(ticket.seat.ticket_type))))))));
    } catch (error) {
      if (!current()) return;
      const words = tell(error);
      show(place, notice(words.kind, "Your seats are sold to you, but the tickets could not be shown.", words.text, h("button", { type: "button", onclick: load }, "Try again")));
    }
  }
  load();
}
