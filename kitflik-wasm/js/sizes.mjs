// Prints what a host loads, and fails if the wasm is over its budget.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

/** Most bytes of the wasm by `gzip -9`, with the engine and the REST API in it. Node's own zlib packs it 1 % looser. */
const BUDGET = 1900_000;

const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`.padStart(9);
const sizes = {};
console.log(`${"".padEnd(22)}${"raw".padStart(9)}${"gzip".padStart(9)}${"brotli".padStart(9)}`);
for (const name of ["kitflik_bg.wasm", "kitflik.js", "kitflik_testing_bg.wasm"]) {
  const raw = readFileSync(new URL(`dist/wasm/${name}`, import.meta.url));
  sizes[name] = execFileSync("gzip", ["-9c"], { input: raw, maxBuffer: raw.length * 2 }).length;
  console.log(`${name.padEnd(22)}${kB(raw.length)}${kB(sizes[name])}${kB(brotliCompressSync(raw).length)}`);
}
const size = sizes["kitflik_bg.wasm"];
console.log(`budget ${kB(BUDGET).trim()} (gzip)`);
if (size > BUDGET) {
  console.error(`kitflik_bg.wasm is ${kB(size).trim()} compressed: ${kB(size - BUDGET).trim()} over its budget`);
  process.exitCode = 1;
}
