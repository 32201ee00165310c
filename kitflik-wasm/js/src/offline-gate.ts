// A gate without a network, over the instance of the wasm that it was opened with.

import type { Runtime } from "./runtime.js";
import type { Admission, GatePack, OfflineGate as Inner, Scan } from "./wasm/kitflik.js";

/**
 * A gate that lets people into one show without a network. It refuses what it let in itself; what other gates let in is
 * found when their logs are merged (`bookings.mergeCheckIns`). Keep `log` on the device after each scan, before the door
 * opens. Where the kept text may have been cut off, write `log` anew once the gate is open: its last line is left out.
 */
export class OfflineGate {
  readonly #runtime: Runtime;
  readonly #gate: Inner;

  constructor(runtime: Runtime, pack: string | GatePack, device: string, log: string) {
    this.#runtime = runtime;
    this.#gate = runtime.guard(() => new runtime.binding.OfflineGate(json(pack), String(device), String(log)));
  }

  /** Whether the holder of a ticket may go in now. The same nonce again gets the same answer. */
  scan(token: string, nonce: string, now: Date = new Date()): Admission {
    const scan = () => this.#gate.scan(String(token), String(nonce), now.toISOString());
    return JSON.parse(this.#runtime.guard(scan)) as Admission;
  }

  /** Takes a newer pack of the same show. */
  renew(pack: string | GatePack): void {
    this.#runtime.guard(() => this.#gate.renew(json(pack)));
  }

  /** What to upload. */
  get scans(): Scan[] {
    return JSON.parse(this.#runtime.guard(() => this.#gate.scans())) as Scan[];
  }

  /** What to keep on the device: a line for each scan. */
  get log(): string {
    return this.#runtime.guard(() => this.#gate.log());
  }
}

function json(pack: string | GatePack): string {
  return typeof pack === "string" ? pack : JSON.stringify(pack);
}
