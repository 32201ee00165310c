import type { ErrorCode, FieldError, SeatId } from "./wasm/kitflik.js";

/** What a refusal tells, as it crosses from WebAssembly. */
export interface Refusal {
  code: ErrorCode | (string & {});
  message: string;
  retryable: boolean;
  errors: FieldError[];
  seats: SeatId[];
  alternative: SeatId[] | null;
}

/** A refusal, with a stable `code`. Nothing was changed unless the code is `outcome_unknown`. */
export class KitflikError extends Error {
  override readonly name = "KitflikError";
  /** The stable name of the refusal, the same as in the REST API. */
  readonly code: ErrorCode | (string & {});
  /** The same call may succeed if it is simply made again. */
  readonly retryable: boolean;
  /** Each refused field, with its path. */
  readonly errors: FieldError[];
  /** The seats that the refusal is about. */
  readonly seats: SeatId[];
  /** Another choice of seats that would be allowed, if one is known. */
  readonly alternative: SeatId[] | null;

  constructor(refusal: Pick<Refusal, "code" | "message"> & Partial<Refusal>, options?: ErrorOptions) {
    super(refusal.message, options);
    this.code = refusal.code;
    this.retryable = refusal.retryable ?? false;
    this.errors = refusal.errors ?? [];
    this.seats = refusal.seats ?? [];
    this.alternative = refusal.alternative ?? null;
  }

  /** A refused field. */
  static field(path: string, detail: string): KitflikError {
    const errors = [{ path, code: "invalid", detail }];
    return new KitflikError({ code: "validation_failed", message: detail, errors });
  }

  /** From the text that crosses. */
  static from(text: string): KitflikError {
    return new KitflikError(JSON.parse(text) as Refusal);
  }
}

/**
 * What a storage throws from `commit` if it knows that nothing was written. Any other error from `commit` means that
 * the
 * batch may have been applied; any error from `read` means that nothing was read. An error of one's own with a
 * property `kitflik: "unavailable"` says the same.
 */
export class StorageUnavailable extends Error {
  override readonly name = "StorageUnavailable";
  readonly kitflik = "unavailable";
}

/**
 * What a mailer throws for a mail that will never be sent, such as one to an address that does not exist. Any other
 * error means that the mail is tried again later. An error of one's own with a property `kitflik: "refused"` says the
 * same.
 */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
  readonly kitflik = "refused";
}

/** What was thrown, in one line. */
export function told(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return "something that has no text was thrown";
  }
}

/** The property `kitflik` of what was thrown. */
export function marked(error: unknown): unknown {
  try {
    return (error as { kitflik?: unknown } | null | undefined)?.kitflik;
  } catch {
    return undefined;
  }
}
