// The engine's namespaces over JavaScript's ports.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Kitflik,
  KitflikError,
  MailRefused,
  MemoryStorage,
  layoutFromPretix,
  layoutFromText,
  openOfflineGate,
  verifyTicket,
} from "kitflik";
import { GUEST, MASTER_KEY, SYSTEM, WEAK, addShow, later, owner, refusal, thenable } from "./support.mjs";

const open = (options = {}) =>
  Kitflik.open({ storage: new MemoryStorage(), masterKey: MASTER_KEY, passwordHashing: WEAK, ...options });

for (const [kind, wrap] of Object.entries({ synchronous: (storage) => storage, promised: later, thenable })) {
  test(`hold, confirm, tickets, verified: ${kind} storage`, async () => {
    const kitflik = await open({ storage: wrap(new MemoryStorage()), testPayments: true });
    const show = await addShow(kitflik);
    assert.equal((await kitflik.bookings.seats(show.id)).states, ".".repeat(16));
    const held = await kitflik.bookings.hold(GUEST, { show_id: show.id, seats: ["A1", "A2"] });
    assert.equal(held.status, "held");
    assert.equal(held.quote.total.amount_minor, 2600);
    const guest = owner(held);
    const mine = await kitflik.bookings.seats(show.id, { actor: guest, booking: held.id });
    assert.equal(mine.states, "mm" + ".".repeat(14));
    const sold = await kitflik.bookings.confirm(guest, held.id, { payment: { provider: "test" } });
    assert.equal(sold.status, "confirmed");
    const tickets = await kitflik.bookings.tickets(guest, held.id);
    assert.deepEqual(
      tickets.map(({ seat }) => seat.id),
      ["A1", "A2"],
    );
    const claims = await verifyTicket(kitflik.ticketKey, tickets[0].token);
    assert.equal(claims.booking, held.id);
    assert.equal(claims.ticket, tickets[0].id);
    assert.match(await kitflik.bookings.qrSvg(guest, held.id, tickets[0].id), /^<\?xml|^<svg/);
    const png = await kitflik.bookings.qrPng(guest, held.id, tickets[0].id);
    assert.deepEqual(
      [...png.slice(1, 4)],
      [..."PNG"].map((letter) => letter.charCodeAt(0)),
    );
    assert.match(await kitflik.bookings.calendar(guest, held.id), /^BEGIN:VCALENDAR/);
    assert.equal((await kitflik.bookings.seats(show.id)).states, "ss" + ".".repeat(14));
    const forged = await refusal(verifyTicket(kitflik.ticketKey, `${tickets[0].token}x`), "malformed_ticket").catch(
      (error) => error,
    );
    assert.ok(forged instanceof Error);
  });

  test(`64 want one seat, one has it: ${kind} storage`, async () => {
    const storage = wrap(new MemoryStorage());
    const [one, two] = await Promise.all([open({ storage }), open({ storage })]);
    const show = await addShow(one);
    const race = Array.from({ length: 64 }, (_, at) =>
      (at % 2 ? one : two).bookings.hold(GUEST, { show_id: show.id, seats: ["B1"] }),
    );
    const outcomes = await Promise.allSettled(race);
    const lost = outcomes.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
    assert.equal(lost.length, 63);
    assert.deepEqual([...new Set(lost)], ["seat_taken"]);
  });
}

test("accounts: register, log in, authenticate, refresh, log out", async () => {
  const kitflik = await open();
  const account = { email: "ada@example.org", password: "correct horse battery", name: "Ada" };
  assert.equal((await kitflik.users.register(account)).email, account.email);
  const tokens = await kitflik.users.logIn({ email: account.email, password: account.password });
  const actor = await kitflik.authenticate(tokens.access_token);
  assert.equal(actor.type, "user");
  assert.equal((await kitflik.users.me(actor)).name, "Ada");
  assert.deepEqual((await kitflik.bookings.mine(actor)).next_cursor, null);
  const next = await kitflik.users.refresh({ refresh_token: tokens.refresh_token });
  assert.equal(await kitflik.users.logOut({ refresh_token: next.refresh_token }), undefined);
  assert.equal(await kitflik.staff.hasAny(), false);
  const boss = { email: "boss@example.org", password: "correct horse battery", name: "Boss", role: "admin" };
  await kitflik.staff.makeFirst(boss);
  await refusal(kitflik.staff.makeFirst(boss), "already_exists");
  const staff = await kitflik.staff.logIn({ email: boss.email, password: boss.password });
  assert.equal((await kitflik.authenticate(staff.access_token)).role, "admin");
  await refusal(kitflik.users.logIn({ email: account.email, password: "wrong horse" }), "invalid_credentials");
  await refusal(kitflik.authenticate("nonsense"), "unauthenticated");
});

