// What people do with the pages, in a real browser against the real server. Nothing here waits for a time: only for
// what is on the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { STAFF, api, chosen, keepsNoSecret, oneTimeCode, seat, showsIn, startBrowser, startServer, visitor } from "./support.js";

const ADA = { name: "Ada Lovelace", email: "ada@example.org" };
let server;
let browser;
/** Shows of the large hall that no test has used yet. */
let large;

before(async () => {
  browser = await startBrowser();
  server = await startServer();
  large = await showsIn(server.base, "Saal 1");
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A test with as many people as it asks for; nothing of what must not happen may have happened to any of them. */
function people(name, run, options) {
  test(name, async () => {
    const all = [];
    const arrive = async (own = {}) => {
      const one = await visitor(browser, server.base, { ...options, ...own });
      all.push(one);
      return one.page;
    };
    try {
      await run(arrive);
      for (const { faults } of all) assert.deepEqual(faults, []);
    } finally {
      await Promise.all(all.map(({ context }) => context.close()));
    }
  });
}

const nextShow = () => large.shift();

async function openSeats(page, show) {
  await page.goto(`/#/show/${show.id}`);
  await seat(page, "A1").waitFor();
}

async function choose(page, ...ids) {
  for (const id of ids) await seat(page, id).click();
}

const told = (page, text) => page.locator(".notice", { hasText: text }).first().waitFor();

async function fillCustomer(page, { name, email } = ADA) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("E-mail").fill(email);
}

/** The pictures of QR codes, once they are drawn. */
async function codes(page, count) {
  await page.locator("img.qr").nth(count - 1).waitFor();
  return page.locator("img.qr").evaluateAll((images) => Promise.all(images.map(async (image) => {
    await image.decode();
    return { width: image.naturalWidth, alt: image.alt, from: new URL(image.src).protocol };
  })));
}

async function staffToken() {
  const tokens = await api(server.base, "/v1/admin/auth/login", { method: "POST", body: STAFF });
  return `Bearer ${tokens.access_token}`;
}

async function sales(show) {
  const path = `/v1/admin/bookings?show=${show.id}&status=confirmed`;
  return (await api(server.base, path, { authorization: await staffToken() })).items;
}

/** As where something between the page and the server does not let streams through. */
const withoutEvents = (page) => page.route("**/v1/shows/*/seats/events", (route) => route.abort());

/** Somebody else takes seats, without a browser. */
async function hold(show, seats) {
  return api(server.base, "/v1/bookings", { method: "POST", body: { show_id: show.id, seats } });
}

test("the server says where its page is", () => {
  assert.ok(server.lines.some((line) => line.startsWith("page ") && line.includes(`${server.base}/`)), server.lines.join("\n"));
});

people("a guest buys two seats, from what is on to two QR codes", async (arrive) => {
  const page = await arrive();
  await page.goto("/");
  await page.getByRole("heading", { name: "What is on" }).waitFor();
  await page.locator(".day").last().click();
  const link = page.locator('a.show[data-hall="Salon"]').last();
  const id = (await link.getAttribute("href")).split("/").pop();
  await link.click();
  await choose(page, "A3", "A4");
  assert.deepEqual(await chosen(page), ["A3", "A4"]);
  await page.getByLabel("Ticket for A4").selectOption("child");
  assert.equal(await page.locator("#sum").textContent(), "€28.50");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  assert.match(await page.locator("#countdown").textContent(), /^(10:00|9:\d\d)$/);
  assert.equal(await page.locator("#total").textContent(), "€29.00");
  // Nobody's tickets: the page asks first.
  await page.locator("#confirm").click();
  await page.getByText("Please give a name.").waitFor();
  await fillCustomer(page);
  // Twice: one sale.
  await page.locator("#confirm").dblclick();
  await told(page, "your seats are yours");
  const pictures = await codes(page, 2);
  assert.deepEqual(pictures.map((picture) => picture.alt), ["QR code of the ticket for seat A3", "QR code of the ticket for seat A4"]);
  for (const { width, from } of pictures) assert.ok(width > 0 && from === "blob:");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Add to calendar" }).click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "booking.ics");
  assert.match(await readFile(await file.path(), "utf8"), /BEGIN:VCALENDAR[^]*END:VCALENDAR/);
  const [sold, ...more] = await sales({ id });
  assert.deepEqual([sold.customer, sold.seats.map((one) => one.label), more], [ADA, ["A3", "A4"], []]);
  // The tickets stay after a reload.
  await page.reload();
  await codes(page, 2);
});

people("two want the same seat: the loser is told kindly, loses nothing else, and buys another", async (arrive) => {
  const show = nextShow();
  const [quick, slow] = [await arrive(), await arrive()];
  await withoutEvents(slow);
  await openSeats(quick, show);
  await openSeats(slow, show);
  // The slow one's plan is not brought up to date: they choose what they still see as free.
  await slow.route("**/v1/shows/*/seats", (route) => route.abort());
  await choose(quick, "F6", "F7");
  await choose(slow, "F7", "F8");
  await quick.getByRole("button", { name: "Continue" }).click();
  await quick.locator("#countdown").waitFor();
  await slow.getByRole("button", { name: "Continue" }).click();
  await told(slow, "Somebody was a moment quicker: seat F7 is taken.");
  assert.deepEqual(await chosen(slow), ["F8"]);
  await slow.unroute("**/v1/shows/*/seats");
  await slow.locator('[data-seat="F7"].held').waitFor();
  await choose(slow, "F9");
  await slow.getByRole("button", { name: "Continue" }).click();
  await slow.locator("#countdown").waitFor();
  for (const page of [quick, slow]) {
    await fillCustomer(page);
    await page.locator("#confirm").click();
    await codes(page, 2);
  }
  const sold = (await sales(show)).flatMap((booking) => booking.seats.map((one) => one.label));
  assert.deepEqual(sold.sort(), ["F6", "F7", "F8", "F9"]);
});

people("a seat that somebody takes meanwhile leaves the choice, and the guest is told", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "G7", "G8");
  await hold(show, ["G8", "G9"]);
  await told(page, "Seat G8 was just taken by somebody else.");
  assert.deepEqual(await chosen(page), ["G7"]);
  await seat(page, "G8").click({ force: true });
  await told(page, "Seat G8: somebody is about to buy it.");
  assert.deepEqual(await chosen(page), ["G7"]);
});

