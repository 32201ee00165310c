// Undoing a sale, all of it or some of its tickets: what comes back is said before anybody decides.

import { proofOf } from "./account.js";
import { command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { capital, count, list, moment, money } from "./format.js";
import { tell } from "./words.js";

const amountOf = (sum) => money(sum.amount_minor, sum.currency);

/** The terms, in a sentence or two. */
function wording(terms, zone) {
  const parts = [];
  if (terms.refund.amount_minor > 0) parts.push(`You get back ${amountOf(terms.refund)} of ${amountOf(terms.price)}.`);
  else parts.push("No money comes back.");
  if (terms.refund_percent > 0 && terms.refund_percent < 100) parts.push(`That is ${terms.refund_percent} % by the terms of the house.`);
  if (!terms.fees_refundable && terms.price.amount_minor > 0) parts.push("Fees are not given back.");
  if (terms.until) parts.push(`These terms hold until ${moment(terms.until, zone)}.`);
  if (terms.rest) parts.push(`The tickets that you keep cost ${amountOf(terms.rest.total)}.`);
  return parts.join(" ");
}

/** A panel below the tickets. It asks for the terms when it is opened. */
export function cancelPanel({ mine, one, booking, draw, current }) {
  const path = `/v1/bookings/${booking.id}`;
  const told = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "danger", id: "cancel", disabled: true }, "Cancel these tickets");
  const boxes = booking.seats.map((seat) => h("input", { type: "checkbox", name: "ticket", value: seat.id, checked: true, onchange: () => terms() }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  // All of them are said by naming none.
  const seats = () => (chosen().length === booking.seats.length ? [] : chosen());
  let asked = 0;

  function refused(error, again) {
    const words = tell(error);
    show(told, notice(words.kind, words.title, words.text, words.again && h("button", { type: "button", onclick: again }, "Try again")));
  }

  async function terms() {
    asked += 1;
    const turn = asked;
    const live = () => current() && turn === asked;
    button.disabled = true;
    if (chosen().length === 0) {
      show(told, h("p", { class: "quiet" }, "Choose the tickets that you do not want any more."));
      return;
    }
    try {
      const query = seats().length > 0 ? `?seats=${encodeURIComponent(seats().join(","))}` : "";
      const now = await get(`${path}/cancellation${query}`, proofOf(mine));
      if (!live()) return;
      show(told, h("p", { id: "terms" }, wording(now, one.venue.zone)));
      button.disabled = false;
    } catch (error) {
      if (live()) refused(error, terms);
    }
  }

  async function cancel(event) {
    event?.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      const body = seats().length > 0 ? { seats: seats() } : {};
      const left = await command(`cancel.${booking.id}`, "POST", `${path}/cancel`, { body, ...proofOf(mine) });
      if (!current()) return;
      scrollTo(0, 0);
      draw(left);
    } catch (error) {
      if (!current()) return;
      button.disabled = false;
      refused(error, cancel);
    }
  }

  const panel = h("details", { class: "panel panel-body", id: "cancellation", ontoggle: () => { if (panel.open && asked === 0) terms(); } },
    h("summary", {}, "Cancel tickets"),
    h("form", { novalidate: true, onsubmit: cancel },
      h("fieldset", { class: "choices" }, h("legend", {}, "Which?"),
        booking.seats.map((seat, at) => h("label", { class: "choice" }, boxes[at], ` Seat ${seat.label}, ${capital(seat.ticket_type)}`))),
      told, button));
  return panel;
}

/** What became of the money. */
function refundOf(booking) {
  const refund = booking.cancellation?.refund;
  if (!refund) return null;
  const amount = amountOf(refund.amount);
  if (refund.status === "refunded") return `${amount} have been given back.`;
  if (refund.status === "failed") return `${amount} could not be given back yet: please ask at the box office.`;
  return `${amount} are on their way back to you.`;
}

/** What is shown of a booking that was undone. */
export function cancelledBooking({ booking }, again) {
  const by = booking.cancellation?.by === "house" ? "The house has cancelled this booking." : "You have cancelled this booking.";
  const names = list(booking.seats.map((seat) => seat.label));
  const what = booking.seats.length > 0 && `${count(booking.seats.length, "seat")}: ${names}.`;
  return notice("info", by, [booking.cancellation?.reason && capital(booking.cancellation.reason), what, refundOf(booking)].filter(Boolean).join(" "),
    h("button", { type: "button", id: "another", onclick: again }, "Book something else"));
}
