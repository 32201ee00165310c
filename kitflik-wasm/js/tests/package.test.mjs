// The package as it is published: installed elsewhere, typed, and run by Node, Deno and Bun.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { before, test } from "node:test";
import { install, pack, temporary } from "./worker.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules", ".bin", name);
const directory = temporary();

before(() => {
  cpSync(join(root, "tests", "consumer"), directory, { recursive: true });
  install(directory, pack(temporary()));
});

const run = (program, ...list) =>
  execFileSync(program, list, { cwd: directory, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });

test("a consumer's TypeScript compiles, and what is wrong does not", () => {
  execFileSync(bin("tsc"), ["-p", directory], { cwd: directory, stdio: "inherit" });
});

test("Node", () => assert.equal(run(process.execPath, "main.mjs"), "sold A1\n"));
test("Deno", () => assert.equal(run(bin("deno"), "run", "--allow-read", "--allow-env", "main.mjs"), "sold A1\n"));
test("Bun", () => assert.equal(run(bin("bun"), "main.mjs"), "sold A1\n"));

test("every file that package.json names is published, and no panic on demand with it", () => {
  const published = join(directory, "node_modules", "kitflik");
  const { exports } = JSON.parse(readFileSync(join(published, "package.json"), "utf8"));
  for (const [entry, conditions] of Object.entries(exports)) {
    for (const [condition, file] of Object.entries(conditions)) {
      assert.ok(existsSync(join(published, file)), `${entry} ${condition}: ${file}`);
    }
  }
  const order = ["types", "workerd", "deno", "bun", "node", "browser", "default"];
  assert.deepEqual(Object.keys(exports["."]), order);
  const engine = new WebAssembly.Module(readFileSync(join(published, "dist", "wasm", "kitflik_bg.wasm")));
  const names = WebAssembly.Module.exports(engine).map(({ name }) => name);
  assert.ok(names.includes("poll") && !names.includes("provokePanic"));
});