test("refusals have a code, seats and fields, as over HTTP", async () => {
  const kitflik = await open();
  const show = await addShow(kitflik);
  const { bookings, catalog } = kitflik;
  await bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] });
  const taken = await refusal(bookings.hold(GUEST, { show_id: show.id, seats: ["A1", "A2"] }), "seat_taken");
  assert.deepEqual(taken.seats, ["A1"]);
  assert.equal(taken.retryable, false);
  assert.ok(taken instanceof KitflikError && taken instanceof Error);
  const orphan = await refusal(bookings.hold(GUEST, { show_id: show.id, seats: ["B2"] }), "orphan_seat");
  assert.ok(Array.isArray(orphan.alternative));
  for (const [request, path] of [
    [{ show_id: show.id, seats: ["A3"], sneats: 1 }, "sneats"],
    [{ show_id: show.id, seats: ["A3"], customer: { name: "Ada" } }, "customer.email"],
    [{ show_id: show.id, seats: ["A3", 4] }, "seats[1]"],
    [{ show_id: "nonsense", seats: ["A3"] }, "show_id"],
    [{ seats: ["A3"] }, "show_id"],
    [undefined, ""],
    ["text", ""],
  ]) {
    const refused = await refusal(bookings.hold(GUEST, request), "validation_failed");
    assert.equal(refused.errors[0].path, path, refused.message);
  }
  const cycle = {};
  cycle.cycle = cycle;
  await refusal(bookings.hold(GUEST, cycle), "validation_failed");
  await refusal(bookings.hold(GUEST, { show_id: show.id, seats: [1n] }), "validation_failed");
  const actor = await refusal(
    bookings.hold({ type: "gest" }, { show_id: show.id, seats: ["A3"] }),
    "validation_failed",
  );
  assert.match(actor.errors[0].path, /^actor/);
  await refusal(bookings.get(GUEST, "nonsense"), "not_found");
  await refusal(bookings.get(GUEST, undefined), "not_found");
  await refusal(catalog.addMovie(GUEST, { title: "Alien" }), "unauthenticated");
  await refusal(catalog.addMovie({ type: "user", id: show.id }, { title: "Alien" }), "forbidden");
  const movie = await refusal(catalog.addMovie(SYSTEM, { title: "Alien", genres: ["Horror", 1] }), "validation_failed");
  assert.equal(movie.errors[0].path, "genres[1]");
  const layout = { venue_id: show.venue.id, name: "Hall 2", layout: { text: "A: #?#" } };
  const plan = await refusal(catalog.addAuditorium(SYSTEM, layout), "validation_failed");
  assert.match(plan.errors[0].path, /^layout\.text/);
});

test("a repeated command has no second effect", async () => {
  const kitflik = await open();
  const show = await addShow(kitflik);
  const command = { idempotencyKey: crypto.randomUUID() };
  const request = { show_id: show.id, seats: ["A1"] };
  const [first, second] = [
    await kitflik.bookings.hold(GUEST, request, command),
    await kitflik.bookings.hold(GUEST, request, command),
  ];
  assert.deepEqual(first, second);
  await refusal(kitflik.bookings.hold(GUEST, { ...request, seats: ["A2"] }, command), "idempotency_mismatch");
  await refusal(kitflik.bookings.hold(GUEST, request, { idempotencyKey: 1 }), "validation_failed");
  await refusal(kitflik.bookings.hold(GUEST, request, { idempotencyKey: "" }), "validation_failed");
});

