// The shared vectors, in Node. workerd.test.mjs has them in workerd.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KitflikError } from "kitflik";
import { vectorAnswer } from "kitflik/testing";

const vectors = JSON.parse(
  readFileSync(new URL("../../../kitflik-core/tests/vectors.json", import.meta.url), "utf8"),
);

test("the answers are the core's", async () => {
  assert.ok(vectors.length > 40);
  for (const { kind, name, input, answer } of vectors) {
    assert.deepEqual(await vectorAnswer(kind, input), answer, `${kind}: ${name}`);
  }
});

test("another answer is noticed", async () => {
  const { input, answer } = vectors.find(({ name }) => name === "genuine");
  const forged = { ...input, token: `${input.token.slice(0, -4)}AAAA` };
  assert.notDeepEqual(await vectorAnswer("ticket", forged), answer);
});

test("a kind that is not there is an error", async () => {
  await assert.rejects(vectorAnswer("no such kind", {}), KitflikError);
});
