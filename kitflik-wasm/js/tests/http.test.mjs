// The REST API as a handler.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Kitflik, MemoryStorage } from "kitflik";
import { MASTER_KEY, WEAK, addShow } from "./support.mjs";

const open = (http) =>
  Kitflik.open({
    storage: new MemoryStorage(),
    masterKey: MASTER_KEY,
    passwordHashing: WEAK,
    testPayments: true,
    ...(http && { http }),
  });
const url = (path) => `https://house.example${path}`;
const post = (path, body, headers = {}) =>
  new Request(url(path), {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

test("the main path", async () => {
  const kitflik = await open();
  const { handler } = kitflik;
  const show = await addShow(kitflik);
  const held = await handler(post("/v1/bookings", { show_id: show.id, seats: ["A1"] }));
  assert.equal(held.status, 201);
  const booking = await held.json();
  assert.equal(held.headers.get("location"), `/v1/bookings/${booking.id}`);
  assert.ok(held.headers.get("x-request-id"));
  const authorization = `Booking ${booking.booking_token}`;
  const sold = await handler(
    post(`/v1/bookings/${booking.id}/confirm`, { payment: { provider: "test" } }, { authorization }),
  );
  assert.equal((await sold.json()).status, "confirmed");
  const tickets = await handler(new Request(url(`/v1/bookings/${booking.id}/tickets`), { headers: { authorization } }));
  const { items } = await tickets.json();
  const picture = await handler(
    new Request(url(`/v1/bookings/${booking.id}/tickets/${items[0].id}/qr.png`), { headers: { authorization } }),
  );
  assert.equal(picture.headers.get("content-type"), "image/png");
  assert.equal(new Uint8Array(await picture.arrayBuffer())[1], 0x50);
});

test("answers without a body have none", async () => {
  const kitflik = await open();
  const { handler } = kitflik;
  await addShow(kitflik);
  const full = await handler(new Request(url("/v1/movies")));
  const etag = full.headers.get("etag");
  const same = await handler(new Request(url("/v1/movies"), { headers: { "if-none-match": etag } }));
  assert.equal(same.status, 304);
  assert.equal(same.body, null);
  const head = await handler(new Request(url("/v1/movies"), { method: "HEAD" }));
  assert.equal(head.status, 200);
  assert.equal(head.body, null);
  assert.equal(head.headers.get("etag"), etag);
  const account = { email: "ada@example.org", password: "correct horse battery", name: "Ada" };
  await handler(post("/v1/auth/register", account));
  const { refresh_token } = await (
    await handler(post("/v1/auth/login", { email: account.email, password: account.password }))
  ).json();
  const gone = await handler(post("/v1/auth/logout", { refresh_token }));
  assert.equal(gone.status, 204);
  assert.equal(gone.body, null);
});

test("a body is read as far as it is wanted", async () => {
  const { handler } = await open();
  let pulled = 0;
  let cancelled = false;
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(16 * 1024).fill(32));
      },
      cancel() {
        cancelled = true;
      },
    });
  const send = (path, headers = {}) =>
    handler(
      new Request(url(path), {
        method: "POST",
        body: endless(),
        duplex: "half",
        headers: { "content-type": "application/json", ...headers },
      }),
    );
  assert.equal((await send("/v1/bookings")).status, 413);
  assert.ok(pulled < 14, `${pulled} pieces were read`);
  assert.equal(cancelled, true);
  pulled = 0;
  assert.equal((await send("/v1/admin/auditoriums/import?venue_id=x&name=y")).status, 401);
  assert.ok(pulled < 8, `${pulled} pieces of nobody's upload were read`);
});

test("a body that breaks off, and a client that goes away, are answered or left alone", async () => {
  const kitflik = await open();
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset by peer")) });
  const request = new Request(url("/v1/bookings"), {
    method: "POST",
    body: broken,
    duplex: "half",
    headers: { "content-type": "application/json" },
  });
  const refused = await kitflik.handler(request);
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).code, "malformed");
  const abort = new AbortController();
  const aborted = kitflik.handler(new Request(url("/v1/movies"), { signal: abort.signal }));
  abort.abort();
  assert.equal((await aborted).status, 200);
  const text = new ReadableStream({ pull: (controller) => controller.enqueue("text") });
  const strange = new Request(url("/v1/bookings"), {
    method: "POST",
    body: text,
    duplex: "half",
    headers: { "content-type": "application/json" },
  });
  assert.equal((await kitflik.handler(strange)).status, 400);
});

test("headers are bytes, and an address is taken only from where it was told", async () => {
  const http = [
    { clientAddress: "CF-Connecting-IP" },
    { clientAddress: (request) => request.headers.get("cf-connecting-ip") ?? undefined },
  ];
  for (const [client, apart] of [
    [undefined, false],
    [http[0], true],
    [http[1], true],
  ]) {
    const kitflik = await open(client);
    const show = await addShow(kitflik);
    const hold = (address, seat) =>
      kitflik.handler(
        post(
          "/v1/bookings",
          { show_id: show.id, seats: [seat] },
          { "idempotency-key": "1", "cf-connecting-ip": address },
        ),
      );
    assert.equal((await hold("192.0.2.1", "A1")).status, 201);
    // Short keys of guests are kept apart by their addresses.
    assert.equal((await hold("192.0.2.2", "A2")).status, apart ? 201 : 422);
  }
  const { handler } = await open();
  const latin = await handler(new Request(url("/v1/movies"), { headers: { "x-request-id": "caf\u00e9" } }));
  assert.equal(latin.status, 200);
  const cors = await (
    await open({ cors: true })
  ).handler(new Request(url("/v1/movies"), { headers: { origin: "https://a.example" } }));
  assert.equal(cors.headers.get("access-control-allow-origin"), "*");
});

test("many at once", async () => {
  const kitflik = await open();
  const show = await addShow(kitflik);
  const race = await Promise.all(
    Array.from({ length: 50 }, () => kitflik.handler(post("/v1/bookings", { show_id: show.id, seats: ["A1"] }))),
  );
  const statuses = race.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [201, ...Array(49).fill(409)]);
});
