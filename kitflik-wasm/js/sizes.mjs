// Prints what a host loads, and fails if the wasm is over its budget.

import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

/** Most bytes of the compressed wasm, with the engine and the REST API in it. */
const BUDGET = 900_000;
/** Where it shall be. */
const AIM = 600_000;

const kB = (bytes) => `${(bytes / 1000).toFixed(0)} kB`.padStart(9);
const sizes = {};
console.log(`${"".padEnd(22)}${"raw".padStart(9)}${"gzip".padStart(9)}${"brotli".padStart(9)}`);
for (const name of ["kitflik_bg.wasm", "kitflik.js", "kitflik_testing_bg.wasm"]) {
  const raw = readFileSync(new URL(`dist/wasm/${name}`, import.meta.url));
  sizes[name] = gzipSync(raw, { level: 9 }).length;
  console.log(`${name.padEnd(22)}${kB(raw.length)}${kB(sizes[name])}${kB(brotliCompressSync(raw).length)}`);
}
const size = sizes["kitflik_bg.wasm"];
console.log(`budget ${kB(BUDGET).trim()}, aim ${kB(AIM).trim()} (gzip)`);
if (size > BUDGET) {
  console.error(`kitflik_bg.wasm is ${kB(size).trim()} compressed: ${kB(size - BUDGET).trim()} over its budget`);
  process.exitCode = 1;
}
