// What is on: a day, its movies, their shows.

import { get, getAll, serverNow } from "./api.js";
import { h, notice, show } from "./dom.js";
import { capital, dayIn, dayOf, language, otherZone, shortDay, timeOf } from "./format.js";

/** How many movies are asked for at once. Those with coming shows come first. */
const AT_ONCE = 6;
/** Days that are shown. */
const DAYS = 8;
/** Movies that a search shows. */
const FOUND = 20;
/** So long, in milliseconds, nobody must have typed before the server is asked. */
const PAUSE = 200;

/** The movies that are on, with their shows. */
export async function programme() {
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

function showLink(one, day) {
  const facts = [
    day,
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

function card({ movie, shows }, dayOfShow) {
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
      shows.length === 0 && h("p", { class: "quiet" }, "Not on the programme at the moment."),
      h("div", { class: "shows" }, shows.map((one) => showLink(one, dayOfShow?.(one))))));
}

/** A field for words and one for the genre. `changed` is called with what is in them. */
function searchForm(entries, changed) {
  const genres = [...new Set(entries.flatMap(({ movie }) => movie.genres))].sort();
  const words = h("input", { type: "search", id: "words", maxlength: "200", autocomplete: "off", placeholder: "Title, director, genre" });
  const genre = h("select", { id: "genre" }, h("option", { value: "" }, "All genres"),
    genres.map((one) => h("option", { value: one }, capital(one))));
  let timer;
  const tell = () => {
    clearTimeout(timer);
    changed(words.value.trim(), genre.value);
  };
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(tell, PAUSE);
  });
  genre.addEventListener("change", tell);
  const submit = (event) => {
    event.preventDefault();
    tell();
  };
  return h("form", { class: "search", role: "search", onsubmit: submit },
    h("div", {}, h("label", { for: "words" }, "Search movies"), words),
    genres.length > 0 && h("div", {}, h("label", { for: "genre" }, "Genre"), genre));
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
  const status = h("p", { class: "quiet found", role: "status" });
  let [chosen, words, genre, question] = [null, "", "", 0];
  const choose = (day) => {
    chosen = day;
    for (const tab of tabs.children) tab.setAttribute("aria-pressed", String(tab.dataset.day === day));
    const today = entries
      .filter(({ movie }) => !genre || movie.genres.includes(genre))
      .map(({ movie, shows: all }) => ({ movie, shows: all.filter((one) => dayOf(one.starts_at_local) === day) }))
      .filter((entry) => entry.shows.length > 0)
      .map((entry) => ({ ...entry, shows: entry.shows.sort((one, other) => one.starts_at.localeCompare(other.starts_at)) }))
      .sort((one, other) => one.shows[0].starts_at.localeCompare(other.shows[0].starts_at));
    show(status, words === "" && today.length === 0 && "No movie of this genre on this day.");
    show(list, today.map((entry) => card(entry)));
  };
  const search = async (newWords, newGenre) => {
    [words, genre] = [newWords, newGenre];
    const asked = ++question;
    tabs.hidden = words !== "";
    if (words === "") return choose(chosen);
    let page;
    try {
      page = await get(`/v1/movies?limit=${FOUND}&q=${encodeURIComponent(words)}&genre=${encodeURIComponent(genre)}`);
    } catch {
      if (asked === question) show(status, "The search did not answer. Please try again.");
      return;
    }
    // Somebody has typed on, or is somewhere else by now.
    if (asked !== question || !current()) return;
    const known = new Map(entries.map((entry) => [entry.movie.id, entry]));
    const found = page.items.map((movie) => known.get(movie.id) ?? { movie, shows: [] });
    const count = page.next_cursor ? `More than ${FOUND}` : String(found.length);
    show(status, found.length === 0 ? "No movie found." : `${count} ${found.length === 1 ? "movie" : "movies"} found.`);
    show(list, found.map((entry) => card(entry, (one) => shortDay(dayOf(one.starts_at_local), zone, now))));
  };
  for (const day of days) {
    tabs.append(h("button", { type: "button", class: "day", "data-day": day, onclick: () => choose(day) }, shortDay(day, zone, now)));
  }
  if (otherZone(zone)) app.zone(`All times are those of the venue (${zone.replaceAll("_", " ")}).`);
  show(main,
    h("div", { class: "headline" }, h("h1", {}, "What is on"), h("p", { class: "quiet" }, [...venues].join(" · "))),
    searchForm(entries, search), tabs, status, list);
  const today = dayIn(zone, now);
  choose(days.includes(today) ? today : days[0]);
}
