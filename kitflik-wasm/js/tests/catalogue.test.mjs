// What staff do with the catalogue: edits, the schedule, discount codes, seats of the house, pictures.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Kitflik, MemoryStorage, layoutFromText } from "kitflik";
import { GUEST, MASTER_KEY, SYSTEM, WEAK, addShow, owner, refusal } from "./support.mjs";

const open = () => Kitflik.open({ storage: new MemoryStorage(), masterKey: MASTER_KEY, passwordHashing: WEAK });

/** A house with a show, and the ids of what it is made of. */
async function house() {
  const kitflik = await open();
  const show = await addShow(kitflik);
  const [card] = (await kitflik.catalog.priceCards()).items;
  return { catalog: kitflik.catalog, bookings: kitflik.bookings, show, card };
}

test("of two editors the second is told", async () => {
  const { catalog } = await open();
  const movie = await catalog.addMovie(SYSTEM, { title: "Alein", genres: ["Horror"] });
  const edited = await catalog.editMovie(SYSTEM, movie.id, movie.revision, { title: "Alien" });
  assert.deepEqual([edited.title, edited.genres], ["Alien", []]);
  assert.ok(edited.revision > movie.revision);
  const late = catalog.editMovie(SYSTEM, movie.id, movie.revision, { title: "Aliens" });
  const stale = await refusal(late, "stale_revision");
  assert.ok(stale.message.includes(String(edited.revision)), stale.message);
  assert.equal((await catalog.editMovie(SYSTEM, movie.id, null, { title: "Aliens" })).title, "Aliens");
  const wrong = await refusal(catalog.editMovie(SYSTEM, movie.id, "new", { title: "Alien" }), "validation_failed");
  assert.match(wrong.errors[0].path, /^revision/);
  for (const forgotten of [undefined, NaN, -1, 1.5, 2 ** 53, Infinity]) {
    const edit = catalog.editMovie(SYSTEM, movie.id, forgotten, { title: "Alien 3" });
    assert.equal((await refusal(edit, "validation_failed")).errors[0].path, "revision");
    await refusal(catalog.delete(SYSTEM, { movie: movie.id }, forgotten), "validation_failed");
  }
  assert.equal((await catalog.movie(movie.id)).title, "Aliens");
  await refusal(catalog.editMovie(GUEST, movie.id, null, { title: "Mine" }), "unauthenticated");
  const brazil = { title: "Brazil", release_date: "1985-02-20" };
  assert.deepEqual(await catalog.importMovies(SYSTEM, [brazil]), ["added"]);
  const again = [brazil, { ...brazil, genres: ["Satire"] }];
  assert.deepEqual(await catalog.importMovies(SYSTEM, again), ["unchanged", "changed"]);
  assert.equal((await catalog.movies()).items.length, 2);
});

test("every kind of thing is edited", async () => {
  const { catalog, show, card } = await house();
  const venue = await catalog.venue(show.venue.id);
  const zoo = { name: "Zoo Palast", city: "Berlin", zone: "Europe/Berlin" };
  assert.equal((await catalog.editVenue(SYSTEM, venue.id, venue.revision, zoo)).name, "Zoo Palast");
  await refusal(catalog.editVenue(SYSTEM, venue.id, null, { ...zoo, zone: "Europe/Lisbon" }), "in_use");
  const hall = await catalog.auditorium(show.auditorium.id);
  await catalog.editAuditorium(SYSTEM, hall.id, hall.revision, { name: "Hall 2" });
  assert.deepEqual(
    (await catalog.auditoriums()).items.map(({ name }) => name),
    ["Hall 2"],
  );
  const { name, currency, prices } = card;
  const dearer = { name, currency, prices: [{ ...prices[0], amount_minor: 1500 }] };
  await catalog.editPriceCard(SYSTEM, card.id, card.revision, dearer);
  assert.equal((await catalog.priceCard(card.id)).prices[0].amount_minor, 1500);
});

test("what is archived is in no list, and what is in use stays", async () => {
  const { catalog, show } = await house();
  const item = { movie: show.movie.id };
  assert.match((await refusal(catalog.delete(SYSTEM, item, null), "in_use")).message, /show/);
  assert.equal(await catalog.archive(SYSTEM, item, null), undefined);
  assert.deepEqual((await catalog.movies()).items, []);
  assert.equal((await catalog.archivedMovies(SYSTEM)).items[0].id, show.movie.id);
  for (const archived of ["archivedVenues", "archivedAuditoriums", "archivedPriceCards"]) {
    assert.deepEqual((await catalog[archived](SYSTEM)).items, []);
    await refusal(catalog[archived](GUEST), "unauthenticated");
  }
  await catalog.restore(SYSTEM, item, null);
  assert.equal((await catalog.movies()).items.length, 1);
  const spare = await catalog.addMovie(SYSTEM, { title: "Brazil" });
  const command = { idempotencyKey: "once" };
  await catalog.delete(SYSTEM, { movie: spare.id }, spare.revision, command);
  await catalog.delete(SYSTEM, { movie: spare.id }, spare.revision, command);
  await refusal(catalog.movie(spare.id), "not_found");
});