people("a hold and what was typed survive a reload", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await page.getByRole("button", { name: "Best seats" }).click();
  await page.getByRole("heading", { name: "Your 2 seats" }).waitFor();
  const best = await chosen(page);
  assert.equal(best.length, 2);
  // The choice survives too.
  await page.reload();
  await page.getByRole("heading", { name: "Your 2 seats" }).waitFor();
  assert.deepEqual(await chosen(page), best);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await fillCustomer(page);
  await page.reload();
  await page.locator("#countdown").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), ADA.name);
  assert.equal(await page.getByLabel("E-mail").inputValue(), ADA.email);
  // On other views a reminder leads back.
  await page.goto("/#/");
  await page.getByRole("link", { name: /^2 seats held/ }).click();
  await page.getByText("Pay at the box office").click();
  await page.getByRole("button", { name: "Book now, pay later" }).click();
  await told(page, "Please pay");
  await codes(page, 2);
  const [sold] = await sales(show);
  assert.equal(sold.payment.status, "due");
});

people("a choice that leaves a single seat is answered with another", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "E2", "E3");
  await page.getByRole("button", { name: "Continue" }).click();
  await told(page, "That would leave seat E1 on its own.");
  await page.getByRole("button", { name: "Take E1 and E2 instead" }).click();
  assert.deepEqual(await chosen(page), ["E1", "E2"]);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
});

people("the keyboard alone can choose seats and go on", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  const focused = () => page.evaluate(() => document.activeElement?.dataset.seat ?? document.activeElement?.id ?? "");
  const tabUntil = async (wanted) => {
    for (let presses = 0; presses < 30; presses += 1) {
      await page.keyboard.press("Tab");
      if (wanted(await focused())) return;
    }
    assert.fail("Tab does not lead there");
  };
  await tabUntil((name) => /^[A-P]\d+$/.test(name));
  const start = await focused();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  const first = await focused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const second = await focused();
  assert.equal(new Set([start, first, second]).size, 3);
  assert.deepEqual(new Set(await chosen(page)), new Set([first, second]));
  assert.match(await seat(page, first).getAttribute("aria-label"), /^Seat .+, Parkett, €11\.50, chosen$/);
  // Space takes back what it gave.
  await page.keyboard.press("Space");
  assert.deepEqual(await chosen(page), [first]);
  await page.keyboard.press("Space");
  await tabUntil((name) => name === "hold");
  await page.keyboard.press("Enter");
  await page.locator("#countdown").waitFor();
  await tabUntil((name) => name === "name");
  await page.keyboard.type(ADA.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ADA.email);
  await page.keyboard.press("Enter");
  await codes(page, 2);
});

