// Cloudflare's Workers: the module is compiled when the Worker is uploaded.

import module from "./wasm/kitflik_bg.wasm";
import { packageOver } from "./package.js";
import { Runtime } from "./runtime.js";
import * as wasm from "./wasm/kitflik.js";

export * from "./package.js";

const runtime = new Runtime(wasm, () => module);

export const { Kitflik, verifyTicket, openOfflineGate, layoutFromText, layoutFromPretix } = packageOver(runtime);
export type Kitflik = import("./kitflik.js").Kitflik;
