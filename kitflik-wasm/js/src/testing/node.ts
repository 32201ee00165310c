// Node, Deno and Bun.

import { readFileSync } from "node:fs";
import { conformanceOver } from "../conformance.js";
import { packageOver } from "../package.js";
import { Runtime } from "../runtime.js";
import * as wasm from "../wasm/kitflik_testing.js";

export { ChecksOff, type CaseOutcome } from "../conformance.js";

const runtime = new Runtime(
  wasm,
  () => new WebAssembly.Module(readFileSync(new URL("../wasm/kitflik_testing_bg.wasm", import.meta.url))),
);

export const { conformance, conformanceCase, conformanceCases, provokePanic, vectorAnswer } = conformanceOver(runtime);
/** The engine in the same instance, for tests of what follows a panic. */
export const { Kitflik } = packageOver(runtime);
export type Kitflik = import("../kitflik.js").Kitflik;
