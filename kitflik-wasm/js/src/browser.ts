// Browsers, and whatever has `fetch` for the files of its modules.

import { packageOver } from "./package.js";
import { Runtime } from "./runtime.js";
import * as wasm from "./wasm/kitflik.js";

export * from "./package.js";

const runtime = new Runtime(wasm, async () => {
  const response = await fetch(new URL("./wasm/kitflik_bg.wasm", import.meta.url));
  if (!response.ok) {
    throw new Error(`kitflik: the wasm cannot be loaded: ${response.status} from ${response.url}`);
  }
  return WebAssembly.compile(await response.arrayBuffer());
});

export const { Kitflik, verifyTicket, openOfflineGate, layoutFromText, layoutFromPretix } = packageOver(runtime);
export type Kitflik = import("./kitflik.js").Kitflik;
