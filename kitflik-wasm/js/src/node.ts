// Node, Deno and Bun.

import { readFileSync } from "node:fs";
import { packageOver } from "./package.js";
import { Runtime } from "./runtime.js";
import * as wasm from "./wasm/kitflik.js";

export * from "./package.js";

const runtime = new Runtime(
  wasm,
  () => new WebAssembly.Module(readFileSync(new URL("./wasm/kitflik_bg.wasm", import.meta.url))),
);

export const { Kitflik, verifyTicket, openOfflineGate, layoutFromText, layoutFromPretix } = packageOver(runtime);
export type Kitflik = import("./kitflik.js").Kitflik;