people("kinds of seats have shapes and names, and a pair stays one", async (arrive) => {
  const [salon] = await showsIn(server.base, "Salon");
  const page = await arrive();
  await page.goto(`/#/show/${salon.id}`);
  await seat(page, "B1").click();
  assert.deepEqual(await chosen(page), ["B1", "B2"]);
  assert.match(await seat(page, "B1").getAttribute("aria-label"), /couple seat with B2/);
  assert.match(await seat(page, "A1").getAttribute("aria-label"), /wheelchair space, Sessel, €16\.50, free/);
  const shape = (id) => seat(page, id).locator(".body").evaluate((one) => one.tagName + (one.getAttribute("d") ?? ""));
  const shapes = await Promise.all(["A1", "A2", "A3", "B1"].map(shape));
  assert.equal(new Set(shapes).size, 4);
  await seat(page, "B2").click();
  assert.deepEqual(await chosen(page), []);
  await seat(page, "A2").click();
  await page.getByRole("button", { name: "Continue" }).click();
  await told(page, "That seat is for company.");
  await page.getByRole("button", { name: "Take A1 and A2 instead" }).click();
  assert.deepEqual(await chosen(page), ["A1", "A2"]);
});

people("a server that does not answer costs nothing but patience", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "J6", "J7");
  const keys = [];
  const down = async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    keys.push(route.request().headers()["idempotency-key"]);
    // The first attempts arrive, and their answers are lost on the way.
    await route.fetch();
    return route.abort();
  };
  await page.route("**/v1/bookings", down);
  await page.getByRole("button", { name: "Continue" }).click();
  await told(page, "We cannot reach the box office.");
  assert.deepEqual(await chosen(page), ["J6", "J7"]);
  await page.unroute("**/v1/bookings");
  const request = page.waitForRequest((one) => one.method() === "POST" && one.url().endsWith("/v1/bookings"));
  await page.getByRole("button", { name: "Try again" }).click();
  keys.push((await request).headers()["idempotency-key"]);
  await page.locator("#countdown").waitFor();
  assert.equal(keys.length, 4);
  assert.equal(new Set(keys).size, 1);
  // At the till: the server is there, its store is not.
  await fillCustomer(page);
  const problem = { type: "x", title: "Unavailable", status: 503, code: "unavailable", detail: "the storage does not answer" };
  await page.route("**/confirm", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "retry-after": "1" }, body: JSON.stringify(problem) }));
  await page.locator("#confirm").click();
  await told(page, "The box office does not answer at the moment.");
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), ADA.name);
  await page.unroute("**/confirm");
  await page.getByRole("button", { name: "Try again" }).click();
  await codes(page, 2);
  assert.equal((await sales(show)).length, 1);
});

people("whose time ran out is told, keeps what they typed, and holds the same seats again", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await page.clock.install();
  await openSeats(page, show);
  await choose(page, "K6", "K7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await fillCustomer(page);
  await page.clock.runFor(8 * 60_000);
  await page.getByRole("button", { name: "I need more time" }).waitFor();
  await page.clock.runFor(3 * 60_000);
  await page.getByRole("heading", { name: "Your time ran out" }).waitFor();
  // The browser's clock ran ahead of the house's: there the seats are still held by the same guest, so that they are
  // given back from outside.
  const mine = JSON.parse(await page.evaluate(() => sessionStorage.getItem("kitflik.booking")));
  await api(server.base, `/v1/bookings/${mine.id}/release`, { method: "POST", authorization: `Booking ${mine.token}` });
  await page.getByRole("button", { name: "Hold the same seats again" }).click();
  await page.locator("#countdown").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), ADA.name);
  await page.getByRole("button", { name: "Give the seats back" }).click();
  await page.getByRole("heading", { name: "Your 2 seats" }).waitFor();
  assert.deepEqual(await chosen(page), ["K6", "K7"]);
});

