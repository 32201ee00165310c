// <seat-map>: the seats of a show as a plan that can be looked at, tapped and walked through with the arrow keys.
//
// Set `plan` (a layout of the API and a function that gives a category's price), then `states` (one character per
// seat, as the API gives it) and `chosen` (the ids). It fires `seat` with the seat that was tapped, and `sorry` for
// one that cannot be had. Everything that a colour says is also said by a shape and by the seat's name.

import { h, s } from "./dom.js";
import { numberOf } from "./format.js";

/** The grid of the drawing, and the size of a seat in it. */
const CELL = 40;
const SEAT = 32;
const HALF = SEAT / 2;
/** How wide a letter of a row's name is, about. */
const LETTER = 9;
/** How wide a cell is on the screen at least, in CSS pixels: a finger needs more than a mouse. */
const TAP = 36;
const POINT = 26;
const LARGEST = 46;
const SMALLEST = 12;

const STATES = { ".": "free", h: "held", s: "sold", "#": "blocked", m: "mine" };
const SAID = { free: "free", held: "somebody is about to buy it", sold: "sold", blocked: "not on sale", mine: "held for you" };
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const rounded = (left, right) => {
  const [w, l, r] = [HALF, left, right];
  return `M${-w + l} ${-w}H${w - r}Q${w} ${-w} ${w} ${-w + r}V${w - r}Q${w} ${w} ${w - r} ${w}H${-w + l}Q${-w} ${w} ${-w} ${w - l}V${-w + l}Q${-w} ${-w} ${-w + l} ${-w}Z`;
};
const WHEELCHAIR = "M-2.5 -9.5a2.4 2.4 0 1 0 .1 0zM-2.5 -4v6.5h6.5l3 6.5M-2.5 -1h5M-5.5 -.5a6 6 0 1 0 7.6 7.6";

/** The outline of a seat by its kind. `beside` is +1 if a couple's other half is on the right, -1 on the left. */
function outline(kind, beside) {
  switch (kind) {
    case "wheelchair": return s("circle", { r: HALF, class: "body" });
    case "companion": return s("path", { class: "body", d: `M0 ${-HALF - 1}L${HALF + 1} 0L0 ${HALF + 1}L${-HALF - 1} 0Z` });
    case "couple": {
      // The halves meet: one sofa.
      const gap = (CELL - SEAT) / 2;
      const path = s("path", { class: "body", d: beside > 0 ? rounded(14, 0) : rounded(0, 14) });
      path.setAttribute("transform", `translate(${beside * gap / 2} 0) scale(${(SEAT + gap) / SEAT} 1)`);
      return path;
    }
    case "recliner": return s("g", {}, s("path", { class: "body", d: rounded(6, 6) }), s("path", { class: "line", d: `M-10 ${HALF - 5}H10` }));
    default: return s("path", { class: "body", d: rounded(7, 7) });
  }
}

/** How far seats of a row stand apart in the plan's own units. */
function pitchOf(seats) {
  let least = Infinity;
  for (let at = 1; at < seats.length; at += 1) {
    const [one, other] = [seats[at - 1], seats[at]];
    if (one.row !== other.row || one.section !== other.section) continue;
    const distance = Math.hypot(other.x - one.x, other.y - one.y);
    if (distance > 0) least = Math.min(least, distance);
  }
  return Number.isFinite(least) ? least : 1;
}

/** Seats with their places in the drawing, rows and sections with theirs. */
function arrange(seats) {
  const pitch = pitchOf(seats);
  const left = Math.min(...seats.map((seat) => seat.x));
  const top = Math.min(...seats.map((seat) => seat.y));
  const placed = seats.map((seat) => ({ seat, x: ((seat.x - left) / pitch) * CELL, y: ((seat.y - top) / pitch) * CELL }));
  const group = (key) => {
    const groups = new Map();
    for (const place of placed) {
      const name = key(place.seat);
      const box = groups.get(name) ?? { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity, of: place.seat };
      box.left = Math.min(box.left, place.x);
      box.right = Math.max(box.right, place.x);
      box.top = Math.min(box.top, place.y);
      box.bottom = Math.max(box.bottom, place.y);
      groups.set(name, box);
    }
    return [...groups.values()];
  };
  const rows = group((seat) => `${seat.section}\n${seat.row}`);
  const sections = group((seat) => seat.section).filter((box) => box.of.section);
  // A section's name stands above it; what is behind moves back where there is no room.
  const named = sections.length > 1 ? sections : [];
  for (const section of named) {
    const before = placed.filter((place) => place.y < section.top && place.seat.section !== section.of.section);
    const room = section.top - Math.max(...before.map((place) => place.y), -Infinity);
    if (before.length === 0 || room >= 1.8 * CELL) continue;
    const shift = 1.8 * CELL - room;
    const from = section.top;
    for (const place of placed) if (place.y >= from) place.y += shift;
    for (const box of [...rows, ...sections]) {
      if (box.top >= from) box.top += shift;
      if (box.bottom >= from) box.bottom += shift;
    }
  }
  return { placed, rows, sections: named };
}

