// Storages that fail, and an engine that panics: every promise is settled.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Kitflik, MemoryStorage, StorageUnavailable } from "kitflik";
import { Kitflik as Fragile, provokePanic } from "kitflik/testing";
import { GUEST, MASTER_KEY, WEAK, addShow, later, refusal } from "./support.mjs";

/** A house whose storage can be given faults. */
async function house(over = {}, Engine = Kitflik) {
  const faults = {};
  const inner = new MemoryStorage();
  const storage = {
    read: (reads) => (faults.read ? faults.read(reads, inner) : inner.read(reads)),
    commit: (batch) => (faults.commit ? faults.commit(batch, inner) : inner.commit(batch)),
  };
  const kitflik = await Engine.open({ storage, masterKey: MASTER_KEY, passwordHashing: WEAK, ...over });
  const show = await addShow(kitflik);
  // No answer may come from a cache.
  const fresh = await Engine.open({ storage, masterKey: MASTER_KEY, passwordHashing: WEAK, ...over });
  return {
    faults,
    show,
    kitflik: fresh,
    hold: (seat = "A1") => fresh.bookings.hold(GUEST, { show_id: show.id, seats: [seat] }),
  };
}

const thrown = {
  "an error": new Error("disk on fire"),
  "a text": "disk on fire",
  undefined: undefined,
  null: null,
  "an object without a text": Object.create(null),
};
for (const [what, error] of Object.entries(thrown)) {
  for (const [how, fault] of Object.entries({
    throws: () => {
      throw error;
    },
    rejects: () => Promise.reject(error),
    "rejects later": () => new Promise((_, reject) => setImmediate(reject, error)),
  })) {
    test(`a read ${how} ${what}: unavailable`, async () => {
      const { faults, hold, show, kitflik } = await house();
      faults.read = fault;
      const refused = await refusal(hold(), "unavailable");
      assert.equal(refused.retryable, true);
      if (what === "an error") assert.match(refused.message, /disk on fire/);
      await refusal(kitflik.bookings.seats(show.id), "unavailable");
      faults.read = undefined;
      assert.equal((await hold()).status, "held");
    });

    test(`a commit ${how} ${what}, and cannot say more: the outcome is not known`, async () => {
      const { faults, hold } = await house();
      faults.commit = fault;
      faults.read = (reads, inner) => (faults.off ? fault() : inner.read(reads));
      const before = faults.commit;
      faults.commit = () => {
        faults.off = true;
        return before();
      };
      const refused = await refusal(hold(), "outcome_unknown");
      assert.equal(refused.retryable, true);
    });
  }
}

test("a commit that was applied before it threw is found again", async () => {
  const { faults, hold } = await house();
  faults.commit = (batch, inner) => {
    inner.commit(batch);
    faults.commit = undefined;
    throw new Error("the line broke");
  };
  assert.equal((await hold()).status, "held");
});

test("a commit that says that nothing was written is unavailable", async () => {
  const { faults, hold } = await house();
  faults.commit = () => {
    throw new StorageUnavailable("asleep");
  };
  assert.match((await refusal(hold(), "unavailable")).message, /asleep/);
  faults.commit = () => Promise.reject({ kitflik: "unavailable" });
  await refusal(hold(), "unavailable");
});

