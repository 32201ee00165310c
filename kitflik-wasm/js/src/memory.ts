import type { Storage, StoredRow } from "./ports.js";
import type { Batch, Check, Commit, Read } from "./wasm/kitflik.js";

/** Storage in memory: for tests and demos. All is gone with the object. */
export class MemoryStorage implements Storage {
  readonly #rows = new Map<string, { value: Uint8Array; version: number }>();
  /** The keys of the rows, in order. */
  readonly #keys: string[] = [];
  #version = 0;

  read(reads: Read[]): StoredRow[][] {
    return reads.map((read) => {
      if (read.op === "get") {
        return this.#rows.has(read.key) ? [this.#row(read.key)] : [];
      }
      const keys = this.#keys.slice(this.#place(read.start), this.#place(read.end));
      const chosen = read.reverse ? keys.reverse() : keys;
      return chosen.slice(0, read.limit).map((key) => this.#row(key));
    });
  }

  commit({ checks, writes }: Batch): Commit {
    const failed = checks.find((check) => !this.#holds(check));
    if (failed !== undefined) {
      return { outcome: "conflict", key: failed.key };
    }
    const version = ++this.#version;
    for (const write of writes) {
      const place = this.#place(write.key);
      const there = this.#keys[place] === write.key;
      if (write.op === "put") {
        if (!there) {
          this.#keys.splice(place, 0, write.key);
        }
        this.#rows.set(write.key, { value: write.value, version });
      } else if (there) {
        this.#keys.splice(place, 1);
        this.#rows.delete(write.key);
      }
    }
    return { outcome: "applied", version };
  }

  #holds(check: Check): boolean {
    const row = this.#rows.get(check.key);
    return check.op === "absent" ? row === undefined : row?.version === check.version;
  }

  #row(key: string): StoredRow {
    return { key, ...this.#rows.get(key)! };
  }

  /** The place of the first key that is not before this one. Keys are ASCII: strings compare as their bytes. */
  #place(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