test("a hall gets other seats", async () => {
  const { catalog, bookings, show } = await house();
  await bookings.hold(GUEST, { show_id: show.id, seats: ["B7", "B8"] });
  const smaller = { layout: { text: "A: ####" }, shows: "all" };
  const preview = await catalog.previewLayout(SYSTEM, show.auditorium.id, smaller);
  assert.deepEqual([preview.shows[0].outcome, preview.shows[0].missing], ["missing_seats", ["B7", "B8"]]);
  const wider = { layout: { text: "A: ####_######\nB: ####_####" }, shows: "all" };
  const report = await catalog.setLayout(SYSTEM, show.auditorium.id, null, wider);
  assert.equal(report.shows[0].outcome, "moved");
  assert.deepEqual(report.auditorium.earlier_layouts, [show.layout_id]);
  assert.match((await bookings.seats(show.id)).states, /^\.{16}hh$/);
  const broken = catalog.setLayout(SYSTEM, show.auditorium.id, null, { layout: { text: "A: #?" } });
  assert.match((await refusal(broken, "validation_failed")).errors[0].path, /^layout\.text/);
});

test("a schedule: many shows, a week once more, and what is where", async () => {
  const { catalog, show, card } = await house();
  const daily = {
    movie_id: show.movie.id,
    auditorium_id: show.auditorium.id,
    price_card_id: card.id,
    from: "2036-11-27",
    to: "2036-11-29",
    times: ["14:00", "20:00"],
  };
  await refusal(catalog.addShows(SYSTEM, daily), "show_overlap");
  const added = await catalog.addShows(SYSTEM, { ...daily, skip_clashes: true });
  assert.deepEqual([added.shows.length, added.skipped.map(({ reason }) => reason)], [5, ["overlap"]]);
  const week = { venue_id: show.venue.id, from: "2036-11-24", to: "2036-12-01" };
  assert.equal((await catalog.copyWeek(SYSTEM, week)).shows.length, 6);
  const schedule = await catalog.schedule({ from: "2036-12-04", to: "2036-12-05" });
  assert.deepEqual(
    schedule.auditoriums[0].days.map(({ date, shows }) => [date, shows.map((entry) => entry.starts_at_local)]),
    [
      ["2036-12-04", ["2036-12-04T14:00:00", "2036-12-04T20:00:00"]],
      ["2036-12-05", ["2036-12-05T14:00:00", "2036-12-05T20:00:00"]],
    ],
  );
});

test("a show is edited, moved, closed, opened and deleted", async () => {
  const { catalog, bookings, show, card } = await house();
  const edit = { price_card_id: card.id, language: "en" };
  const edited = await catalog.editShow(SYSTEM, show.id, show.revision, edit);
  assert.equal(edited.language, "en");
  const to = { starts_at_local: "2036-11-27T21:00" };
  await refusal(catalog.moveShow(SYSTEM, show.id, show.revision, to), "stale_revision");
  const moved = await catalog.moveShow(SYSTEM, show.id, edited.revision, to);
  assert.equal(Date.parse(moved.starts_at) - Date.parse(show.starts_at), 3_600_000);
  await catalog.closeSales(SYSTEM, show.id, null);
  await refusal(bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] }), "show_not_on_sale");
  await catalog.openSales(SYSTEM, show.id, null);
  const held = await bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] });
  await refusal(catalog.deleteShow(SYSTEM, show.id, null), "in_use");
  await bookings.release(owner(held), held.id);
  await catalog.deleteShow(SYSTEM, show.id, null);
  await refusal(catalog.show(show.id), "not_found");
});