people("a hold that is over at the till is told there", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "D6", "D7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await fillCustomer(page);
  const problem = { type: "x", title: "The hold is over", status: 410, code: "hold_expired", detail: "the hold ended" };
  await page.route("**/confirm", (route) => route.fulfill({ status: 410, contentType: "application/problem+json", body: JSON.stringify(problem) }));
  await page.locator("#confirm").click();
  await page.getByRole("heading", { name: "Your time ran out" }).waitFor();
  await page.getByRole("link", { name: "Choose in the plan" }).click();
  await seat(page, "D6").waitFor();
});

people("a show that is off sale is told of, and what is not there too", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "D6", "D7");
  const problem = { type: "x", title: "The show is not on sale", status: 409, code: "show_not_on_sale", detail: "sales are closed" };
  await page.route("**/v1/bookings", (route) => route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(problem) }));
  await page.getByRole("button", { name: "Continue" }).click();
  await told(page, "This show is not on sale.");
  await page.goto("/#/show/00000000-0000-7000-8000-000000000000");
  await told(page, "This is not there any more.");
  await page.getByRole("link", { name: "To the programme" }).click();
  await page.getByRole("heading", { name: "What is on" }).waitFor();
  await page.goto("/#/booking");
  await told(page, "You have no booking in this window.");
});

people("the plan is live: what others take and give back shows without being asked for", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  const asked = [];
  page.on("request", (request) => { if (new URL(request.url()).pathname.includes("/seats")) asked.push(new URL(request.url()).pathname); });
  const stream = page.waitForResponse((response) => response.url().endsWith("/seats/events"));
  await openSeats(page, show);
  assert.equal((await stream).headers()["content-type"], "text/event-stream");
  const held = await hold(show, ["D6", "D7"]);
  await page.locator('[data-seat="D7"].held').waitFor();
  assert.match(await seat(page, "D6").getAttribute("aria-label"), /somebody is about to buy it/);
  await api(server.base, `/v1/bookings/${held.id}/release`, { method: "POST", body: {}, authorization: `Booking ${held.booking_token}` });
  await page.locator('[data-seat="D6"].free').waitFor();
  await hold(show, ["D6", "D7"]);
  await page.locator('[data-seat="D6"].held').waitFor();
  assert.deepEqual(asked, [`/v1/shows/${show.id}/seats`, `/v1/shows/${show.id}/seats/events`]);
});

people("without events the plan is looked at again, and is not sent if it did not change", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await withoutEvents(page);
  await openSeats(page, show);
  const unchanged = await page.waitForResponse((response) => response.url().endsWith("/seats") && response.status() === 304);
  assert.ok(unchanged.request().headers()["if-none-match"]);
  await hold(show, ["C6", "C7"]);
  await page.locator('[data-seat="C6"].held').waitFor();
});

people("a movie is found in spite of a slip, with its shows", async (arrive) => {
  const page = await arrive();
  await page.goto("/");
  const titles = page.locator(".movie h2");
  await titles.first().waitFor();
  const title = (await titles.allTextContents()).find((text) => /[a-z]{5}/.test(text));
  // Two letters change places.
  const slip = title.replace(/([a-z])([a-z])([a-z])([a-z])([a-z])/, "$1$2$4$3$5");
  await page.getByLabel("Search movies").fill(slip);
  await page.getByText(/movies? found\./).waitFor();
  assert.equal(await titles.first().textContent(), title);
  assert.ok(await page.locator(".movie").first().locator(".show").count() > 0);
  assert.ok(await page.locator(".days").isHidden());
  await page.getByLabel("Search movies").fill("qqqqqqqq");
  await page.getByText("No movie found.").waitFor();
  assert.equal(await titles.count(), 0);
  await page.getByLabel("Search movies").fill("");
  await page.locator(".days").waitFor();
  await titles.first().waitFor();
});

people("a phone can tap seats, and nothing is wider than its screen", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  const fits = async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), page.url());
  await page.goto("/");
  await page.locator(".movie").first().waitFor();
  await fits();
  await openSeats(page, show);
  await fits();
  const box = await seat(page, "H10").boundingBox();
  assert.ok(box.width >= 35 && box.height >= 35, `a seat is ${box.width} by ${box.height}`);
  await seat(page, "H10").tap();
  await seat(page, "H11").tap();
  await page.getByRole("button", { name: "Continue" }).tap();
  await page.locator("#countdown").waitFor();
  await fits();
  await fillCustomer(page);
  await page.locator("#confirm").tap();
  await codes(page, 2);
  await fits();
}, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, timezoneId: "America/New_York" });