test("an answer is the JSON of the REST API, null where it has null", async () => {
  const kitflik = await open();
  const show = await addShow(kitflik);
  const served = async (path) => (await kitflik.handler(new Request(`https://house.example${path}`))).json();
  assert.deepEqual(await kitflik.catalog.show(show.id), await served(`/v1/shows/${show.id}`));
  assert.deepEqual(await kitflik.catalog.movies({ q: "alien" }), await served("/v1/movies?q=alien"));
  assert.deepEqual(await kitflik.catalog.movie(show.movie.id), await served(`/v1/movies/${show.movie.id}`));
  assert.equal((await kitflik.catalog.movie(show.movie.id)).director, null);
  assert.deepEqual(await kitflik.bookings.seats(show.id), await served(`/v1/shows/${show.id}/seats`));
  assert.deepEqual(await kitflik.catalog.layout(show.layout_id), await served(`/v1/layouts/${show.layout_id}`));
  const wish = { count: 3 };
  const best = await kitflik.bookings.bestAvailable(show.id, wish);
  assert.deepEqual(best, await served(`/v1/shows/${show.id}/best-available?count=3`));
});

test("options are checked by name", async () => {
  for (const [options, path] of [
    [{ masterKey: "07" }, "masterKey"],
    [{ masterKey: undefined }, "masterKey"],
    [{ storage: {} }, "storage"],
    [{ storage: undefined }, "storage"],
    [{ mailer: () => {} }, "mailer"],
    [{ payments: { card: { capture() {} } } }, "payments.card"],
    [{ clock: 1 }, "clock"],
    [{ policy: { holdSeconds: 0 } }, "policy.holdSeconds"],
    [{ policy: { holdMinutes: 1 } }, "policy.holdMinutes"],
    [{ passwordHashing: { memoryKib: 1, passes: 1 } }, "passwordHashing"],
    [{ mastreKey: "" }, "mastreKey"],
    [{ http: { cors: "yes" } }, "http.cors"],
  ]) {
    const refused = await refusal(open(options), "validation_failed");
    assert.equal(refused.errors[0].path, path, refused.message);
  }
  const bytes = await open({ masterKey: new Uint8Array(32).fill(7) });
  assert.equal(bytes.ticketKey, (await open()).ticketKey);
  assert.deepEqual((await open({ testPayments: true })).paymentProviders, ["counter", "test"]);
  assert.deepEqual((await open({ policy: { payAtCounter: false } })).paymentProviders, []);
});

test("the clock is the host's; one that fails is not asked", async () => {
  let now = Date.parse("2030-01-01T00:00:00Z");
  const kitflik = await open({ clock: () => now, policy: { holdSeconds: 60 } });
  assert.equal(kitflik.now, now);
  const show = await addShow(kitflik);
  const held = await kitflik.bookings.hold(GUEST, { show_id: show.id, seats: ["A1"] });
  assert.equal(Date.parse(held.expires_at), now + 60_000);
  now += 3_600_000;
  await refusal(kitflik.bookings.confirm(owner(held), held.id, { payment: { provider: "counter" } }), "hold_expired");
  for (const clock of [
    () => NaN,
    () => "soon",
    () => {
      throw new Error("no time");
    },
  ]) {
    assert.ok(Math.abs((await open({ clock })).now - Date.now()) < 60_000);
  }
});

