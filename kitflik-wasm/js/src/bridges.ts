// What stands between a host's objects and WebAssembly. A bridge never throws and its promises are always kept.

import { marked, told } from "./errors.js";
import type { Awaitable, Clock, Mailer, Payments, Storage, StoredRow } from "./ports.js";
import type { Batch, Check, Commit, Durability, Email, Write } from "./wasm/kitflik.js";

/** A value that is there, or comes later; then whoever waits in WebAssembly is resumed. */
interface Given<T> {
  done: boolean;
  value: T | undefined;
  waiting: number | undefined;
}

/** Says to the instance that called that a value is there. */
export type Resume = (place: number) => void;

/** Calls, awaits if there is something to await, and turns what was thrown into an answer. */
export function settle<T, R>(
  resume: Resume,
  call: () => Awaitable<T>,
  done: (value: T) => R,
  failed: (error: unknown) => R,
): Given<R> {
  const given: Given<R> = { done: false, value: undefined, waiting: undefined };
  const keep = (value: R) => {
    given.done = true;
    given.value = value;
    if (given.waiting !== undefined) {
      resume(given.waiting);
    }
  };
  try {
    const answer = call();
    const then = answer === null || answer === undefined ? undefined : (answer as PromiseLike<T>).then;
    if (typeof then === "function") {
      void Promise.resolve(answer).then(done).catch(failed).then(keep);
    } else {
      keep(done(answer as T));
    }
  } catch (error) {
    keep(failed(error));
  }
  return given;
}

/** An answer that is not one. */
class Junk extends Error {
  override readonly name = "an answer that is not allowed";
}

type Packed = [text: string, values: Uint8Array];

type Skeleton = {
  checks: Check[];
  writes: ({ op: "put"; key: string; length: number } | { op: "delete"; key: string })[];
  durability: Durability;
};

export function storageBridge(storage: Storage, resume: Resume) {
  const refusal = (error: string, reason: unknown) => JSON.stringify({ error, reason: told(reason) });
  const known = (error: unknown, otherwise: string) => {
    const mark = marked(error);
    return mark === "unavailable" || mark === "corrupt" ? mark : otherwise;
  };
  const unread = (error: unknown): Packed => {
    const kind = error instanceof Junk ? "corrupt" : known(error, "unavailable");
    return [refusal(kind, error), new Uint8Array()];
  };
  return {
    read: (text: string) => settle(resume, () => storage.read(JSON.parse(text)), pack, unread),
    commit: (text: string, values: Uint8Array) =>
      settle(
        resume,
        () => storage.commit(unpack(JSON.parse(text), values)),
        (outcome) => JSON.stringify(checked(outcome)),
        (error) => refusal(known(error, "indeterminate"), error),
      ),
  };
}

function unpack({ checks, writes, durability }: Skeleton, values: Uint8Array): Batch {
  let from = 0;
  const change = (write: Skeleton["writes"][number]): Write => {
    if (write.op === "delete") {
      return write;
    }
    // A copy: `values` is the memory of WebAssembly, and gone after this call.
    const value = values.slice(from, from + write.length);
    from += write.length;
    return { op: "put", key: write.key, value };
  };
  return { checks, writes: writes.map(change), durability };
}

function pack(answers: StoredRow[][]): Packed {
  const list = (what: unknown, name: string): unknown[] => {
    if (!Array.isArray(what)) {
      throw new Junk(`${name} must be a list, found ${shown(what)}`);
    }
    return what;
  };
  const values: Uint8Array[] = [];
  let total = 0;
  const row = (given: unknown) => {
    const { key, value, version } = (given ?? {}) as Partial<StoredRow>;
    if (typeof key !== "string") {
      throw new Junk(`the key of a row must be a string, found ${shown(key)}`);
    }
    if (!Number.isSafeInteger(version) || (version as number) < 0) {
      throw new Junk(`the version of ${key} must be an integer from 0 to 2^53 - 1, found ${shown(version)}`);
    }
    const bytes =
      value instanceof Uint8Array ? value : value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
    if (bytes === undefined) {
      throw new Junk(`the value of ${key} must be a Uint8Array, found ${shown(value)}`);
    }
    values.push(bytes);
    total += bytes.length;
    return [key, version, bytes.length];
  };
  const rows = list(answers, "what read answers").map((found) => list(found, "the rows of a question").map(row));
  const joined = new Uint8Array(total);
  let at = 0;
  for (const value of values) {
    joined.set(value, at);
    at += value.length;
  }
  return [JSON.stringify(rows), joined];
}

function checked(outcome: Commit): Commit {
  const given = (outcome ?? {}) as { outcome?: unknown; version?: unknown; key?: unknown };
  if (given.outcome === "applied" && Number.isSafeInteger(given.version) && (given.version as number) >= 0) {
    return { outcome: "applied", version: given.version as number };
  }
  if (given.outcome === "conflict" && typeof given.key === "string") {
    return { outcome: "conflict", key: given.key };
  }
  throw new Junk(
    `commit must answer {outcome: "applied", version} or {outcome: "conflict", key}, found ${shown(outcome)}`,
  );
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? typeof value).slice(0, 80);
  } catch {
    return typeof value;
  }
}

export function mailerBridge(mailer: Mailer, resume: Resume) {
  type Parts = Omit<Email, "attachments"> & { attachments: Email["attachments"]; lengths: number[] };
  const whole = ({ lengths, ...email }: Parts, contents: Uint8Array): Email => {
    let from = 0;
    const attachments = email.attachments.map((attached, at) => {
      const content = contents.slice(from, from + lengths[at]!);
      from += content.length;
      return { ...attached, content };
    });
    return { ...email, attachments };
  };
  return {
    send: (text: string, contents: Uint8Array) =>
      settle<void, string | undefined>(
        resume,
        () => mailer.send(whole(JSON.parse(text), contents)),
        () => undefined,
        (error) => {
          const kind = marked(error) === "refused" ? "permanent" : "temporary";
          return JSON.stringify({ error: kind, reason: told(error) });
        },
      ),
  };
}

/** A provider has no such method. */
const MISSING = Symbol("missing");

export function paymentsBridge(payments: Payments, resume: Resume) {
  return {
    call: (method: keyof Payments, text: string) =>
      settle(
        resume,
        (): Awaitable<unknown> => {
          const verb = payments[method] as ((...list: unknown[]) => Awaitable<unknown>) | undefined;
          return verb === undefined ? MISSING : verb.apply(payments, JSON.parse(text) as unknown[]);
        },
        (status) => JSON.stringify(status === MISSING ? { missing: true } : { status: status ?? null }),
        (error) => JSON.stringify({ reason: told(error) }),
      ),
  };
}

export function clockBridge(clock: Clock | undefined) {
  if (clock === undefined) {
    return { now: () => Date.now() };
  }
  return {
    now: () => {
      try {
        const now = clock();
        return typeof now === "number" && Number.isFinite(now) ? now : Date.now();
      } catch {
        return Date.now();
      }
    },
  };
}
