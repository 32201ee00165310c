// A house in a Durable Object, in workerd: the storage adapter, the REST API, races, eviction, alarms.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { bundle, start, temporary, testWorker } from "./worker.mjs";

const sqlite = { className: "House", useSQLite: true };
const options = {
  ...bundle(testWorker),
  durableObjects: { HOUSES: sqlite, CERTIFIED: { className: "Certified", useSQLite: true } },
  durableObjectsPersist: temporary(),
};
let worker = await start(options);
after(() => worker.stop());

const call = (path, init) => fetch(`${worker.url}${path}`, init);
const ask = async (path, init) => (await call(path, init)).json();
const post = (path, body, headers = {}) =>
  call(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
const proof = (held) => ({ authorization: `Booking ${held.booking_token}` });

/** Asks until an answer is right: for what happens by itself, soon. */
async function until(question, right) {
  for (;;) {
    const answer = await question();
    if (right(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const cases = await ask("/cases");
for (const name of cases) {
  test(`DurableObjectStorage: ${name}`, async () => {
    assert.equal((await ask(`/run?case=${name}`)).failure, null);
  });
}

test("a Durable Object that ignores checks fails by name", async () => {
  for (const name of [
    "absent_conflicts_with_a_row",
    "version_conflicts_when_stale",
    "one_of_many_inserts_wins",
    "no_increment_is_lost",
  ]) {
    assert.notEqual((await ask(`/run?case=${name}&checks-off`)).failure, null, name);
  }
});

test("the shared vectors are answered as the core answers them", async () => {
  const file = new URL("../../../kitflik-core/tests/vectors.json", import.meta.url);
  const vectors = JSON.parse(readFileSync(file, "utf8"));
  assert.ok(vectors.length > 40);
  for (const { kind, name, input, answer } of vectors) {
    assert.deepEqual(await (await post("/vector", { kind, input })).json(), answer, `${kind}: ${name}`);
  }
});

test("the main path over HTTP", async () => {
  const show = await ask("/test/show");
  const { items } = await ask("/v1/movies?q=alien");
  assert.ok(items.some(({ id }) => id === show.movie.id));
  assert.equal((await ask(`/v1/shows/${show.id}/seats`)).states, ".".repeat(16));
  const answer = await post("/v1/bookings", { show_id: show.id, seats: ["A1", "A2"] });
  assert.equal(answer.status, 201);
  const held = await answer.json();
  const sold = await post(`/v1/bookings/${held.id}/confirm`, { payment: { provider: "test" } }, proof(held));
  assert.equal((await sold.json()).status, "confirmed");
  const tickets = await ask(`/v1/bookings/${held.id}/tickets`, { headers: proof(held) });
  assert.equal(tickets.items.length, 2);
  const path = `/v1/bookings/${held.id}/tickets/${tickets.items[0].id}/qr.svg`;
  assert.match(await (await call(path, { headers: proof(held) })).text(), /<svg/);
  assert.equal((await ask(`/v1/shows/${show.id}/seats`)).states, "ss" + ".".repeat(14));
});

test("50 clients want one seat: one 201, 49 seat_taken", async () => {
  const show = await ask("/test/show");
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const answer = await post("/v1/bookings", { show_id: show.id, seats: ["B1"] });
      return [answer.status, (await answer.json()).code];
    }),
  );
  const won = answers.filter(([status]) => status === 201);
  const lost = answers.filter(([status, code]) => status === 409 && code === "seat_taken");
  assert.deepEqual([won.length, lost.length], [1, 49]);
});

for (const [how, evict] of Object.entries({
  "the object is evicted": async () => {
    const aborted = await call("/test/abort");
    assert.equal(aborted.status, 500);
    await aborted.text();
  },
  "the process is stopped and started": async () => {
    await worker.stop();
    worker = await start(options);
  },
})) {
  test(`${how}: it comes back with nothing lost`, async () => {
    const show = await ask("/test/show");
    const held = await (await post("/v1/bookings", { show_id: show.id, seats: ["A1"] })).json();
    const sold = await (await post("/v1/bookings", { show_id: show.id, seats: ["B1"] })).json();
    await post(`/v1/bookings/${sold.id}/confirm`, { payment: { provider: "counter" } }, proof(sold));
    const before = await ask(`/v1/bookings/${sold.id}/tickets`, { headers: proof(sold) });
    const { opened } = await ask("/test/state");
    await evict();
    const state = await ask("/test/state");
    assert.notEqual(state.opened, opened, "a new object answers");
    assert.equal((await ask(`/v1/shows/${show.id}/seats`)).states, "h.......s.......");
    assert.deepEqual(await ask(`/v1/bookings/${sold.id}/tickets`, { headers: proof(sold) }), before);
    const confirmed = await post(`/v1/bookings/${held.id}/confirm`, { payment: { provider: "counter" } }, proof(held));
    assert.equal((await confirmed.json()).status, "confirmed");
    assert.equal((await post("/v1/bookings", { show_id: show.id, seats: ["B1"] })).status, 409);
  });
}

test("an alarm sends the mail, and is not set for every request", async () => {
  const show = await ask("/test/show");
  const { alarmWrites } = await ask("/test/state");
  const customer = { name: "Ada", email: "alarm@example.org" };
  const held = await (await post("/v1/bookings", { show_id: show.id, seats: ["A1"], customer })).json();
  await post(`/v1/bookings/${held.id}/confirm`, { payment: { provider: "counter" } }, proof(held));
  const commands = 40;
  for (let command = 0; command < commands; command += 1) {
    await post("/v1/bookings", { show_id: show.id, seats: ["A1"] });
  }
  const after = await ask("/test/state");
  assert.ok(
    after.alarmWrites - alarmWrites < commands / 2,
    `${after.alarmWrites - alarmWrites} writes for ${commands} commands`,
  );
  const { mails } = await until(
    () => ask("/test/state"),
    ({ mails }) => mails.includes(customer.email),
  );
  assert.equal(mails.filter((to) => to === customer.email).length, 1);
});

test("houses share nothing: neither a movie nor a key", async () => {
  await (await worker.at("one.example", "/test/show")).json();
  const of = async (host, path) => (await worker.at(host, path)).json();
  assert.equal((await of("one.example", "/v1/movies")).items.length, 1);
  assert.deepEqual((await of("two.example", "/v1/movies")).items, []);
  const keys = await Promise.all(["one.example", "two.example"].map((host) => of(host, "/v1/ticket-key")));
  assert.notEqual(keys[0].public_key, keys[1].public_key);
  assert.deepEqual(await of("one.example", "/v1/ticket-key"), keys[0]);
});
