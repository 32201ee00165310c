// Browsers, and whatever has `fetch` for the files of its modules.

import { conformanceOver } from "../conformance.js";
import { packageOver } from "../package.js";
import { Runtime } from "../runtime.js";
import * as wasm from "../wasm/kitflik_testing.js";

export { ChecksOff, type CaseOutcome } from "../conformance.js";

const runtime = new Runtime(wasm, async () => {
  const response = await fetch(new URL("../wasm/kitflik_testing_bg.wasm", import.meta.url));
  if (!response.ok) {
    throw new Error(`kitflik: the wasm cannot be loaded: ${response.status} from ${response.url}`);
  }
  return WebAssembly.compile(await response.arrayBuffer());
});

export const { conformance, conformanceCase, conformanceCases, provokePanic, vectorAnswer } = conformanceOver(runtime);
/** The engine in the same instance, for tests of what follows a panic. */
export const { Kitflik } = packageOver(runtime);
export type Kitflik = import("../kitflik.js").Kitflik;
