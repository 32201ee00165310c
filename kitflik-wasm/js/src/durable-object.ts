// Cloudflare's Durable Objects: `kitflik/durable-object`.

import { told, StorageUnavailable } from "./errors.js";
import type { Kitflik as Engine, OpenOptions } from "./kitflik.js";
import type { Storage, StoredRow } from "./ports.js";
import type { Batch, Check, Commit, Read } from "./wasm/kitflik.js";
import { Kitflik } from "./workerd.js";

/** What is asked of `ctx.storage` of an object with SQLite. */
export interface ObjectStorage {
  sql: { exec(query: string, ...bindings: unknown[]): { toArray(): unknown[] } };
  transactionSync<T>(closure: () => T): T;
  getAlarm(): Promise<number | null>;
  setAlarm(time: number): void | Promise<void>;
}

type Found = { key: string; value: ArrayBuffer; version: number };

/**
 * Storage in the SQLite of a Durable Object.
 *
 * It is synchronous: while it reads or writes nothing else runs in the object, so a call's reads are one snapshot,
 * and a
 * batch is one transaction. It makes no difference between durable and relaxed batches: Cloudflare holds back whatever
 * an object sends, answers and requests alike, until all that it wrote before is on stable media in several places (the
 * *output gate*). So nobody outside ever sees an acknowledgement that a failure could take back, and waiting for
 * `sync()` here would only let other requests in between. Never write with `allowUnconfirmed` in the same object.
 */
export class DurableObjectStorage implements Storage {
  readonly #storage: ObjectStorage;

  /** Over `ctx.storage`. Makes its two tables if they are not there: `kitflik` and `kitflik_version`. */
  constructor(storage: ObjectStorage) {
    this.#storage = storage;
    storage.transactionSync(() => {
      // Without a rowid a row costs one write, and scans need no second look-up.
      this.#exec(
        "CREATE TABLE IF NOT EXISTS kitflik (key TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID",
      );
      this.#exec(
        "CREATE TABLE IF NOT EXISTS kitflik_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
      );
      this.#exec("INSERT OR IGNORE INTO kitflik_version (id, version) VALUES (1, 0)");
    });
  }

  read(reads: Read[]): StoredRow[][] {
    return reads.map((read) => {
      if (read.op === "get") {
        return this.#exec<Found>("SELECT key, value, version FROM kitflik WHERE key = ?", read.key);
      }
      const order = read.reverse ? "DESC" : "ASC";
      const query = `SELECT key, value, version FROM kitflik WHERE key >= ? AND key < ? ORDER BY key ${order} LIMIT ?`;
      return this.#exec<Found>(query, read.start, read.end, read.limit);
    });
  }

  commit(batch: Batch): Commit {
    let done = false;
    try {
      return this.#storage.transactionSync(() => {
        const outcome = this.#apply(batch);
        done = true;
        return outcome;
      });
    } catch (error) {
      // What fails within the transaction is rolled back. What fails at its end may not be.
      throw done ? error : new StorageUnavailable(told(error), { cause: error });
    }
  }

  #apply({ checks, writes }: Batch): Commit {
    const failed = checks.find((check) => !this.#holds(check));
    if (failed !== undefined) {
      return { outcome: "conflict", key: failed.key };
    }
    const [counter] = this.#exec<{ version: number }>(
      "UPDATE kitflik_version SET version = version + 1 RETURNING version",
    );
    const version = counter!.version;
    for (const write of writes) {
      if (write.op === "put") {
        this.#exec(
          "INSERT OR REPLACE INTO kitflik (key, value, version) VALUES (?, ?, ?)",
          write.key,
          write.value,
          version,
        );
      } else {
        this.#exec("DELETE FROM kitflik WHERE key = ?", write.key);
      }
    }
    return { outcome: "applied", version };
  }

  #holds(check: Check): boolean {
    const [row] = this.#exec<{ version: number }>("SELECT version FROM kitflik WHERE key = ?", check.key);
    return check.op === "absent" ? row === undefined : row?.version === check.version;
  }

  #exec<Row>(query: string, ...bindings: unknown[]): Row[] {
    return this.#storage.sql.exec(query, ...bindings).toArray() as Row[];
  }
}

/** What a house in a Durable Object is opened with. */
export interface HouseOptions extends Omit<OpenOptions, "storage"> {
  /** The secret of all houses, from the Worker's secrets. Each derives its own from it and the object's id. */
  masterKey: string | Uint8Array;
  /** Called each time the house is opened, before its first request: makes the first staff account, imports a programme. */
  opened?: (kitflik: Engine) => Promise<void>;
}

