import openapi from "./openapi.js";
import { clockBridge, mailerBridge, paymentsBridge, storageBridge } from "./bridges.js";
import { KitflikError } from "./errors.js";
import { answer, type HttpOptions } from "./http.js";
import { Bookings, Catalog, Handle, Jobs, Reports, Staff, Users, text } from "./namespaces.js";
import type { Clock, Mailer, Payments, Storage } from "./ports.js";
import type { Runtime } from "./runtime.js";
import type { Actor, JsonWebKeySet, TokenAlgorithm } from "./wasm/kitflik.js";

/** What a house decides. What is left out is as on the server. */
export interface Policy {
  /** The name under which mails and tickets go out. */
  houseName?: string;
  /** How long a hold lives: 600. */
  holdSeconds?: number;
  /** How long extensions may stretch it, from its making: 1800. */
  holdAtMostSeconds?: number;
  /** How long after its end a hold is left alone: 2. */
  takeoverGraceSeconds?: number;
  /** How long after its end a hold that nobody took may still be confirmed: 30. */
  lateConfirmGraceSeconds?: number;
  /** Bookings may be confirmed to be paid at the box office: true. */
  payAtCounter?: boolean;
  /**
   * How long before a show starts its bookings can be cancelled by whoever owns them, at the latest: 0. `null`: only
   * staff cancel bookings.
   */
  cancelBeforeSeconds?: number | null;
  /**
   * How much comes back of what is cancelled, by the time to the start: the best tier that is not over. Without tiers,
   * all of it.
   */
  cancellation?: { beforeSeconds: number; refundPercent: number }[];
  /** Fees come back as prices do: true. */
  feesRefundable?: boolean;
  /** How long a booking keeps its seats while its payment is not decided: 1800. */
  pendingHoldSeconds?: number;
  /** What becomes of money that arrives once its hold has run out: `retake_or_refund`. */
  lateMoney?: "retake_or_refund" | "refund" | "manual";
  /** How long access tokens are valid: 900. */
  accessTokenSeconds?: number;
  /** How long refresh tokens are valid: 30 days. */
  refreshTokenSeconds?: number;
  /** How long staff's access tokens are valid: 600. */
  staffAccessTokenSeconds?: number;
  /** How long staff's refresh tokens are valid: 12 hours. */
  staffRefreshTokenSeconds?: number;
  /** How access tokens are signed: `hs256`. With `eddsa`, others can verify them with `tokenKeys`. */
  tokenAlgorithm?: TokenAlgorithm;
  /** Who signs access tokens, as they say it (`iss`): `kitflik`. Tokens of another are refused. */
  tokenIssuer?: string;
  /**
   * Where the house's pages are, such as `https://tickets.example.org`: what links in mails begin with. Without it
   * mails have no links, only codes.
   */
  publicUrl?: string;
  /** The language of mails to those who have not chosen one that there are mails in: `en`. */
  defaultLocale?: string;
  /**
   * How old a cached view may be when another engine writes to the same storage: 1000. `null`: this engine is the only
   * one, and its views are as new as its writes.
   */
  viewMaxAgeMillis?: number | null;
  /** The clocks that the house lives by, such as `Europe/Berlin`: those of its first venue. */
  zone?: string;
  /**
   * When customers who want to hear of offers are told which films are new: `0 0 12 * * FRI`, with seconds, and a zone if
   * it is not the house's; or `off`.
   */
  newReleases?: string;
  /** How long before a show its ticket holders are reminded of it: `3h`; or `off`. */
  showReminders?: string;
  /** When admins and managers are told how full last week's shows were: `0 0 8 * * MON`; or `off`. */
  occupancyReport?: string;
}

/** What an engine is opened with. */
export interface OpenOptions {
  /** Where bookings are kept. */
  storage: Storage;
  /** The secret that every signing key is derived from: 32 random bytes, or 64 hexadecimal digits. Keep it. */
  masterKey: string | Uint8Array;
  /**
   * Other master keys, former ones or the next one: what is new is not signed with them, and what they have signed is
   * accepted.
   */
  acceptedKeys?: readonly (string | Uint8Array)[] | undefined;
  /** Sends mail. Without one, mail waits in the storage. */
  mailer?: Mailer | undefined;
  /**
   * The house's own templates of mails, by their names (`de/welcome.txt`, `de/welcome.html`, `layout.html`), over those
   * that come with KitFlik. The first line of a text is `Subject:` and the subject.
   */
  mailTemplates?: Record<string, string> | undefined;
  /** Payment providers, by the name that customers choose them by. */
  payments?: Record<string, Payments> | undefined;
  /** Adds the provider `test`, which takes no money: for demos and tests. */
  testPayments?: boolean | undefined;
  /** The clock; `Date.now` if not given. */
  clock?: Clock | undefined;
  /** What the house decides. */
  policy?: Policy | undefined;
  /**
   * The cost of argon2id: 19456 KiB and 2 passes if not given, the least that OWASP recommends. That takes 50 to 160
   * ms of
   * CPU in WebAssembly for each log-in; choose less only if your platform cannot give that.
   */
  passwordHashing?: { memoryKib: number; passes: number } | undefined;
  /** How the REST API is served. */
  http?: HttpOptions | undefined;
}

