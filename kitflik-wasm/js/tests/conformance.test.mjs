// The storage conformance suite on MemoryStorage, and on storages that break a promise.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStorage } from "kitflik";
import { ChecksOff, conformance, conformanceCase, conformanceCases } from "kitflik/testing";
import { later, thenable } from "./support.mjs";

const cases = await conformanceCases();

test("there are cases", () => assert.ok(cases.length >= 40, `${cases.length} cases`));

const kinds = {
  MemoryStorage: new MemoryStorage(),
  "MemoryStorage behind promises": later(new MemoryStorage()),
  "MemoryStorage behind thenables": thenable(new MemoryStorage()),
};
for (const [kind, storage] of Object.entries(kinds)) {
  for (const name of cases) {
    test(`${kind}: ${name}`, async () => assert.equal((await conformanceCase(storage, name)).failure, null));
  }
}

const failures = async (storage) =>
  (await conformance(storage)).filter(({ failure }) => failure !== null).map(({ name }) => name);

test("a storage that ignores checks fails by name", async () => {
  const failed = await failures(new ChecksOff(new MemoryStorage()));
  for (const name of [
    "absent_conflicts_with_a_row",
    "version_conflicts_when_stale",
    "version_conflicts_without_a_row",
    "a_version_is_stale_after_delete_and_put",
    "a_conflict_writes_nothing",
    "all_checks_must_hold",
    "one_of_many_inserts_wins",
    "no_increment_is_lost",
  ]) {
    assert.ok(failed.includes(name), `${name} passed; ${failed.join(", ")} failed`);
  }
  assert.ok(!failed.includes("a_row_comes_back_as_it_was_put"));
});

test("a storage that applies half of a batch fails by name", async () => {
  const storage = new MemoryStorage();
  const half = {
    read: (reads) => storage.read(reads),
    commit: (batch) => storage.commit({ ...batch, writes: batch.writes.slice(0, Math.ceil(batch.writes.length / 2)) }),
  };
  assert.ok((await failures(half)).includes("a_batch_is_applied_as_a_whole"));
});

test("a storage that checks and writes at different times fails by name", async () => {
  const storage = new MemoryStorage();
  const torn = {
    read: (reads) => storage.read(reads),
    commit: async (batch) => {
      const checked = storage.commit({ ...batch, writes: [] });
      await Promise.resolve();
      return checked.outcome === "conflict" ? checked : storage.commit({ ...batch, checks: [] });
    },
  };
  assert.ok((await failures(torn)).includes("one_of_many_inserts_wins"));
});

test("there is no case of another name", async () => {
  assert.match((await conformanceCase(new MemoryStorage(), "nothing")).failure, /no case nothing/);
});
