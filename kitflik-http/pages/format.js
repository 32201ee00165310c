// Money, days and times, as people read them. The page is in English, so are they.

const locale = navigator.languages?.find((language) => /^en\b/i.test(language)) ?? "en-GB";
const moneys = new Map();

/** An amount in minor units of a currency: each currency has as many digits as it has. */
export function money(minor, currency) {
  if (!moneys.has(currency)) moneys.set(currency, new Intl.NumberFormat(locale, { style: "currency", currency }));
  const format = moneys.get(currency);
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** The day of a time on the venue's clocks: `2026-11-27`. */
export const dayOf = (local) => local.slice(0, 10);
/** The hour and minute of a time on the venue's clocks: `19:30`. */
export const timeOf = (local) => local.slice(11, 16);

const noon = (day) => new Date(`${day}T12:00:00Z`);
const inUtc = (options) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
const long = inUtc({ weekday: "long", day: "numeric", month: "long" });
const dated = inUtc({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
const short = inUtc({ weekday: "short", day: "numeric", month: "short" });

/** What day it is in a zone, `more` days from now. */
export function dayIn(zone, now, more = 0) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  const today = parts.format(now);
  return new Date(noon(today).getTime() + more * 86_400_000).toISOString().slice(0, 10);
}

function named(day, zone, now, format) {
  if (day === dayIn(zone, now)) return "Today";
  if (day === dayIn(zone, now, 1)) return "Tomorrow";
  return format.format(noon(day));
}

export const longDay = (day, zone, now) => named(day, zone, now, long);
export const shortDay = (day, zone, now) => named(day, zone, now, short);
/** With its year, unless it is this one. */
export const fullDay = (day) => (day.startsWith(String(new Date().getUTCFullYear())) ? long : dated).format(noon(day));

/** A moment on the clocks of a zone. */
export function moment(instant, zone) {
  const options = { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(locale, options).format(new Date(instant));
}

/** Whether the reader's clocks differ from the venue's. */
export function otherZone(zone) {
  const offset = (timeZone) => new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" })
    .formatToParts().find((part) => part.type === "timeZoneName")?.value;
  return offset(zone) !== offset(undefined);
}

/** `9:07` */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** `1 seat`, `2 seats`. */
export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** `A1, A2 and A3` */
export const list = (items) => new Intl.ListFormat("en", { type: "conjunction" }).format(items);

const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** The name of a language from its tag, or what the house calls it. */
export function language(tag) {
  try {
    return languages.of(tag);
  } catch {
    return tag;
  }
}

/** What a seat is called within its row: `7` of `F7`. */
export function numberOf(seat) {
  return seat.row && seat.label.startsWith(seat.row) ? seat.label.slice(seat.row.length).replace(/^-/, "") || seat.label : seat.label;
}

/** A text with a capital letter. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
