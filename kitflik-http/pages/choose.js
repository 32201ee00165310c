// Seats of a show: the plan, the choice, the hold.

import { asCustomer } from "./account.js";
import { Refused, command, get, getNewer } from "./api.js";
import { heldBooking, rememberBooking, releaseQuietly } from "./booking.js";
import { h, notice, show } from "./dom.js";
import { capital, count, fullDay, language, list, money, dayOf, timeOf } from "./format.js";
import { keep, kept } from "./kept.js";
import { customerFields, customerGiven, customerOf } from "./customer.js";
import { follow } from "./live.js";
import { legend, paint } from "./seat-map.js";
import { tell } from "./words.js";

const MOST = 10;

/** The line under a title: when and where. */
export function whenAndWhere(one) {
  const place = [one.auditorium.name, one.venue.name, one.venue.city].join(", ");
  return `${fullDay(dayOf(one.starts_at_local))}, ${timeOf(one.starts_at_local)} · ${place}`;
}

class Choice {
  constructor(showId, prices) {
    const before = kept("choice");
    this.show = showId;
    this.prices = prices;
    this.seats = before?.show === showId ? before.seats : [];
    this.types = before?.show === showId ? before.types : {};
  }

  keep() {
    keep("choice", { show: this.show, seats: this.seats, types: this.types });
  }

  /** The ticket types of a category; the first is taken if nobody says otherwise. */
  typesOf(category) {
    return this.prices.filter((price) => price.category === category);
  }

  priceOf(seat) {
    const types = this.typesOf(seat.category);
    return types.find((price) => price.ticket_type === this.types[seat.id]) ?? types[0];
  }
}

