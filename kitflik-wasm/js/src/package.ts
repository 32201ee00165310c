// What the package has in every runtime. A runtime's entry adds how the wasm is loaded.

import { type Kitflik as Engine, type OpenOptions, openIn } from "./kitflik.js";
import { OfflineGate } from "./offline-gate.js";
import type { Runtime } from "./runtime.js";
import type { GatePack, Layout, TicketClaims } from "./wasm/kitflik.js";

export { KitflikError, MailRefused, StorageUnavailable } from "./errors.js";
export type { HttpOptions } from "./http.js";
export type { OpenOptions, Policy } from "./kitflik.js";
export { MemoryStorage } from "./memory.js";
export type { Attempt, Bookings, Catalog, Command, Jobs, Reports, Revision, Staff, Users } from "./namespaces.js";
export type { OfflineGate } from "./offline-gate.js";
export type { Awaitable, Clock, Mailer, Payments, Storage, StoredRow } from "./ports.js";
export type * from "./wire.js";

/** The package, over an instance of the wasm. */
export function packageOver(runtime: Runtime) {
  const offline = async <T>(read: () => string): Promise<T> => {
    await runtime.start();
    return JSON.parse(runtime.guard(read)) as T;
  };
  return {
    /** The engine. */
    Kitflik: {
      /** Opens an engine over a storage. Opening reads nothing and draws no randomness. */
      open: (options: OpenOptions): Promise<Engine> => openIn(runtime, options),
    },
    /**
     * Verifies the signature of a ticket with the public key of a house, or with several (`ticketKeys`), without a
     * network. Compare the time with `valid_from` and `valid_until`; whether the ticket was used before, only the house
     * knows.
     */
    verifyTicket: (publicKeys: string | readonly string[], token: string): Promise<TicketClaims> => {
      const keys = (Array.isArray(publicKeys) ? publicKeys : [publicKeys]).map(String);
      return offline(() => runtime.binding.verifyTicket(keys, String(token)));
    },
    /**
     * A gate that lets people into one show without a network: with the pack that `bookings.gatePack` gave, and the log
     * of what it did before.
     */
    openOfflineGate: async (pack: string | GatePack, device: string, log = ""): Promise<OfflineGate> => {
      await runtime.start();
      return new OfflineGate(runtime, pack, device, log);
    },
    /** Reads a layout in the text format that people write. */
    layoutFromText: (name: string, text: string): Promise<Layout> =>
      offline(() => runtime.binding.layoutFromText(String(name), String(text))),
    /** Reads a seating plan in the format of pretix, as a text or as an object. */
    layoutFromPretix: (plan: string | object): Promise<Layout> =>
      offline(() => runtime.binding.layoutFromPretix(typeof plan === "string" ? plan : JSON.stringify(plan))),
  };
}