/** What the class of a Durable Object is given. */
export interface ObjectState {
  id: { toString(): string };
  storage: ObjectStorage;
}

/** A Durable Object that serves a house. */
export interface KitflikObject {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
  /** The engine, for more of your own: opened at the first call. */
  kitflik(): Promise<Engine>;
}

/** Somebody who has just bought waits for the mail: work that a command may have left is looked for this soon. */
const LOOK = 1_000;
/** How long a storage or an engine that failed is left alone. */
const PAUSE = 5_000;

/**
 * Makes the class of a Durable Object that serves one house: its `fetch` is the REST API, its alarm does the background
 * work. The object must have SQLite (`new_sqlite_classes`).
 */
export function kitflikObject<Env>(
  options: (env: Env) => HouseOptions,
): new (ctx: ObjectState, env: Env) => KitflikObject {
  return class implements KitflikObject {
    readonly #alarms: Alarms;
    readonly #open: () => Promise<Engine>;
    #engine: Promise<Engine> | undefined;

    constructor(ctx: ObjectState, env: Env) {
      const storage = new DurableObjectStorage(ctx.storage);
      this.#alarms = new Alarms(ctx.storage);
      this.#open = async () => {
        const { opened, policy: chosen, masterKey: shared, ...rest } = options(env);
        // Nobody else writes to an object's storage.
        const policy = { viewMaxAgeMillis: null, ...chosen };
        const masterKey = await ownKey(shared, ctx.id.toString());
        const kitflik = await Kitflik.open({ ...rest, masterKey, storage, policy });
        await opened?.(kitflik);
        // What was left undone when the object was last put away.
        await this.#alarms.within(LOOK);
        return kitflik;
      };
    }

    async kitflik(): Promise<Engine> {
      const known = this.#engine;
      // Of several that waited for the broken one, the first opens the next, and the others get that.
      if (known !== undefined && (await known).broken && this.#engine === known) {
        this.#engine = undefined;
      }
      this.#engine ??= this.#open().catch((error: unknown) => {
        this.#engine = undefined;
        throw error;
      });
      return this.#engine;
    }

    async fetch(request: Request): Promise<Response> {
      const response = await (await this.kitflik()).handler(request);
      if (request.method !== "GET" && request.method !== "HEAD") {
        await this.#alarms.within(LOOK);
      }
      return response;
    }

    async alarm(): Promise<void> {
      this.#alarms.rang();
      try {
        const next = await (await this.kitflik()).tick();
        if (next !== null) {
          await this.#alarms.within(next - Date.now());
        }
      } catch (error) {
        // An alarm that throws is repeated a few times only: work must not be forgotten.
        console.error(`kitflik: background work has to wait: ${told(error)}`);
        await this.#alarms.within(PAUSE);
      }
    }
  };
}

/** A key for one house: a token of another must not pass. What is no key is left for the engine to refuse. */
async function ownKey(shared: unknown, house: string): Promise<string | Uint8Array> {
  const bytes =
    typeof shared === "string" && /^[0-9a-f]{64}$/i.test(shared.trim())
      ? Uint8Array.from(shared.trim().match(/../g)!, (pair) => parseInt(pair, 16))
      : shared;
  if (!(bytes instanceof Uint8Array) || bytes.length !== 32) {
    return shared as string;
  }
  const material = await crypto.subtle.importKey("raw", new Uint8Array(bytes), "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(`kitflik house 1 ${house}`);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, material, 256));
}

/** The alarm of an object: there is one, and setting it is a write. */
class Alarms {
  readonly #storage: ObjectStorage;
  /** When it rings, as far as is known; `null` if it does not. */
  #at: number | null | undefined;

  constructor(storage: ObjectStorage) {
    this.#storage = storage;
  }

  /** Sees to it that the alarm rings within so many milliseconds. Where it does already, nothing is written. */
  async within(millis: number): Promise<void> {
    const wanted = Date.now() + Math.max(millis, 0);
    this.#at ??= await this.#storage.getAlarm();
    if (this.#at === null || this.#at > wanted) {
      this.#at = wanted;
      await this.#storage.setAlarm(wanted);
    }
  }

  /** It rings: it is no longer set. */
  rang(): void {
    this.#at = null;
  }
}