/** The engine. Open one with `Kitflik.open`. */
export class Kitflik {
  /** Seats and bookings. */
  readonly bookings: Bookings;
  /** Movies, venues, auditoriums, prices and shows. */
  readonly catalog: Catalog;
  /** Customers' accounts. */
  readonly users: Users;
  /** Staff's accounts. */
  readonly staff: Staff;
  /** What the house does by itself, by the clock. */
  readonly jobs: Jobs;
  /** How full the shows were, what was sold, and whether the money agrees with it. */
  readonly reports: Reports;
  /** The REST API: give it to whatever serves requests. It never rejects. */
  readonly handler: (request: Request) => Promise<Response>;
  readonly #handle: Handle;

  /** @internal Use `Kitflik.open`. */
  constructor(handle: Handle, http: HttpOptions | undefined) {
    this.#handle = handle;
    this.bookings = new Bookings(handle);
    this.catalog = new Catalog(handle);
    this.users = new Users(handle);
    this.staff = new Staff(handle);
    this.jobs = new Jobs(handle);
    this.reports = new Reports(handle);
    this.handler = (request) => answer(handle, http?.clientAddress, request);
  }

  /** Whose access token this is, a customer's or staff's. */
  async authenticate(accessToken: string): Promise<Actor> {
    return this.#handle.call((engine) => engine.authenticate(String(accessToken)));
  }

  /**
   * Does the background work that is due: sends mail, finds out what became of payments. Answers when it wants to be
   * called again, in milliseconds since 1970; `null` if nothing waits. Correctness never waits for it.
   */
  async tick(): Promise<number | null> {
    return this.#handle.call((engine) => engine.tick());
  }

  /**
   * Whether this engine has the master key that the store was last opened with, as its current one or as an accepted
   * one. Ask once, before anybody is let in: with another key no ticket, session or booking token that was given out is
   * valid. The first engine over a store leaves a mark of its key, from which the key cannot be told.
   */
  async hasTheKey(): Promise<boolean> {
    return this.#handle.call((engine) => engine.hasTheKey());
  }

  /** The engine has panicked: every call is refused. Open a new one over the same storage. */
  get broken(): boolean {
    return this.#handle.generation !== this.#handle.runtime.generation;
  }

  /** The engine's time, in milliseconds since 1970. */
  get now(): number {
    return this.#ask((engine) => engine.now());
  }

  /** The public key that verifies new tickets without a network; see `verifyTicket`. */
  get ticketKey(): string {
    return this.#ask((engine) => engine.ticketKey());
  }

  /** The public keys of all keys whose tickets are accepted, the current one first: what `verifyTicket` takes. */
  get ticketKeys(): string[] {
    return this.#ask((engine) => engine.ticketKeys());
  }

  /**
   * The public keys that customers' access tokens are accepted with, to be published as a JSON Web Key Set. None unless
   * `tokenAlgorithm` is `eddsa`.
   */
  get tokenKeys(): JsonWebKeySet {
    return JSON.parse(this.#ask((engine) => engine.tokenKeys())) as JsonWebKeySet;
  }

  /** The names of the payment providers that a booking can be confirmed with. */
  get paymentProviders(): string[] {
    return this.#ask((engine) => engine.paymentProviders());
  }

  #ask<T>(question: (engine: Handle["engine"]) => T): T {
    return this.#handle.ask(question);
  }
}

/** Opens an engine in an instance of the wasm. */
export async function openIn(runtime: Runtime, options: OpenOptions): Promise<Kitflik> {
  await runtime.start();
  const { storage, mailer, payments = {}, clock, http, masterKey, acceptedKeys = [], ...rest } = options;
  needs("storage", storage, ["read", "commit"]);
  if (mailer !== undefined) {
    needs("mailer", mailer, ["send"]);
  }
  for (const [provider, port] of Object.entries(payments)) {
    needs(`payments.${provider}`, port, ["capture", "status", "refund"]);
  }
  if (clock !== undefined && typeof clock !== "function") {
    throw KitflikError.field("clock", "clock must be a function");
  }
  const { clientAddress: _, ...served } = http ?? {};
  const accepted: unknown = Array.isArray(acceptedKeys) ? acceptedKeys.map(hex) : acceptedKeys;
  const json = text({ ...rest, masterKey: hex(masterKey), acceptedKeys: accepted, http: { ...served, openapi } });
  const resume = runtime.resume();
  const engine = runtime.guard(
    () =>
      new runtime.binding.Engine(
        json,
        storageBridge(storage, resume),
        clockBridge(clock),
        mailer && mailerBridge(mailer, resume),
        Object.keys(payments),
        Object.values(payments).map((port) => paymentsBridge(port, resume)),
      ),
  );
  return new Kitflik(new Handle(runtime, engine), http);
}

function needs(path: string, port: unknown, methods: string[]): void {
  const missing = methods.filter(
    (method) => typeof (port as Record<string, unknown> | null | undefined)?.[method] !== "function",
  );
  if (missing.length > 0) {
    throw KitflikError.field(path, `${path} must be an object with the methods ${methods.join(", ")}`);
  }
}

function hex(key: unknown): unknown {
  if (!(key instanceof Uint8Array)) {
    return key;
  }
  return [...key].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