test("a discount code is in the quote before anything is held", async () => {
  const { catalog, bookings, show } = await house();
  const new_ = { code: "spring", discount: { basis_points: 1000 }, max_uses: 1 };
  const voucher = await catalog.addVoucher(SYSTEM, new_);
  assert.deepEqual([voucher.code, voucher.uses], ["SPRING", 0]);
  await refusal(catalog.addVoucher(SYSTEM, new_), "already_exists");
  const wish = { seats: ["A1", "A2"], discount_code: "Spring" };
  const { quote } = await bookings.quote(GUEST, show.id, wish);
  assert.deepEqual(quote.total, { amount_minor: 2500 - 250 + 100, currency: "EUR" });
  assert.equal((await bookings.seats(show.id)).states, ".".repeat(16));
  const held = await bookings.hold(GUEST, { show_id: show.id, ...wish });
  assert.deepEqual(held.quote, quote);
  assert.equal((await catalog.voucher(SYSTEM, voucher.id)).uses, 1);
  await refusal(bookings.quote(GUEST, show.id, { ...wish, seats: ["B1"] }), "voucher_used_up");
  const edit = { ...new_, discount: { amount_minor: 500 }, currency: "EUR", max_uses: 9 };
  const edited = await catalog.editVoucher(SYSTEM, voucher.id, voucher.revision, edit);
  await refusal(catalog.editVoucher(SYSTEM, voucher.id, voucher.revision, edit), "stale_revision");
  assert.deepEqual(
    (await catalog.vouchers(SYSTEM)).items.map(({ id, revision }) => [id, revision]),
    [[voucher.id, edited.revision]],
  );
});

test("seats that the house keeps", async () => {
  const { bookings, show } = await house();
  const block = { seats: ["B1", "B2"], reason: "Critics", channels: ["box_office"], release_minutes_before: 30 };
  await refusal(bookings.blockSeats(GUEST, show.id, block), "unauthenticated");
  const kept = await bookings.blockSeats(SYSTEM, show.id, block);
  assert.deepEqual(
    kept.map(({ seat, reason }) => [seat, reason]),
    [
      ["B1", "Critics"],
      ["B2", "Critics"],
    ],
  );
  const taken = await refusal(bookings.hold(GUEST, { show_id: show.id, seats: ["B1", "B2"] }), "seat_taken");
  assert.deepEqual(taken.seats, ["B1", "B2"]);
  const given = await bookings.unblockSeats(SYSTEM, show.id, { seats: ["B1", "B3"] });
  assert.deepEqual(
    given.map(({ seat }) => seat),
    ["B1"],
  );
  assert.deepEqual(
    (await bookings.houseSeats(SYSTEM, show.id)).map(({ seat }) => seat),
    ["B2"],
  );
});

test("a search counts what it finds", async () => {
  const { catalog } = await house();
  await catalog.addMovie(SYSTEM, { title: "Brazil", genres: ["Satire"] });
  const found = await catalog.movies({ q: "alein" });
  assert.deepEqual([found.items.map(({ title }) => title), found.facets], [["Alien"], undefined]);
  const { facets } = await catalog.movies({ facets: true, sort: "title", page: { limit: 1 } });
  assert.deepEqual([facets.total, facets.genre.map(({ label }) => label)], [2, ["Satire"]]);
});

test("best seats for the money", async () => {
  const { bookings, show } = await house();
  assert.equal((await bookings.bestAvailable(show.id, { count: 2, max_price_minor: 1250 })).seats.length, 2);
  await refusal(bookings.bestAvailable(show.id, { count: 2, max_price_minor: 1 }), "not_enough_seats");
});

test("pictures and files of a layout", async () => {
  const { catalog, bookings, show } = await house();
  assert.match(await catalog.layoutSvg(show.layout_id), /^<svg/);
  const held = await bookings.hold(GUEST, { show_id: show.id, seats: ["A1", "A2"] });
  assert.match(await bookings.seatsSvg(show.id, { title: "Alien & friends", legend: false }), /Alien &amp; friends/);
  const mine = await bookings.seatsSvg(show.id, {}, { actor: owner(held), booking: held.id });
  assert.notEqual(mine, await bookings.seatsSvg(show.id));
  await refusal(bookings.seatsSvg(show.id, {}, { actor: GUEST, booking: held.id }), "unauthenticated");
  const { seats } = await catalog.layout(show.layout_id);
  const exported = await catalog.exportLayout(show.layout_id, "text");
  assert.deepEqual((await layoutFromText("Hall 1", exported)).seats, seats);
  assert.ok(JSON.parse(await catalog.exportLayout(show.layout_id, "pretix")).zones.length > 0);
  const unknown = await refusal(catalog.exportLayout(show.layout_id, "dxf"), "validation_failed");
  assert.match(unknown.errors[0].path, /^format/);
  assert.equal(catalog.behind, undefined);
});
