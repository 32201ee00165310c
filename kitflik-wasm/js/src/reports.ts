// What staff want to see of a house.

import { type Handle, text } from "./call.js";
import type * as wire from "./wasm/kitflik.js";

/** How full the shows were, what was sold, and whether the money agrees with it. */
export class Reports {
  readonly #handle: Handle;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** What the house looks like now: today's sales, the next shows, and what waits. For staff, but for ushers. */
  async dashboard(actor: wire.Actor): Promise<wire.DashboardView> {
    return this.#read(actor, "dashboard");
  }

  /** A page of shows by start, with how full they were a moment ago. */
  async occupancy(actor: wire.Actor, query: wire.OccupancyQuery = {}): Promise<wire.Page<wire.OccupancyView>> {
    return this.#read(actor, "occupancy", query);
  }

  /** The same as comma-separated values (RFC 4180). */
  async occupancyCsv(actor: wire.Actor, query: wire.OccupancyQuery = {}): Promise<string> {
    return this.#read(actor, "occupancy", query, true);
  }

  /** How full the shows that start in some days were, by day, movie, venue, show, category or channel. */
  async occupancyBy(actor: wire.Actor, query: wire.OccupancyByQuery): Promise<wire.OccupancyReport> {
    return this.#read(actor, "occupancyBy", query);
  }

  /** The same as comma-separated values (RFC 4180). */
  async occupancyByCsv(actor: wire.Actor, query: wire.OccupancyByQuery): Promise<string> {
    return this.#read(actor, "occupancyBy", query, true);
  }

  /** What was sold, returned, taken and given back in some days. */
  async revenue(actor: wire.Actor, query: wire.RevenueQuery): Promise<wire.RevenueReport> {
    return this.#read(actor, "revenue", query);
  }

  /** The same as comma-separated values (RFC 4180). */
  async revenueCsv(actor: wire.Actor, query: wire.RevenueQuery): Promise<string> {
    return this.#read(actor, "revenue", query, true);
  }

  /** A day's books against its bookings and payments. For admins and managers. */
  async settlement(actor: wire.Actor, query: wire.SettlementQuery): Promise<wire.SettlementView> {
    return this.#read(actor, "settlement", query);
  }

  /** The same as comma-separated values (RFC 4180). */
  async settlementCsv(actor: wire.Actor, query: wire.SettlementQuery): Promise<string> {
    return this.#read(actor, "settlement", query, true);
  }

  async #read<Answer>(actor: wire.Actor, name: string, query: object = {}, csv = false): Promise<Answer> {
    return this.#handle.call((engine) => engine.reportsRead(text(actor), name, text(query), csv));
  }
}
