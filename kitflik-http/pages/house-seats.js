// Staff: the seats of a show that the house keeps.

import { command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { count, list, moment } from "./format.js";
import { tell } from "./words.js";

const MOST = 100;

/** Those that are kept alike, together. */
function groups(items) {
  const found = new Map();
  for (const item of items) {
    const key = JSON.stringify([item.reason, item.channels, item.release_at, item.by, item.blocked_at]);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return [...found.values()];
}

/** The ids of seats that somebody typed, or what is wrong with them. */
function named(text, layout) {
  const labels = text.split(/[\s,;]+/).filter((label) => label !== "");
  const ids = [];
  for (const label of labels) {
    const alike = layout.seats.filter((seat) => seat.id === label || seat.label.toLowerCase() === label.toLowerCase());
    const seat = layout.seats.find((one) => one.id === label) ?? (alike.length === 1 ? alike[0] : null);
    if (!seat) return { wrong: alike.length === 0 ? `There is no seat ${label}.` : `There are several seats ${label}: give its id.` };
    if (!ids.includes(seat.id)) ids.push(seat.id);
  }
  if (ids.length === 0) return { wrong: "Which seats? Such as A1, A2." };
  return ids.length > MOST ? { wrong: `At most ${MOST} seats at once.` } : { ids };
}

/** A panel for the page of a show. `failed` is told of whoever is logged out. */
export function houseSeats(one, { session, failed, current }) {
  const path = `/v1/admin/shows/${one.id}`;
  const zone = one.venue.zone;
  const rows = h("tbody", {});
  const table = h("div", { class: "table", hidden: true }, h("table", { id: "kept" },
    h("thead", {}, h("tr", {}, ["Why", "Seats", "Until", ""].map((name) => h("th", { scope: "col" }, name)))), rows));
  const title = h("summary", {}, "House seats");
  const told = h("div", { "aria-live": "polite" });
  const seats = h("input", { type: "text", id: "block-seats", autocomplete: "off", placeholder: "A1, A2" });
  const reason = h("input", { type: "text", id: "block-reason", autocomplete: "off", maxlength: 100, placeholder: "For the critics" });
  const minutes = h("input", { type: "number", id: "block-minutes", min: 0, max: 10080, inputmode: "numeric" });
  const sellable = h("input", { type: "checkbox", id: "block-sell", checked: true });
  const button = h("button", { type: "submit" }, "Keep these seats");
  let layout = null;

  function refused(error) {
    if (!current()) return;
    const words = tell(error, (ids) => ids.map((id) => layout?.seats.find((seat) => seat.id === id)?.label ?? id));
    const taken = error.code === "seat_taken";
    show(told, notice(words.kind, taken ? "Some of them are held or sold." : words.title, taken ? `${list(error.seats)}: nothing was changed.` : words.text));
  }

  function row(group) {
    const [first] = group;
    const give = h("button", {
      type: "button", class: "small",
      onclick: async () => {
        give.disabled = true;
        try {
          const ids = group.map((item) => item.seat);
          for (let at = 0; at < ids.length; at += MOST) {
            await command(`unblock.${one.id}`, "POST", `${path}/unblock`, { body: { seats: ids.slice(at, at + MOST) }, session });
          }
          show(told);
          await load();
        } catch (error) {
          give.disabled = false;
          refused(error);
        }
      },
    }, "Give to all");
    const sold = group.filter((item) => item.booking_id).length;
    return h("tr", {},
      h("td", {}, h("b", {}, first.reason), h("small", {}, first.channels.includes("box_office") ? "sold at the box office" : "for nobody")),
      h("td", {}, h("span", { class: "seat-list" }, group.map((item) => item.label).join(", ")), h("small", {}, count(group.length, "seat"), sold > 0 && `, ${sold} held or sold`)),
      h("td", {}, first.release_at ? moment(first.release_at, zone) : "given to all by hand"),
      h("td", { class: "amount" }, give));
  }

  async function load() {
    const { items } = await get(`${path}/blocks`, { session });
    if (!current()) return;
    title.textContent = items.length === 0 ? "House seats" : `House seats: ${items.length}`;
    show(rows, groups(items).map(row));
    table.hidden = items.length === 0;
  }

  async function block(event) {
    event.preventDefault();
    button.disabled = true;
    show(told);
    try {
      layout ??= await get(`/v1/layouts/${one.layout_id}`);
      const { ids, wrong } = named(seats.value, layout);
      if (wrong) {
        show(told, notice("warn", wrong));
        seats.focus();
        return;
      }
      const body = { seats: ids, reason: reason.value.trim() };
      if (sellable.checked) body.channels = ["box_office"];
      if (minutes.value !== "") body.release_minutes_before = Number(minutes.value);
      await command(`block.${one.id}`, "POST", `${path}/block`, { body, session });
      if (!current()) return;
      seats.value = "";
      show(told, notice("good", `The house keeps ${count(ids.length, "seat")}.`));
      await load();
    } catch (error) {
      refused(error);
    } finally {
      button.disabled = false;
    }
  }

  load().catch((error) => { if (current()) failed(error); });
  return h("details", { class: "panel panel-body", id: "house-seats" }, title, table, told,
    h("form", { novalidate: true, onsubmit: block },
      h("div", { class: "field" }, h("label", { for: "block-seats" }, "Seats"), seats),
      h("div", { class: "field" }, h("label", { for: "block-reason" }, "Why"), reason),
      h("div", { class: "field" }, h("label", { for: "block-minutes" }, "Given to all, minutes before the start"), minutes, h("small", { class: "quiet" }, "Empty: by hand.")),
      h("div", { class: "field" }, h("label", { for: "block-sell" }, sellable, " The box office may sell them")),
      button));
}