for (const [what, junk, told] of [
  ["nothing", undefined, /must be a list, found undefined/],
  ["a number", 7, /must be a list, found 7/],
  ["too few lists", [], /answered 0 of/],
  ["no lists", (reads) => reads.map(() => null), /rows of a question must be a list, found null/],
  ["rows without a key", (reads) => reads.map(() => [{}]), /key of a row must be a string/],
  [
    "rows with a text for a value",
    (reads) => reads.map((read) => [{ key: read.key, value: "x", version: 1 }]),
    /must be a Uint8Array/,
  ],
  [
    "a version that is no integer",
    (reads) => reads.map((read) => [{ key: read.key, value: new Uint8Array(1), version: 1.5 }]),
    /version of .* must be an integer/,
  ],
  ["a BigInt", 7n, /must be a list, found bigint/],
  [
    "rows that were not asked for",
    (reads) => reads.map(() => [{ key: "zzz", value: new Uint8Array(1), version: 1 }]),
    /a row of zzz/,
  ],
  [
    "values that are no records",
    (reads) => reads.map((read) => [{ key: read.key ?? read.start, value: new Uint8Array(1), version: 1 }]),
    /internal error/,
  ],
]) {
  test(`a read that answers ${what} is a damaged store`, async () => {
    const { faults, hold } = await house();
    faults.read = typeof junk === "function" ? junk : () => junk;
    assert.match((await refusal(hold(), "internal")).message, told);
  });
}

for (const junk of [
  undefined,
  null,
  7,
  "applied",
  {},
  { outcome: "applied" },
  { outcome: "applied", version: -1 },
  { outcome: "conflict", key: "zzz" },
]) {
  test(`a commit that answers ${JSON.stringify(junk)} may have been applied: the engine looks`, async () => {
    const { faults, hold } = await house();
    faults.commit = (batch, inner) => {
      inner.commit(batch);
      faults.commit = undefined;
      return junk;
    };
    assert.equal((await hold()).status, "held");
    faults.commit = () => junk;
    await refusal(hold("A4"), "outcome_unknown");
  });
}

for (const late of [false, true]) {
  test(`a panic ${late ? "after an await" : "at once"} settles every promise`, async () => {
    const stuck = { read: () => new Promise(() => {}), commit: () => new Promise(() => {}) };
    const { kitflik, show } = await house({}, Fragile);
    const waiting = await Fragile.open({ storage: stuck, masterKey: MASTER_KEY });
    const pending = waiting.bookings.seats(show.id);
    const panicked = await refusal(provokePanic(late), "internal");
    assert.match(panicked.message, late ? /a panic after an await, on demand/ : /a panic on demand/);
    await refusal(pending, "internal");
    // Engines of the broken instance refuse at once, by every way.
    assert.equal(kitflik.broken, true);
    await refusal(kitflik.bookings.seats(show.id), "internal");
    await refusal(kitflik.tick(), "internal");
    assert.throws(() => kitflik.now, { name: "KitflikError", code: "internal" });
    const response = await kitflik.handler(new Request("https://house.example/v1/movies"));
    assert.equal(response.status, 500);
    assert.equal((await response.json()).code, "internal");
    // A new engine over a storage works.
    const again = await house({ storage: later(new MemoryStorage()) }, Fragile);
    assert.equal((await again.hold()).status, "held");
  });
}

test("a promise of a broken instance that is kept late hurts nobody", async () => {
  let keep;
  const slow = {
    read: () =>
      new Promise((resolve) => {
        keep = resolve;
      }),
    commit: () => {
      throw new Error();
    },
  };
  const waiting = await Fragile.open({ storage: slow, masterKey: MASTER_KEY });
  const pending = refusal(waiting.catalog.movies(), "internal");
  await refusal(provokePanic(false), "internal");
  await pending;
  const { hold } = await house({}, Fragile);
  const held = hold("A1");
  keep([[]]);
  assert.equal((await held).status, "held");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await hold("A2")).status, "held");
});

test("a panic within a call of the storage is that call's, and ends both", async () => {
  const inner = new MemoryStorage();
  let once = true;
  const nested = {
    read: (reads) => {
      if (once) {
        once = false;
        provokePanic(false).catch(() => undefined);
      }
      return inner.read(reads);
    },
    commit: (batch) => inner.commit(batch),
  };
  const kitflik = await Fragile.open({ storage: nested, masterKey: MASTER_KEY });
  const first = kitflik.catalog.movies();
  await Promise.allSettled([first]);
  const { hold } = await house({}, Fragile);
  assert.equal((await hold()).status, "held");
});