test("mail is sent by tick, again if it failed, never if it is refused", async () => {
  let now = Date.parse("2030-01-01T00:00:00Z");
  const sent = [];
  const moods = [
    () => {
      throw new Error("busy");
    },
    () => undefined,
    () => {
      throw new MailRefused("nobody there");
    },
  ];
  const mailer = {
    send: async (mail) => {
      sent.push(mail);
      moods.shift()?.();
    },
  };
  const kitflik = await open({ mailer, clock: () => now, testPayments: true });
  const show = await addShow(kitflik);
  const buy = async (seat) => {
    const customer = { name: "Ada", email: "ada@example.org" };
    const held = await kitflik.bookings.hold(GUEST, { show_id: show.id, seats: [seat], customer });
    await kitflik.bookings.confirm(owner(held), held.id, { payment: { provider: "test" } });
  };
  await buy("A1");
  const next = await kitflik.tick();
  assert.ok(next > now, "it is tried again later");
  now = next;
  await kitflik.tick();
  assert.deepEqual(
    sent.map(({ to }) => to),
    ["ada@example.org", "ada@example.org"],
  );
  assert.equal(sent[0].id, sent[1].id);
  const picture = sent[0].attachments.find(({ content_type }) => content_type === "image/png");
  assert.ok(picture.content instanceof Uint8Array);
  assert.deepEqual([...picture.content.slice(1, 4)], [0x50, 0x4e, 0x47]);
  const calendar = sent[0].attachments.find(({ content_type }) => content_type.startsWith("text/calendar"));
  assert.match(new TextDecoder().decode(calendar.content), /^BEGIN:VCALENDAR/);
  await buy("A2");
  await kitflik.tick();
  now += 7 * 24 * 3_600_000;
  await kitflik.tick();
  assert.equal(sent.length, 3, "a refused mail is not repeated");
});

test("a payment provider decides, and one that does not answer is asked again", async () => {
  let now = Date.parse("2030-01-01T00:00:00Z");
  const calls = [];
  let status = { status: "captured", charge: "ch_1" };
  const card = {
    capture: async (capture) => {
      calls.push(["capture", capture.amount.amount_minor, capture.reference]);
      if (capture.reference === "gone") throw new Error("no line");
      return capture.reference === "poor" ? { status: "declined", reason: "no funds" } : status;
    },
    status: async () => {
      calls.push(["status"]);
      return status;
    },
    refund: async () => ({ status: "refunded" }),
  };
  const kitflik = await open({ payments: { card }, clock: () => now });
  const show = await addShow(kitflik);
  const hold = (seat) => kitflik.bookings.hold(GUEST, { show_id: show.id, seats: [seat] });
  const pay = (held, reference) =>
    kitflik.bookings.confirm(owner(held), held.id, { payment: { provider: "card", reference } });
  assert.equal((await pay(await hold("A1"), "visa")).status, "confirmed");
  assert.deepEqual(calls[0], ["capture", 1350, "visa"]);
  await refusal(pay(await hold("A2"), "poor"), "payment_declined");
  const waiting = await hold("B1");
  const pending = await refusal(pay(waiting, "gone"), "payment_pending");
  assert.equal(pending.retryable, true);
  for (let round = 0; round < 5; round += 1) {
    now = Math.max((await kitflik.tick()) ?? 0, now + 60_000);
  }
  assert.equal((await kitflik.bookings.get(owner(waiting), waiting.id)).status, "confirmed");
  status = { stat: "us" };
  const junk = await refusal(pay(await hold("B2"), "visa"), "payment_pending");
  assert.ok(junk);
});

test("layouts and tickets need no house", async () => {
  assert.equal((await layoutFromText("Hall", "A: ##_#")).seats[2].label, "A3");
  await refusal(layoutFromText("Hall", "A: ?"), "validation_failed");
  const seat = { seat_guid: "g1", seat_number: "1", position: { x: 0, y: 0 }, category: "Main" };
  const plan = {
    name: "Hall",
    categories: [{ name: "Main" }],
    zones: [{ position: { x: 0, y: 0 }, rows: [{ row_number: "1", position: { x: 0, y: 0 }, seats: [seat] }] }],
  };
  assert.equal((await layoutFromPretix(plan)).seats.length, 1);
  assert.equal((await layoutFromPretix(JSON.stringify(plan))).categories[0].name, "Main");
  const error = await verifyTicket("no key", "no token").catch((error) => error);
  assert.equal(error.name, "KitflikError");
});

