// What is on: a day, its movies, their shows.

import { get, getAll, serverNow } from "./api.js";
import { h, notice, show } from "./dom.js";
import { capital, dayIn, dayOf, language, otherZone, shortDay, timeOf } from "./format.js";

/** How many movies are asked for at once. Those with coming shows come first. */
const AT_ONCE = 6;
/** Days that are shown. */
const DAYS = 8;

async function programme() {
  const found = [];
  let cursor = null;
  do {
    const page = await get(`/v1/movies?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    for (let at = 0; at < page.items.length; at += AT_ONCE) {
      const movies = page.items.slice(at, at + AT_ONCE);
      const shows = await Promise.all(movies.map((movie) => getAll(`/v1/movies/${movie.id}/shows`, 300)));
      movies.forEach((movie, place) => found.push({ movie, shows: shows[place] }));
      if (shows.some((list) => list.length === 0)) return found.filter((entry) => entry.shows.length > 0);
    }
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

/** A number that is always the same for a title. */
function hash(text) {
  let value = 7;
  for (const character of text) value = (value * 31 + character.codePointAt(0)) >>> 0;
  return value;
}

/** There are no posters: the title makes one. */
export function poster(movie) {
  const number = hash(movie.title);
  const longest = Math.max(...movie.title.split(/\s+/).map((word) => word.length));
  const element = h("div", { class: `poster pattern-${number % 5}`, "aria-hidden": "true" },
    h("span", { class: "poster-title" }, movie.title),
    h("span", { class: "poster-by" }, movie.director ?? ""));
  element.style.setProperty("--hue", String((number >>> 3) % 360));
  // The longest word must fit on a line, and a long title on the poster.
  element.style.setProperty("--longest", String(Math.max(longest, Math.ceil(movie.title.length / 3), 6)));
  return element;
}

function showLink(one) {
  const facts = [
    one.auditorium.name,
    one.format !== "2D" && one.format,
    one.language && (one.subtitles ? `${language(one.language)}, ${language(one.subtitles)} subtitles` : language(one.language)),
  ].filter(Boolean);
  const closed = { scheduled: "Not on sale yet", closed: "Sales closed", cancelled: "Cancelled", ended: "Over" }[one.status];
  const content = [
    h("span", { class: "time" }, timeOf(one.starts_at_local)),
    h("span", { class: "facts" }, facts.join(" · ")),
    closed && h("span", { class: "facts" }, closed),
  ];
  if (closed) return h("span", { class: "show off" }, content);
  return h("a", { class: "show", href: `#/show/${one.id}`, "data-hall": one.auditorium.name }, content);
}

function card({ movie, shows }) {
  const facts = [
    movie.runtime_minutes && `${movie.runtime_minutes} min`,
    movie.rating && `Rated ${movie.rating}`,
    movie.genres.map(capital).join(", "),
  ].filter(Boolean);
  return h("article", { class: "movie" },
    poster(movie),
    h("div", { class: "about" },
      h("h2", {}, movie.title),
      h("p", { class: "quiet" }, facts.join(" · ")),
      movie.synopsis && h("p", { class: "synopsis" }, movie.synopsis),
      h("div", { class: "shows" }, shows.map(showLink))));
}

/** The view. */
export async function viewProgramme(app, main, current) {
  app.title("What is on");
  show(main, h("h1", {}, "What is on"), h("p", { class: "quiet", role: "status" }, "Looking up the programme…"));
  const entries = await programme();
  if (!current()) return;
  const shows = entries.flatMap((entry) => entry.shows);
  if (shows.length === 0) {
    show(main, h("h1", {}, "What is on"),
      notice("info", "Nothing is on the programme at the moment.", "Please look in again soon."));
    return;
  }
  const days = [...new Set(shows.map((one) => dayOf(one.starts_at_local)))].sort().slice(0, DAYS);
  const zone = shows[0].venue.zone;
  const venues = new Set(shows.map((one) => `${one.venue.name}, ${one.venue.city}`));
  const list = h("div", { class: "movies" });
  const tabs = h("div", { class: "days", role: "group", "aria-label": "Day" });
  const now = new Date(serverNow());
  const choose = (day) => {
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.day === day));
    const today = entries
      .map(({ movie, shows: all }) => ({ movie, shows: all.filter((one) => dayOf(one.starts_at_local) === day) }))
      .filter((entry) => entry.shows.length > 0)
      .map((entry) => ({ ...entry, shows: entry.shows.sort((one, other) => one.starts_at.localeCompare(other.starts_at)) }))
      .sort((one, other) => one.shows[0].starts_at.localeCompare(other.shows[0].starts_at));
    show(list, today.map(card));
  };
  for (const day of days) {
    tabs.append(h("button", { type: "button", class: "day", "data-day": day, onclick: () => choose(day) }, shortDay(day, zone, now)));
  }
  if (otherZone(zone)) app.zone(`All times are those of the venue (${zone.replaceAll("_", " ")}).`);
  show(main,
    h("div", { class: "headline" }, h("h1", {}, "What is on"), h("p", { class: "quiet" }, [...venues].join(" · "))),
    tabs, list);
  const today = dayIn(zone, now);
  choose(days.includes(today) ? today : days[0]);
}