/** The view. */
export async function viewSeats(app, main, id, current) {
  app.title("Seats");
  show(main, h("p", { class: "quiet", role: "status" }, "Looking at the seats…"));
  const one = await get(`/v1/shows/${id}`);
  const [layout, first] = await Promise.all([get(`/v1/layouts/${one.layout_id}`), getNewer(`/v1/shows/${id}/seats`)]);
  if (!current()) return undefined;
  app.title(one.movie.title);

  const byId = new Map(layout.seats.map((seat) => [seat.id, seat]));
  const labels = (ids) => ids.map((seat) => byId.get(seat)?.label ?? seat);
  const choice = new Choice(id, one.prices);
  const most = Math.min(MOST, one.max_seats_per_customer ?? MOST);
  const price = (category) => {
    const [cheapest] = choice.typesOf(category);
    return cheapest ? money(cheapest.amount_minor, one.currency) : null;
  };
  let etag = first.etag;
  const mine = heldBooking();
  const own = new Set(mine?.show === id ? mine.ids : []);
  // The seats of this guest's own hold are marked as theirs.
  const marked = (plan) => [...plan].map((state, at) => (state === "h" && own.has(layout.seats[at]?.id) ? "m" : state)).join("");
  let states = marked(first.body.states);
  let busy = false;
  let failures = 0;
  let moving = false;

  const map = document.createElement("seat-map");
  const told = h("div", { class: "told", "aria-live": "polite" });
  const panel = h("section", { class: "panel", "aria-label": "Your choice" });
  const said = h("p", { class: "hidden", role: "status" });
  const offline = h("div", {});
  const clear = () => show(told);
  const say = (...content) => {
    show(told, content);
    told.scrollIntoView({ block: "nearest" });
  };

  const stateOf = (seat) => states[layout.seats.findIndex((other) => other.id === seat)] ?? "#";

  function choose(ids) {
    choice.seats = layout.seats.map((seat) => seat.id).filter((seat) => ids.includes(seat));
    choice.keep();
    map.chosen = choice.seats;
    drawPanel();
  }

  /** A seat was tapped. The halves of a couple seat go together. */
  function toggle(seat) {
    const group = seat.kind.type === "couple" ? [seat.id, seat.kind.with] : [seat.id];
    if (choice.seats.includes(seat.id)) {
      choose(choice.seats.filter((other) => !group.includes(other)));
      said.textContent = `${list(labels(group))} no longer chosen. ${count(choice.seats.length, "seat")} chosen.`;
      return;
    }
    const more = [...choice.seats, ...group.filter((other) => !choice.seats.includes(other))];
    if (more.length > most) {
      say(notice("info", `You can take ${most} seats at most.`, "Give one back to choose another."));
      return;
    }
    clear();
    choose(more);
    said.textContent = `${list(labels(group))} chosen. ${count(choice.seats.length, "seat")} chosen.`;
  }

  /** New states: what somebody else took meanwhile is no longer ours to choose. */
  function update(newer) {
    states = newer;
    map.states = states;
    const lost = choice.seats.filter((seat) => stateOf(seat) !== ".");
    if (lost.length > 0 && !busy) {
      choose(choice.seats.filter((seat) => !lost.includes(seat)));
      const names = list(labels(lost));
      say(notice("warn", lost.length === 1 ? `Seat ${names} was just taken by somebody else.` : `Seats ${names} were just taken by somebody else.`,
        "The rest of your choice is as you left it."));
    }
  }

  function upToDate() {
    if (failures > 0) show(offline);
    failures = 0;
  }

  /** A newer plan; if the show has other seats now, all is drawn anew. */
  function take(plan) {
    if (!current()) return;
    if (plan.layout_id === layout.id) update(marked(plan.states));
    else moved();
  }

  async function moved() {
    if (moving) return;
    moving = true;
    // The show may be told as it was for a moment longer than its seats.
    const now = await get(`/v1/shows/${id}`).catch(() => one);
    if (!current()) return;
    if (now.layout_id !== layout.id && !busy) app.go(location.hash);
    else setTimeout(() => { moving = false; if (current()) moved(); }, 3000);
  }

  async function look() {
    try {
      const newer = await getNewer(`/v1/shows/${id}/seats`, etag);
      upToDate();
      if (newer) {
        etag = newer.etag;
        take(newer.body);
      }
    } catch {
      failures += 1;
      if (failures === 2) show(offline, notice("warn", "The plan cannot be brought up to date.", "We keep trying. What you chose stays chosen."));
    }
  }

  function refused(error, again) {
    const words = tell(error, labels);
    const actions = [];
    if (words.again) actions.push(h("button", { type: "button", onclick: again }, "Try again"));
    if (error instanceof Refused && error.alternative?.length) {
      const instead = error.alternative;
      actions.push(h("button", { type: "button", class: "primary", id: "alternative", onclick: () => { clear(); choose(instead); map.reveal(instead[0]); } },
        `Take ${list(labels(instead))} instead`));
    }
    if (error.code === "show_not_on_sale") actions.push(h("a", { class: "button", href: "#/" }, "To the programme"));
    if (error.code === "seat_taken") {
      choose(choice.seats.filter((seat) => !error.seats.includes(seat)));
    }
    say(notice(words.kind, words.title, words.text, ...actions));
  }

  async function best(wanted, category) {
    if (busy) return;
    busy = true;
    const filter = category ? `&category=${encodeURIComponent(category)}` : "";
    try {
      const found = await get(`/v1/shows/${id}/best-available?count=${wanted}${filter}`);
      if (!current()) return;
      busy = false;
      clear();
      choose(found.seats);
      map.reveal(found.seats[Math.floor(found.seats.length / 2)]);
      if (!found.together) say(notice("info", "These are the best that are left.", "They are not all side by side."));
      said.textContent = `${list(labels(found.seats))} chosen.`;
    } catch (error) {
      if (current()) refused(error, () => best(wanted, category));
    } finally {
      busy = false;
    }
  }

  async function hold() {
    if (busy) return;
    if (customerWanted && !customerGiven(panel)) return;
    busy = true;
    drawPanel();
    const before = heldBooking();
    const types = choice.seats
      .filter((seat) => choice.types[seat] && choice.types[seat] !== choice.typesOf(byId.get(seat).category)[0]?.ticket_type)
      .map((seat) => ({ seat, ticket_type: choice.types[seat] }));
    const body = { show_id: id, seats: choice.seats };
    if (types.length > 0) body.ticket_types = types;
    if (customerWanted) body.customer = customerOf();
    try {
      const booking = await command("hold", "POST", "/v1/bookings", { body, ...(await asCustomer()) });
      rememberBooking(booking, booking.booking_token);
      if (before) releaseQuietly(before);
      if (current()) app.go("#/booking");
    } catch (error) {
      if (!current()) return;
      await look();
      busy = false;
      drawPanel();
      refused(error, hold);
    }
  }

  const customerWanted = one.max_seats_per_customer !== null;
  const wish = { count: 2, category: "" };

  function bestSeats() {
    const number = h("output", { class: "count" }, String(wish.count));
    const step = (by) => () => {
      wish.count = Math.min(most, Math.max(1, wish.count + by));
      number.textContent = String(wish.count);
    };
    return h("div", { class: "best" },
      h("div", { class: "stepper", role: "group", "aria-label": "How many seats" },
        h("button", { type: "button", class: "round", "aria-label": "One fewer", onclick: step(-1) }, "−"),
        number,
        h("button", { type: "button", class: "round", "aria-label": "One more", onclick: step(1) }, "+")),
      layout.categories.length > 1 && h("select", { "aria-label": "Where", onchange: (event) => { wish.category = event.target.value; } },
        h("option", { value: "" }, "anywhere"),
        layout.categories.map((category) => {
          const option = h("option", { value: category.id }, category.name);
          option.selected = wish.category === category.id;
          return option;
        })),
      h("button", { type: "button", id: "best", onclick: () => best(wish.count, wish.category) }, "Best seats"));
  }

  function row(seat) {
    const types = choice.typesOf(seat.category);
    const priced = choice.priceOf(seat);
    const category = layout.categories.findIndex((other) => other.id === seat.category);
    const dot = h("span", { class: "dot", "aria-hidden": "true" });
    paint(dot, layout.categories[category], category);
    const select = types.length > 1 && h("select", {
      "aria-label": `Ticket for ${seat.label}`,
      onchange: (event) => {
        choice.types[seat.id] = event.target.value;
        choice.keep();
        drawPanel();
      },
    }, types.map((type) => {
      const option = h("option", { value: type.ticket_type }, capital(type.ticket_type));
      option.selected = type === priced;
      return option;
    }));
    return h("li", {}, dot, h("span", { class: "seat-name" }, h("b", {}, seat.label), h("small", {}, layout.categories[category]?.name ?? "")),
      select || h("span", {}), h("span", { class: "amount" }, priced ? money(priced.amount_minor, one.currency) : "–"),
      h("button", { type: "button", class: "round plain", "aria-label": `Give ${seat.label} back`, onclick: () => toggle(seat) }, "×"));
  }

  function drawPanel() {
    const chosen = choice.seats.map((seat) => byId.get(seat)).filter(Boolean);
    const total = chosen.reduce((sum, seat) => sum + (choice.priceOf(seat)?.amount_minor ?? 0), 0);
    const empty = chosen.length === 0;
    show(panel,
      h("div", { class: "panel-body" },
        h("h2", {}, empty ? "Choose your seats" : `Your ${count(chosen.length, "seat")}`),
        empty && h("p", { class: "quiet" }, "Tap seats in the plan, or let us find the best ones."),
        !empty && h("ul", { class: "chosen" }, chosen.map(row)),
        bestSeats(),
        customerWanted && !empty && customerFields(`This show is limited to ${count(most, "seat")} per person.`)),
      h("div", { class: "go" },
        h("p", {}, h("b", { id: "sum" }, money(total, one.currency)), h("small", {}, empty ? "nothing chosen yet" : `${count(chosen.length, "seat")}, before fees`)),
        h("button", { type: "button", class: "primary big", id: "hold", disabled: empty || busy, onclick: hold }, busy ? "One moment…" : "Continue")));
  }

  const facts = [one.format !== "2D" && one.format, one.language && language(one.language), one.subtitles && `${language(one.subtitles)} subtitles`].filter(Boolean);
  show(main,
    h("p", { class: "back" }, h("a", { href: "#/" }, "← What is on")),
    h("div", { class: "headline" }, h("h1", {}, one.movie.title), h("p", { class: "quiet" }, [whenAndWhere(one), ...facts].join(" · "))),
    one.status !== "on_sale" && notice("warn", "This show is not on sale.", "There are other shows on the programme.", h("a", { class: "button", href: "#/" }, "To the programme")),
    h("div", { class: "choose" },
      h("div", { class: "hall" }, offline, told, map, legend(layout, price)),
      panel),
    said);
  map.plan = { layout, price };
  map.addEventListener("seat", (event) => { if (!busy) toggle(event.detail.seat); });
  map.addEventListener("sorry", (event) => {
    const { seat, said: why } = event.detail;
    say(notice("info", `Seat ${seat.label}: ${why}.`));
  });
  choice.seats = choice.seats.filter((seat) => byId.has(seat) && !own.has(seat));
  drawPanel();
  map.states = states;
  map.chosen = choice.seats;
  if (own.size > 0) {
    say(notice("info", `You hold ${list(mine.labels)} for this show.`, "If you choose other seats, these are given back.",
      h("a", { class: "button primary", href: "#/booking" }, "Go on with them")));
  }
  update(states);

  return follow(id, { changed: take, heard: upToDate, look });
}