export class SeatMap extends HTMLElement {
  #places = new Map();
  #order = [];
  #states = "";
  #chosen = new Set();
  #plan = null;
  #cell = null;
  #width = 0;
  #box = [];
  #edge = CELL;
  #watch = null;

  connectedCallback() {
    this.#watch = new ResizeObserver(() => this.#size());
    this.#watch.observe(this);
  }

  disconnectedCallback() {
    this.#watch?.disconnect();
  }

  /** `{ layout, price(category), hint }` */
  set plan(plan) {
    this.#plan = plan;
    this.#draw();
  }

  /** One character per seat, in the order of the layout. */
  set states(states) {
    this.#states = states;
    this.#order.forEach((place, at) => {
      const state = STATES[states[at]] ?? "blocked";
      if (place.state !== state) {
        place.state = state;
        this.#name(place);
      }
    });
  }

  /** The ids that are chosen. */
  set chosen(ids) {
    const before = this.#chosen;
    this.#chosen = new Set(ids);
    for (const id of new Set([...before, ...this.#chosen])) {
      const place = this.#places.get(id);
      if (place) this.#name(place);
    }
  }

  /** Shows where a seat is. */
  reveal(id) {
    this.#places.get(id)?.element.scrollIntoView({ block: "nearest", inline: "center" });
  }

  #name(place) {
    const { seat, state, element } = place;
    const chosen = this.#chosen.has(seat.id);
    const free = state === "free";
    element.setAttribute("class", `seat ${seat.kind.type} ${state}${chosen ? " chosen" : ""}`);
    element.setAttribute("aria-checked", String(chosen));
    if (free) element.removeAttribute("aria-disabled");
    else element.setAttribute("aria-disabled", "true");
    const category = this.#plan.layout.categories.find((one) => one.id === seat.category);
    const said = [
      `Seat ${seat.label}`,
      kindSaid(seat, this.#places),
      category?.name,
      free ? this.#plan.price(seat.category) : null,
      chosen ? "chosen" : SAID[state],
    ].filter(Boolean).join(", ");
    element.setAttribute("aria-label", said);
    place.title.textContent = said;
  }

  #draw() {
    const { layout } = this.#plan;
    const { placed, rows, sections } = arrange(layout.seats);
    const longest = Math.max(...rows.map((row) => row.of.row.length)) * LETTER;
    const edge = Math.max(1.4 * CELL, longest + 0.8 * CELL);
    this.#edge = Math.max(CELL, longest + 12);
    const right = Math.max(...placed.map((place) => place.x));
    const bottom = Math.max(...placed.map((place) => place.y));
    const head = 2.3 * CELL + (sections.length > 0 ? 0.6 * CELL : 0);
    const box = [-edge, -head, right + 2 * edge, bottom + head + 0.8 * CELL];
    this.#width = box[2] / CELL;
    const middle = right / 2;
    const reach = Math.min(Math.max(right * 0.42, 3 * CELL), box[2] / 2 - CELL / 2);
    const svg = s("svg", { viewBox: box.join(" "), role: "group", "aria-label": `Seats of ${layout.name}` });
    const high = -head + 0.5 * CELL;
    svg.append(
      s("path", { class: "screen", d: `M${middle - reach} ${high + 12}Q${middle} ${high - 10} ${middle + reach} ${high + 12}` }),
      s("text", { class: "screen-name", x: middle, y: high + 30, "aria-hidden": "true" }, "Screen"),
    );
    const rowNames = s("g", { class: "rows", "aria-hidden": "true" });
    for (const row of rows) {
      const y = (row.top + row.bottom) / 2 + 5;
      rowNames.append(
        s("text", { class: "left", x: row.left - CELL * 0.65, y }, row.of.row),
        s("text", { class: "right", x: row.right + CELL * 0.65, y }, row.of.row),
      );
    }
    const sectionNames = s("g", { class: "sections", "aria-hidden": "true" });
    for (const section of sections) {
      const half = section.of.section.length * LETTER * 0.65;
      const x = Math.min(Math.max((section.left + section.right) / 2, half - edge), right + edge - half);
      sectionNames.append(s("text", { x, y: section.top - 0.75 * CELL }, section.of.section));
    }
    svg.append(rowNames, sectionNames);
    this.#places.clear();
    const categories = layout.categories.map((category) => category.id);
    const byId = new Map(placed.map((place) => [place.seat.id, place]));
    this.#order = placed.map(({ seat, x, y }) => {
      const other = seat.kind.type === "couple" ? byId.get(seat.kind.with) : null;
      const title = s("title");
      const element = s("g", { transform: `translate(${x} ${y})`, role: "checkbox", tabindex: -1, "data-seat": seat.id },
        title,
        s("rect", { class: "hit", x: -CELL / 2, y: -CELL / 2, width: CELL, height: CELL }),
        s("rect", { class: "ring", x: -CELL / 2, y: -CELL / 2, width: CELL, height: CELL, rx: 10 }),
        outline(seat.kind.type, other && other.x < x ? -1 : 1),
        seat.kind.type === "wheelchair"
          ? s("path", { class: "glyph", d: WHEELCHAIR })
          : s("text", { class: "number", y: 4.5, "aria-hidden": "true" }, numberOf(seat).slice(0, 3)),
        s("path", { class: "cross", d: "M-7 -7L7 7M7 -7L-7 7" }),
        s("path", { class: "hatch", d: "M-12 -2L-2 -12M-12 8L8 -12M-6 12L12 -6M4 12L12 4" }),
        s("path", { class: "tick", d: "M-8 .5L-2.5 6L8 -5.5" }),
      );
      paint(element, layout.categories[categories.indexOf(seat.category)], categories.indexOf(seat.category));
      const place = { seat, x, y, element, title, state: null };
      this.#places.set(seat.id, place);
      svg.append(element);
      return place;
    });
    svg.addEventListener("click", (event) => this.#tapped(event.target));
    svg.addEventListener("keydown", (event) => this.#key(event));
    svg.addEventListener("focusin", (event) => this.#rove(event.target.closest("[data-seat]")));
    const zoom = (by) => {
      this.#cell = Math.min(LARGEST * 1.4, Math.max(SMALLEST, this.#cellNow() * by));
      this.#size();
    };
    const scroller = h("div", { class: "scroller" }, svg);
    // Where the plan is wider than the screen, its rows keep their names at the edge.
    const names = s("svg", { class: "edge rows", "aria-hidden": "true" },
      rows.filter((row) => !rows.some((other) => other !== row && other.left < row.left && Math.abs(other.top - row.top) < CELL / 2))
        .map((row) => s("text", { x: this.#edge * 0.4, y: (row.top + row.bottom) / 2 + 5 }, row.of.row)));
    this.#box = box;
    this.replaceChildren(scroller, names, h("span", { class: "more-right" }), h("div", { class: "zoom" },
      h("button", { type: "button", class: "round", "aria-label": "Make the plan smaller", onclick: () => zoom(1 / 1.3) }, "−"),
      h("button", { type: "button", class: "round", "aria-label": "Make the plan larger", onclick: () => zoom(1.3) }, "+")));
    this.states = this.#states;
    this.#rove(this.#middle()?.element);
    this.#size(true);
  }

  /** Where the keyboard comes in: in the middle. */
  #middle() {
    const free = this.#order.filter((place) => place.state === "free");
    const all = free.length > 0 ? free : this.#order;
    const x = Math.max(...this.#order.map((place) => place.x)) / 2;
    const y = Math.max(...this.#order.map((place) => place.y)) / 2;
    const distance = (place) => Math.hypot(place.x - x, place.y - y);
    return all.reduce((best, place) => (!best || distance(place) < distance(best) ? place : best), null);
  }

  #cellNow() {
    if (this.#cell) return this.#cell;
    const fits = (this.clientWidth - 2) / this.#width;
    const finger = matchMedia("(pointer: coarse)").matches || this.clientWidth < 560;
    return Math.min(LARGEST, Math.max(fits, finger ? TAP : POINT));
  }

  #size(first = false) {
    const [scroller, svg] = [this.querySelector(".scroller"), this.querySelector(".scroller svg")];
    if (!svg || this.clientWidth === 0) return;
    const before = svg.clientWidth || 1;
    const seen = first ? 0.5 : (scroller.scrollLeft + scroller.clientWidth / 2) / before;
    svg.style.setProperty("width", `${Math.round(this.#cellNow() * this.#width)}px`);
    scroller.scrollLeft = seen * svg.clientWidth - scroller.clientWidth / 2;
    this.toggleAttribute("wide", svg.clientWidth > scroller.clientWidth + 1);
    const [edge, right] = [this.querySelector(".edge"), this.querySelector(".more-right")];
    const scale = svg.clientWidth / this.#box[2];
    edge.setAttribute("viewBox", `0 ${this.#box[1]} ${this.#edge} ${this.#box[3]}`);
    edge.style.setProperty("width", `${this.#edge * scale}px`);
    edge.style.setProperty("height", `${this.#box[3] * scale}px`);
    right.style.setProperty("height", `${this.#box[3] * scale}px`);
  }

  /** One seat can be reached by Tab; the arrows go from there. */
  #rove(element) {
    if (!element) return;
    this.querySelector('[data-seat][tabindex="0"]')?.setAttribute("tabindex", "-1");
    element.setAttribute("tabindex", "0");
  }

  #tapped(target) {
    const element = target.closest?.("[data-seat]");
    const place = element && this.#places.get(element.dataset.seat);
    if (!place) return;
    const chosen = this.#chosen.has(place.seat.id);
    const can = chosen || place.state === "free";
    const detail = { seat: place.seat, said: SAID[place.state] };
    this.dispatchEvent(new CustomEvent(can ? "seat" : "sorry", { detail, bubbles: true }));
  }

  #key(event) {
    const element = event.target.closest("[data-seat]");
    const place = element && this.#places.get(element.dataset.seat);
    if (!place) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      this.#tapped(element);
      return;
    }
    const move = MOVES[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = this.#next(place, move);
    if (next) {
      this.#rove(next.element);
      next.element.focus();
      next.element.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  /** The nearest seat in a direction; what is off to the side counts thrice. */
  #next(from, [dx, dy]) {
    let best = null;
    for (const place of this.#order) {
      const [x, y] = [place.x - from.x, place.y - from.y];
      const ahead = x * dx + y * dy;
      const aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (ahead < CELL / 4 || aside > ahead * 2 + CELL / 4) continue;
      const cost = ahead + 3 * aside;
      if (!best || cost < best.cost) best = { place, cost };
    }
    return best?.place ?? null;
  }
}

function kindSaid(seat, places) {
  const label = (id) => places.get(id)?.seat.label ?? id;
  switch (seat.kind.type) {
    case "wheelchair": return "wheelchair space";
    case "companion": return `companion seat of ${label(seat.kind.of)}`;
    case "couple": return `couple seat with ${label(seat.kind.with)}`;
    case "recliner": return "recliner";
    default: return null;
  }
}

/** The colour of a category, its own or one of ours, for CSS to mix with the scheme. */
export function paint(element, category, at) {
  const ours = ["#4f7cac", "#c0883f", "#8c4f6b", "#4d8a5f", "#7a5cb8", "#b0553d"];
  const own = /^#[0-9a-f]{3,8}$/i.test(category?.color ?? "") ? category.color : ours[Math.max(at, 0) % ours.length];
  element.style.setProperty("--category", own);
}

/** What the shapes and marks mean, for those that a layout has. */
export function legend(layout, price) {
  const item = (drawing, text, at = -1) => {
    const svg = s("svg", { viewBox: "-21 -21 42 42", class: "sample", "aria-hidden": "true" }, drawing);
    if (at >= 0) paint(svg, layout.categories[at], at);
    return h("li", {}, svg, h("span", {}, text));
  };
  const seat = (state, ...marks) => s("g", { class: `seat standard ${state}` }, outline("standard"), marks);
  const kinds = new Set(layout.seats.map((one) => one.kind.type));
  const items = layout.categories.map((category, at) =>
    item(seat("free"), [category.name, h("b", {}, price(category.id) ?? "")], at));
  if (kinds.has("couple")) {
    items.push(h("li", {}, s("svg", { viewBox: "-21 -21 82 42", class: "sample wide", "aria-hidden": "true" },
      s("g", { class: "seat couple free" }, outline("couple", 1)),
      s("g", { class: "seat couple free", transform: `translate(${CELL} 0)` }, outline("couple", -1))), h("span", {}, "Couple seat")));
  }
  if (kinds.has("recliner")) items.push(item(s("g", { class: "seat recliner free" }, outline("recliner")), "Recliner"));
  if (kinds.has("wheelchair")) {
    items.push(item(s("g", { class: "seat wheelchair free" }, outline("wheelchair"), s("path", { class: "glyph", d: WHEELCHAIR })), "Wheelchair space"));
  }
  if (kinds.has("companion")) items.push(item(s("g", { class: "seat companion free" }, outline("companion")), "Companion seat"));
  items.push(
    item(seat("chosen", s("path", { class: "tick", d: "M-8 .5L-2.5 6L8 -5.5" })), "Chosen"),
    item(seat("held", s("path", { class: "hatch", d: "M-12 -2L-2 -12M-12 8L8 -12M-6 12L12 -6M4 12L12 4" })), "On hold"),
    item(seat("sold", s("path", { class: "cross", d: "M-7 -7L7 7M7 -7L-7 7" })), "Sold"),
  );
  return h("ul", { class: "legend", "aria-label": "Legend" }, items);
}

customElements.define("seat-map", SeatMap);