people("a show with a limit asks first who is coming, and yen have no decimals", async (arrive) => {
  const authorization = await staffToken();
  const like = nextShow();
  const add = (path, body) => api(server.base, path, { method: "POST", body, authorization });
  const prices = [["parkett", 1500], ["loge", 2000]].map(([category, amount_minor]) => ({ category, ticket_type: "adult", amount_minor }));
  const card = await add("/v1/admin/price-cards", { name: "Yen", currency: "JPY", prices, booking_fee_minor: 100 });
  const show = await add("/v1/admin/shows", {
    movie_id: like.movie.id, auditorium_id: like.auditorium.id, price_card_id: card.id, starts_at_local: "2036-05-02T20:00", max_seats_per_customer: 2,
  });
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "C6", "C7", "C8");
  await told(page, "You can take 2 seats at most.");
  assert.deepEqual(await chosen(page), ["C6", "C7"]);
  assert.match(await page.locator("#sum").textContent(), /^(JP)?¥3,000$/);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Please give a name.").waitFor();
  await fillCustomer(page);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  assert.match(await page.locator("#total").textContent(), /^(JP)?¥3,100$/);
  await page.locator("#confirm").click();
  await codes(page, 2);
  assert.deepEqual((await sales(show))[0].customer, ADA);
});

people("whoever looks at the plan again sees the seats that they hold as theirs", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "B5", "B6");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await page.goBack();
  await told(page, "You hold B5 and B6 for this show.");
  assert.match(await seat(page, "B5").getAttribute("aria-label"), /held for you$/);
  await choose(page, "B9", "B10");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("cell", { name: "€23.50" }).waitFor();
  // The first two can be had by others again.
  const states = async () => (await api(server.base, `/v1/shows/${show.id}/seats?expand=seats`)).seats.filter((one) => one.state === "held");
  await page.goBack();
  await page.locator('[data-seat="B5"].free').waitFor();
  assert.deepEqual((await states()).map((one) => one.id), ["B9", "B10"]);
});

people("times are the venue's, and the page says so to whoever lives elsewhere", async (arrive) => {
  const show = nextShow();
  const page = await arrive({ timezoneId: "America/New_York" });
  await page.goto("/");
  await page.getByText("All times are those of the venue (Europe/Berlin).").waitFor();
  await openSeats(page, show);
  await page.getByText(show.starts_at_local.slice(11, 16)).first().waitFor();
});

