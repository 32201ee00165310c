// Cloudflare's Workers: the module is compiled when the Worker is uploaded.

import module from "../wasm/kitflik_testing_bg.wasm";
import { conformanceOver } from "../conformance.js";
import { packageOver } from "../package.js";
import { Runtime } from "../runtime.js";
import * as wasm from "../wasm/kitflik_testing.js";

export { ChecksOff, type CaseOutcome } from "../conformance.js";

const runtime = new Runtime(wasm, () => module);

export const { conformance, conformanceCase, conformanceCases, provokePanic, vectorAnswer } = conformanceOver(runtime);
/** The engine in the same instance, for tests of what follows a panic. */
export const { Kitflik } = packageOver(runtime);
export type Kitflik = import("../kitflik.js").Kitflik;
