// Staff: a day's books, bookings and payments, side by side.

import { get, getAll, serverNow } from "./api.js";
import { h, notice, show } from "./dom.js";
import { count, dayIn, money, moment } from "./format.js";
import { tell } from "./words.js";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** What happens before six in the morning is of the day before. */
const NIGHT = 6 * 60 * 60 * 1000;
const KINDS = {
  counter_due: "To be paid at the counter",
  refund_due: "Money on its way back",
  late_money: "Money that came too late",
  needs_a_person: "Somebody has to look",
  unexplained: "Unexplained",
};

const amountOf = (sum) => money(sum.amount_minor, sum.currency);

function balance(one) {
  const line = (name, sum) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, amountOf(sum)));
  const even = one.difference.amount_minor === 0;
  return h("section", { class: "panel panel-body" }, h("h2", {}, one.sold.currency),
    h("table", { class: "bill" },
      h("tbody", {}, line("Open before", one.opening), line("Sold", one.sold), line("Cancelled", one.returned), line("Money in", one.captured), line("Money back", one.refunded),
        one.providers.map((flow) => h("tr", {}, h("th", { scope: "row" }, h("small", {}, flow.provider)), h("td", {}, h("small", {}, `${amountOf(flow.captured)} in, ${amountOf(flow.refunded)} back`)))),
        one.open.map((open) => h("tr", {}, h("th", { scope: "row" }, h("small", {}, KINDS[open.kind] ?? open.kind)), h("td", {}, h("small", {}, `${count(open.bookings, "booking")}, ${amountOf(open.amount)}`))))),
      h("tfoot", {}, line("Open after", one.closing))),
    notice(even ? "good" : "bad", even ? "Books, bookings and payments agree." : `They differ by ${amountOf(one.difference)}.`));
}

const openItem = (item) => h("tr", {},
  h("td", {}, KINDS[item.kind] ?? item.kind), h("td", { class: "id" }, item.booking_id),
  h("td", {}, moment(item.since, HERE)), h("td", { class: "amount" }, amountOf(item.amount)));

/** The day of `#/settlement/DAY/VENUE`, or the one that it is; of that venue, or of all. */
export async function settlement(main, { session, current, failed, day }) {
  document.title = "Staff · Settlement";
  const venues = await getAll("/v1/venues");
  if (!current()) return;
  const asked = location.hash.split("/")[3];
  const venue = venues.find(({ id }) => id === asked);
  const zone = (venue ?? venues[0])?.zone ?? HERE;
  const chosen = /^\d{4}-\d{2}-\d{2}$/.test(day ?? "") ? day : dayIn(zone, new Date(serverNow() - NIGHT));
  const input = h("input", { type: "date", id: "day", value: chosen, required: true });
  const where = h("select", { id: "venue" }, h("option", { value: "" }, "All venues"), venues.map((one) => {
    const option = h("option", { value: one.id }, one.name);
    option.selected = one === venue;
    return option;
  }));
  const result = h("div", { "aria-live": "polite", id: "settled" });
  const rows = h("tbody", {});
  const more = h("div", { class: "more" });
  const submit = (event) => {
    event.preventDefault();
    if (input.value) location.hash = ["#/settlement", input.value, where.value].filter(Boolean).join("/");
  };
  const form = h("form", { novalidate: true, onsubmit: submit },
    h("div", { class: "field" }, h("label", { for: "day" }, "Day"), input, h("small", { class: "quiet" }, "From six in the morning to six in the morning.")),
    h("div", { class: "field" }, h("label", { for: "venue" }, "Venue"), where),
    h("button", { type: "submit" }, "Settle"));

  async function load(cursor) {
    show(more);
    const query = new URLSearchParams({ day: chosen, limit: "50" });
    if (venue) query.set("venue", venue.id);
    if (cursor) query.set("cursor", cursor);
    try {
      const view = await get(`/v1/admin/reports/settlement?${query}`, { session });
      if (!current()) return;
      rows.append(...view.open_items.map(openItem));
      if (!cursor) draw(view);
      if (view.next_cursor) show(more, h("button", { type: "button", onclick: () => load(view.next_cursor) }, "More"));
    } catch (error) {
      if (!current()) return;
      if (error.code === "validation_failed") {
        const words = tell(error);
        show(result, notice(words.kind, words.title, words.text));
      } else failed(error);
    }
  }

  function draw(view) {
    show(result,
      view.balances.length === 0 && notice("info", "Nothing was sold or paid on that day."),
      view.balances.map(balance),
      view.mismatches.length > 0 && h("div", { class: "table panel" }, h("table", { id: "mismatches" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Bookings that differ"))),
        h("tbody", {}, view.mismatches.map((one) => h("tr", {}, h("td", { class: "id" }, one.booking_id)))))),
      rows.childElementCount > 0 && h("div", { class: "table panel" }, h("table", { id: "open-items" },
        h("thead", {}, h("tr", {}, ["Open", "Booking", "Since", "Amount"].map((name) => h("th", { scope: "col" }, name)))), rows)));
  }

  show(main, h("div", { class: "headline" }, h("h1", {}, "Settlement"), h("p", { class: "quiet" }, "What was sold, what was paid, and what is open.")),
    h("div", { class: "panel panel-body" }, form), result, more);
  show(result, h("p", { class: "quiet", role: "status" }, "Adding up…"));
  await load(null);
}
