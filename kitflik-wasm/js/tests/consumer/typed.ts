// What a consumer's compiler must accept, and what it must not.

import {
  type Actor,
  type BookingView,
  type ChargeId,
  type Email,
  type EventHeader,
  type Jobs,
  Kitflik,
  KitflikError,
  type Mailer,
  MemoryStorage,
  type Payments,
  type ProviderEvent,
  type Refund,
  type RefundBooking,
  type Reports,
  type SignedEvent,
  type Storage,
  StorageUnavailable,
  type TakePayment,
  type TicketClaims,
  verifyTicket,
} from "kitflik";
import { DurableObjectStorage, kitflikObject } from "kitflik/durable-object";
import { conformance } from "kitflik/testing";

const storage: Storage = {
  read: async (reads) => reads.map(() => []),
  commit: ({ checks }) => {
    if (checks.length > 0) throw new StorageUnavailable("asleep");
    return { outcome: "applied", version: 1 };
  },
};
const mailer: Mailer = { send: async (email: Email) => void email.attachments[0]?.content.byteLength };
const payments: Payments = {
  capture: ({ charge }) => ({ status: "captured", charge: `${charge.booking}-${charge.number}` }),
  status: async (charge: ChargeId) => (charge.number > 0 ? { status: "unknown" } : { status: "pending" }),
  refund: async ({ amount, number }: Refund) =>
    amount.amount_minor > 0 && number > 0 ? { status: "refunded" } : { status: "pending" },
  verifyEvent: ({ headers, body }: SignedEvent): ProviderEvent | undefined => {
    const signature: EventHeader | undefined = headers.find(({ name }) => name === "signature");
    return signature?.value === "good" ? (JSON.parse(body) as ProviderEvent) : undefined;
  },
};

export async function afterwards({ bookings, jobs, reports }: Kitflik): Promise<string> {
  const actor: Actor = { type: "system" };
  const taken: TakePayment = { reference: "till 1" };
  const back: RefundBooking = { amount: { amount_minor: 100, currency: "EUR" }, reason: "…" };
  await bookings.takePayment(actor, "…", taken);
  await bookings.refund(actor, "…", back);
  const [run, read]: [Jobs, Reports] = [jobs, reports];
  await run.runNow(actor, "occupancy_report");
  return read.occupancyCsv(actor);
}

export async function sell(): Promise<TicketClaims> {
  const kitflik: Kitflik = await Kitflik.open({
    storage,
    mailer,
    payments: { card: payments },
    masterKey: new Uint8Array(32),
    policy: { viewMaxAgeMillis: null },
  });
  const actor: Actor = { type: "guest" };
  try {
    const held: BookingView = await kitflik.bookings.hold(
      actor,
      { show_id: "…", seats: ["A1"] },
      { idempotencyKey: "…" },
    );
    const until: string | undefined = held.expires_at;
    const director: string | null = (await kitflik.catalog.movies()).items[0]!.director;
    console.log(until, director, held.quote.total.amount_minor.toFixed());
  } catch (error) {
    if (error instanceof KitflikError && error.code === "seat_taken") console.log(error.seats, error.alternative);
  }
  // @ts-expect-error: there is no such field
  await kitflik.bookings.hold(actor, { show_id: "…", sneats: [] });
  // @ts-expect-error: there is no such actor
  await kitflik.bookings.hold({ type: "ghost" }, { show_id: "…" });
  // @ts-expect-error: a storage has two methods
  await Kitflik.open({ storage: { read: () => [] }, masterKey: "" });
  const { revision } = await kitflik.catalog.movie("…");
  await kitflik.catalog.archive(actor, { movie: "…" }, revision);
  // @ts-expect-error: an editor says what they have seen, or `null`
  await kitflik.catalog.archive(actor, { movie: "…" });
  // @ts-expect-error: there is no such thing in the catalogue
  await kitflik.catalog.delete(actor, { popcorn: "…" }, null);
  // @ts-expect-error: an engine is opened, not made
  new Kitflik();
  const outcomes = await conformance(new MemoryStorage());
  console.log(outcomes.map(({ failure }) => failure));
  return verifyTicket(kitflik.ticketKey, "…");
}

interface Env {
  MASTER_KEY: string;
}
const Base = kitflikObject<Env>((env) => ({
  masterKey: env.MASTER_KEY,
  opened: async (kitflik) => void (await kitflik.staff.hasAny()),
}));
export class House extends Base {
  override async fetch(request: Request): Promise<Response> {
    return (await this.kitflik()).broken ? new Response(null, { status: 503 }) : super.fetch(request);
  }
}
export const adapter = (ctx: ConstructorParameters<typeof Base>[0]) => new DurableObjectStorage(ctx.storage);