people("staff log in, see how full shows are and who has booked", async (arrive) => {
  const show = nextShow();
  const held = await hold(show, ["M1", "M2", "M3"]);
  await api(server.base, `/v1/bookings/${held.id}/confirm`, {
    method: "POST", authorization: `Booking ${held.booking_token}`, body: { payment: { provider: "test" }, customer: ADA },
  });
  await hold(show, ["N1", "N2"]);
  const page = await arrive();
  await page.goto("/admin");
  await page.getByLabel("E-mail").fill(STAFF.email);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await told(page, "That e-mail and password do not go together.");
  await page.getByLabel("Password").fill(STAFF.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("heading", { name: "Shows" }).waitFor();
  const row = page.locator(`[data-show="${show.id}"]`);
  while ((await row.count()) === 0) {
    const before = await page.locator(".occupancy").count();
    await page.getByRole("button", { name: "More days" }).click();
    await page.locator(".occupancy").nth(before).waitFor();
  }
  assert.match(await row.textContent(), /3 sold · 2 held · 295 free1 %/);
  assert.equal(await row.locator(".bar").getAttribute("aria-label"), "3 sold, 2 held, 295 free");
  await row.click();
  await page.getByRole("cell", { name: ADA.name }).waitFor();
  assert.match(await page.locator("#bookings tbody tr").textContent(), /Ada Lovelace.*M1, M2, M3.*Sold.*paid by test.*€42\.50/);
  await page.getByRole("button", { name: "Held" }).click();
  await page.getByText("N1, N2").waitFor();
  assert.equal(await page.locator("#bookings tbody tr").count(), 1);
  await page.getByRole("button", { name: "All" }).click();
  await page.locator("#bookings tbody tr").nth(1).waitFor();
  await page.getByRole("button", { name: "Given back" }).click();
  await told(page, "No booking like that.");
  // The session outlives a reload; no script can read anything of it.
  await keepsNoSecret(page, STAFF.password, "kitflik-staff");
  await page.reload();
  await page.getByRole("cell", { name: ADA.name }).waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Password").waitFor();
  await page.reload();
  await page.getByLabel("Password").waitFor();
});

people("staff keep seats for the house, and give them to all", async (arrive) => {
  const show = nextShow();
  await hold(show, ["N1", "N2"]);
  const page = await arrive();
  await page.goto("/admin");
  await page.getByLabel("E-mail").fill(STAFF.email);
  await page.getByLabel("Password").fill(STAFF.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("heading", { name: "Shows" }).waitFor();
  await page.goto(`/admin#/show/${show.id}`);
  const kept = page.locator("#house-seats");
  await kept.locator("summary").click();
  const keep = async (seats) => {
    await page.locator("#block-seats").fill(seats);
    await page.locator("#block-reason").fill("For the critics");
    await page.getByRole("button", { name: "Keep these seats" }).click();
  };
  await keep("M1, Q99");
  await kept.getByText("There is no seat Q99.").waitFor();
  await keep("M1 N1");
  await kept.getByText("N1: nothing was changed.").waitFor();
  await page.locator("#block-minutes").fill("60");
  await keep("M1, m2");
  await kept.getByText("The house keeps 2 seats.").waitFor();
  assert.match(await page.locator("#kept tbody tr").textContent(), /For the critics.*sold at the box office.*M1, M2.*2 seats/);
  assert.equal(await kept.locator("summary").textContent(), "House seats: 2");
  await assert.rejects(hold(show, ["M1", "M2"]), /seat_taken/);
  await page.getByRole("button", { name: "Give to all" }).click();
  await page.locator("#kept tbody tr").waitFor({ state: "detached" });
  await hold(show, ["M1", "M2"]);
});

people("staff who have one-time codes are asked for one", async (arrive) => {
  const authorization = await staffToken();
  const post = (path, body) => api(server.base, path, { method: "POST", body, authorization });
  const { secret } = await post("/v1/admin/me/totp", { password: STAFF.password });
  const now = () => oneTimeCode(secret, Math.floor(Date.now() / 30_000));
  const { recovery_codes: recovery } = await post("/v1/admin/me/totp/confirm", { code: now() });
  const page = await arrive();
  await page.goto("/admin");
  await page.getByLabel("E-mail").fill(STAFF.email);
  await page.getByLabel("Password").fill(STAFF.password);
  assert.equal(await page.getByLabel("One-time code").isVisible(), false);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByLabel("One-time code").fill("000000");
  await page.getByRole("button", { name: "Log in" }).click();
  await told(page, "That code is not right, or was used already.");
  await page.getByLabel("One-time code").fill(recovery[0]);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Shows" }).waitFor();
  await post("/v1/admin/me/totp/disable", { code: recovery[1] });
});

people("a customer logs in at the till, and later buys without typing their name", async (arrive) => {
  const account = { email: "grace@example.org", password: "correct horse battery", name: "Grace Hopper" };
  await api(server.base, "/v1/auth/register", { method: "POST", body: account });
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "C6", "C7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  // The hold of a guest is not lost by logging in.
  await page.locator("main").getByRole("link", { name: "Log in" }).click();
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await told(page, "That e-mail and password do not go together.");
  await page.getByLabel("Password").fill(account.password);
  await page.getByLabel("Password").press("Enter");
  await page.locator("#countdown").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), account.name);
  await page.locator("#confirm").click();
  await codes(page, 2);
  await keepsNoSecret(page, account.password, "kitflik");

  // The next one is theirs: also after a reload, and without any token in the page.
  await page.getByRole("button", { name: "Book something else" }).click();
  await page.reload();
  await page.getByText(account.name).waitFor();
  await openSeats(page, show);
  await choose(page, "D6", "D7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await page.reload();
  await page.locator("#countdown").waitFor();
  await page.locator("#confirm").click();
  await codes(page, 2);
  const tokens = await api(server.base, "/v1/auth/login", { method: "POST", body: { email: account.email, password: account.password } });
  const mine = await api(server.base, "/v1/me/bookings", { authorization: `Bearer ${tokens.access_token}` });
  assert.deepEqual(mine.items.flatMap((booking) => booking.seats.map((one) => one.label)), ["D6", "D7"]);

  // A session that another tab renewed meanwhile goes on: the page finds the new token for its commands.
  await page.getByRole("button", { name: "Book something else" }).click();
  await openSeats(page, show);
  const renewed = await page.evaluate(async () => {
    const { csrf_token: token } = await (await fetch("/v1/auth/session")).json();
    return (await fetch("/v1/auth/session", { method: "PUT", headers: { "X-CSRF-Token": token } })).status;
  });
  assert.equal(renewed, 200);
  await choose(page, "F6", "F7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "What is on" }).waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  await page.reload();
  await page.getByRole("link", { name: "Log in" }).waitFor();
});

people("somebody else's words stay words", async (arrive) => {
  const show = nextShow();
  const held = await hold(show, ["O1", "O2"]);
  const name = "<img src=x onerror=alert(1)>";
  await api(server.base, `/v1/bookings/${held.id}/confirm`, {
    method: "POST", authorization: `Booking ${held.booking_token}`, body: { payment: { provider: "test" }, customer: { ...ADA, name } },
  });
  const page = await arrive();
  await page.goto(`/admin#/show/${show.id}`);
  await page.getByLabel("E-mail").fill(STAFF.email);
  await page.getByLabel("Password").fill(STAFF.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("cell", { name }).waitFor();
  assert.equal(await page.locator("td img").count(), 0);
});

people("whoever holds the same seats again keeps the discount", async (arrive) => {
  const show = nextShow();
  const authorization = await staffToken();
  await api(server.base, "/v1/admin/vouchers", { method: "POST", authorization, body: { code: "AGAIN", discount: { basis_points: 5000 } } });
  const page = await arrive();
  await openSeats(page, show);
  await choose(page, "H6", "H7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Discount code").fill("again");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("button", { name: "Leave it out" }).waitFor();
  const total = await page.locator("#total").textContent();
  const mine = JSON.parse(await page.evaluate(() => sessionStorage.getItem("kitflik.booking")));
  await api(server.base, `/v1/bookings/${mine.id}/release`, { method: "POST", authorization: `Booking ${mine.token}` });
  await page.reload();
  await page.getByRole("button", { name: "Hold the same seats again" }).click();
  await page.getByRole("button", { name: "Leave it out" }).waitFor();
  assert.equal(await page.locator("#total").textContent(), total);
});

people("a stream that says nothing for long is opened anew", async (arrive) => {
  const page = await arrive();
  await page.clock.install();
  await page.addInitScript(() => {
    globalThis.opened = 0;
    globalThis.EventSource = class {
      static OPEN = 1;
      static CLOSED = 2;
      readyState = 1;
      constructor() { globalThis.opened += 1; }
      addEventListener(name, told) { if (name === "beat") globalThis.beat = told; }
      close() { this.readyState = 2; }
    };
  });
  await openSeats(page, nextShow());
  const opened = () => page.evaluate(() => globalThis.opened);
  await page.clock.runFor(30_000);
  await page.evaluate(() => globalThis.beat());
  await page.clock.runFor(30_000);
  assert.equal(await opened(), 1);
  await page.clock.runFor(10_000);
  assert.equal(await opened(), 2);
});

async function logInAsStaff(page) {
  await page.goto("/admin");
  await page.getByLabel("E-mail").fill(STAFF.email);
  await page.getByLabel("Password").fill(STAFF.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("heading", { name: "Shows" }).waitFor();
}

people("the door says of each ticket why it does not let in, and a day is settled", async (arrive) => {
  const show = nextShow();
  const held = await hold(show, ["M1", "M2"]);
  const authorization = `Booking ${held.booking_token}`;
  await api(server.base, `/v1/bookings/${held.id}/confirm`, {
    method: "POST", authorization, body: { payment: { provider: "test" }, customer: ADA },
  });
  const [ticket] = (await api(server.base, `/v1/bookings/${held.id}/tickets`, { authorization })).items;
  const page = await arrive();
  await logInAsStaff(page);
  await page.goto(`/admin#/show/${show.id}`);
  const door = page.locator("#door");
  await door.locator("summary").click();
  await door.getByText("At the door: 0 of 2 are in").waitFor();
  const present = async (text) => {
    await page.getByLabel("Ticket", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Let in" }).click();
  };
  await present("no ticket");
  await told(page, "That is no ticket.");
  await present(ticket.token);
  await told(page, "Too early: the doors are not open yet.");
  await page.getByRole("link", { name: "Settlement" }).click();
  await page.getByRole("heading", { name: "EUR" }).waitFor();
  await told(page, "Books, bookings and payments agree.");
  assert.match(await page.locator("#settled").textContent(), /Sold€[\d,.]+.*Money in€[\d,.]+/);
  assert.equal(await page.getByRole("button", { name: "More", exact: true }).count(), 0);
  const venue = page.getByLabel("Venue", { exact: true });
  assert.deepEqual(await venue.locator("option").allTextContents(), ["All venues", "Lichtspielhaus"]);
  await venue.selectOption({ label: "Lichtspielhaus" });
  const answered = page.waitForResponse((response) => /\/settlement\?.*venue=[0-9a-f-]{36}$/.test(response.url()));
  await page.getByRole("button", { name: "Settle", exact: true }).click();
  assert.equal((await answered).status(), 200);
  await told(page, "Books, bookings and payments agree.");
  assert.equal(await venue.locator("option:checked").textContent(), "Lichtspielhaus");
});

people("a guest gives one of two tickets back, and then the other", async (arrive) => {
  const page = await arrive();
  await openSeats(page, nextShow());
  await choose(page, "K6", "K7");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#countdown").waitFor();
  await fillCustomer(page);
  await page.locator("#confirm").click();
  await codes(page, 2);
  const panel = page.locator("#cancellation");
  await panel.locator("summary").click();
  await page.locator("#terms", { hasText: /^You get back €[\d.]+ of €[\d.]+\./ }).waitFor();
  await panel.getByLabel("Seat K7, Adult").uncheck();
  await page.locator("#terms", { hasText: "The tickets that you keep cost" }).waitFor();
  await page.getByRole("button", { name: "Cancel these tickets" }).click();
  await page.locator('img[alt$="seat K6"]').waitFor({ state: "detached" });
  await codes(page, 1);
  await panel.locator("summary").click();
  await page.locator("#terms").waitFor();
  await page.getByRole("button", { name: "Cancel these tickets" }).click();
  await page.getByRole("heading", { name: "Your booking is cancelled" }).waitFor();
  await page.getByText(/€[\d.]+ have been given back\./).waitFor();
});

people("staff call a show off, and everybody has their money back", async (arrive) => {
  const show = nextShow();
  const held = await hold(show, ["M1", "M2"]);
  const authorization = `Booking ${held.booking_token}`;
  await api(server.base, `/v1/bookings/${held.id}/confirm`, {
    method: "POST", authorization, body: { payment: { provider: "test" }, customer: ADA },
  });
  const page = await arrive();
  await logInAsStaff(page);
  await page.goto(`/admin#/show/${show.id}`);
  await page.locator("#call-off summary").click();
  await page.getByLabel("Why").last().fill("The projector is broken");
  await page.getByLabel("All bookings are cancelled and all money goes back").check();
  await page.getByRole("button", { name: "Cancel this show" }).click();
  await told(page, "Every booking is cancelled; money that was paid goes back.");
  assert.equal((await api(server.base, `/v1/bookings/${held.id}`, { authorization })).status, "cancelled");
});

// The hall is another after this: no test that wants it as it was can follow.
people("a plan whose show gets other seats is drawn anew", async (arrive) => {
  const show = nextShow();
  const page = await arrive();
  await openSeats(page, show);
  const { auditorium } = await api(server.base, `/v1/shows/${show.id}`);
  await seat(page, "K6").waitFor();
  const path = `/v1/admin/auditoriums/${auditorium.id}/layout`;
  const body = { layout: { text: "category p Parkett\nA: pppp\nB: pppp\n" } };
  await api(server.base, path, { method: "PUT", authorization: await staffToken(), headers: { "if-match": "*" }, body });
  await seat(page, "K6").waitFor({ state: "detached" });
  await choose(page, "A1", "A2");
  assert.deepEqual(await chosen(page), ["A1", "A2"]);
});
