import type {
  Batch,
  Capture,
  ChargeId,
  Commit,
  Email,
  PaymentStatus,
  ProviderEvent,
  Read,
  Refund,
  SignedEvent,
} from "./wasm/kitflik.js";

/** A value, or a promise of it: ports may be synchronous. */
export type Awaitable<T> = T | PromiseLike<T>;

/** A stored row. The engine stores UTF-8 JSON of at most 8 kB. */
export interface StoredRow {
  key: string;
  value: Uint8Array | ArrayBuffer;
  /** What the last commit that wrote the row answered. */
  version: number;
}

/**
 * An ordered key-value space with checked, atomic batches. Keys are 1 to 256 characters of printable ASCII, ordered by
 * their characters. The bounds of the port are checked before an adapter is called.
 *
 * Certify an adapter with `conformance` of `kitflik/testing`.
 */
export interface Storage {
  /** Answers all reads from one snapshot, in the order asked: for each the rows that it finds. */
  read(reads: Read[]): Awaitable<StoredRow[][]>;
  /**
   * Applies all writes if all checks hold, otherwise nothing. A version is an integer below 2^53 that never comes
   * again for a key, not even after a delete. A check that does not hold is an answer, not an error; see
   * `StorageUnavailable` for errors.
   */
  commit(batch: Batch): Awaitable<Commit>;
}

/** Sends mail. The engine calls it from `tick` and repeats what failed; see `MailRefused`. */
export interface Mailer {
  /** Hands one mail over. `email.id` is the same in every repeat. */
  send(email: Email): Awaitable<void>;
}

/**
 * A payment provider. Every call is idempotent: captures by charge, refunds by charge and number. An error means no
 * answer: the engine asks again later.
 */
export interface Payments {
  /** Takes the money, once per charge, and answers what became of it. */
  capture(capture: Capture): Awaitable<PaymentStatus>;
  /** What became of a charge. After `unknown` or `declined` it should not be taken any more. */
  status(charge: ChargeId): Awaitable<PaymentStatus>;
  /** Gives captured money back, all or a part, once per refund. `refunded` once this refund is made. */
  refund(refund: Refund): Awaitable<PaymentStatus>;
  /**
   * Makes sure that an event comes from the provider, and reads it; `undefined` if it is about nothing of the house.
   * What it throws means that the event is not the provider's. Without it the provider sends none.
   */
  verifyEvent?(event: SignedEvent): Awaitable<ProviderEvent | undefined>;
}

/** Milliseconds since 1970, as `Date.now`. If it throws or answers no number, `Date.now` is asked. */
export type Clock = () => number;