test("a gate without a network lets in once, and what it did is merged", async () => {
  const kitflik = await open({ testPayments: true });
  const show = await addShow(kitflik);
  const { bookings } = kitflik;
  const held = await bookings.hold(SYSTEM, { show_id: show.id, seats: ["A1", "A2"] });
  await bookings.confirm(SYSTEM, held.id, { payment: { provider: "test" } });
  const tickets = await bookings.tickets(SYSTEM, held.id);
  const pack = await bookings.gatePack(SYSTEM, show.id);
  const at = new Date(show.starts_at);
  const gate = await openOfflineGate(pack, "tablet");
  const admitted = gate.scan(tickets[0].token, "1", at);
  assert.equal(admitted.label, "A1");
  assert.deepEqual(gate.scan(tickets[0].token, "1", at), admitted);
  const again = await openOfflineGate(JSON.stringify(pack), "tablet", gate.log);
  await refusal((async () => again.scan(tickets[0].token, "2", at))(), "ticket_already_used");
  await refusal((async () => again.scan("KF1.x", "3", at))(), "ticket_malformed");
  const merged = await bookings.mergeCheckIns(SYSTEM, { scans: again.scans });
  assert.deepEqual(merged, { merged: 1, known: 0, flagged: [] });
  assert.deepEqual(await bookings.checkInCount(SYSTEM, show.id), { admitted: 1, sold: 2 });
  assert.equal((await bookings.checkIns(SYSTEM, show.id)).items[0].scans[0].device, "tablet");
  const early = { shows: [show.id], token: tickets[1].token, device: "front", nonce: "1" };
  await refusal(bookings.checkIn(SYSTEM, early), "ticket_too_early");
  await bookings.undoCheckIn(SYSTEM, { booking_id: held.id, ticket_id: tickets[0].id, reason: "Wrong person" });
  assert.equal((await bookings.checkInCount(SYSTEM, show.id)).admitted, 0);
  const revoked = await bookings.revokeTicket(SYSTEM, held.id, tickets[0].id, { reason: "Lost", reissue: true });
  assert.equal((await bookings.tickets(SYSTEM, held.id))[0].id, revoked.reissued_as);
  assert.match(await bookings.print(SYSTEM, held.id), /^<!doctype html>/);
});

test("reports agree with what was sold", async () => {
  let time = Date.parse("2036-11-27T12:00:00Z");
  const kitflik = await open({ clock: () => (time += 1), testPayments: true });
  const { bookings, reports } = kitflik;
  const show = await addShow(kitflik);
  const held = await bookings.hold(GUEST, { show_id: show.id, seats: ["A1", "A2"] });
  await bookings.confirm(owner(held), held.id, { payment: { provider: "test" } });
  const today = "2036-11-27";
  assert.equal((await reports.dashboard(SYSTEM)).today[0].captured.amount_minor, 2600);
  const days = { from: today, to: today };
  const { rows } = await reports.revenue(SYSTEM, { ...days, by: "show" });
  assert.deepEqual(
    rows.map(({ key, tickets_sold, captured }) => [key, tickets_sold, captured.amount_minor]),
    [[show.id, 2, 2600]],
  );
  const csv = await reports.revenueCsv(SYSTEM, days);
  assert.match(csv, /^key,label,currency,tickets_sold,/);
  const settled = await reports.settlement(SYSTEM, { day: today });
  assert.equal(settled.reconciled, true);
  assert.match(await reports.settlementCsv(SYSTEM, { day: today }), /,/);
  assert.equal((await reports.occupancyBy(SYSTEM, days)).rows[0].sold, 2);
  assert.match(await reports.occupancyByCsv(SYSTEM, days), /2036-11-27/);
  const [{ seats, sold, free }] = (await reports.occupancy(SYSTEM)).items;
  assert.deepEqual([seats, sold, free], [16, 2, 14]);
  assert.match(await reports.occupancyCsv(SYSTEM), /^[a-z_,]+,sold,[a-z_,]+\r\n/);
  await refusal(reports.revenue(GUEST, days), "unauthenticated");
  await refusal(reports.revenue(SYSTEM, { from: today }), "validation_failed");
});

test("a store knows its master key", async () => {
  const storage = new MemoryStorage();
  const first = await open({ storage });
  assert.equal(await first.hasTheKey(), true);
  assert.equal(await (await open({ storage })).hasTheKey(), true);
  assert.equal(await (await open({ storage, masterKey: "08".repeat(32) })).hasTheKey(), false);
});
