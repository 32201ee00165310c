// Certifies storage adapters: `kitflik/testing`.

import { storageBridge } from "./bridges.js";
import { KitflikError } from "./errors.js";
import type { Awaitable, Storage, StoredRow } from "./ports.js";
import type { Runtime } from "./runtime.js";
import type * as testing from "./wasm/kitflik_testing.js";
import type { Batch, Commit, Read } from "./wasm/kitflik.js";

/** How one case ended. */
export interface CaseOutcome {
  /** The name of the case, a sentence in snake case. */
  name: string;
  /** What the storage did wrong, if it did. */
  failure: string | null;
}

/** The suite, over an instance of the wasm. */
export function conformanceOver(runtime: Runtime) {
  const binding = runtime.binding as unknown as typeof testing;

  /** The names of all cases. */
  async function conformanceCases(): Promise<string[]> {
    await runtime.start();
    return runtime.guard(() => binding.conformanceCases());
  }

  /** Runs one case. Its keys begin with `conformance/`; nobody else may write there meanwhile. */
  async function conformanceCase(storage: Storage, name: string): Promise<CaseOutcome> {
    await runtime.start();
    const resume = runtime.resume();
    try {
      await runtime.run(runtime.generation, () => binding.conformanceRun(storageBridge(storage, resume), String(name)));
      return { name, failure: null };
    } catch (error) {
      if (error instanceof KitflikError) {
        return { name, failure: error.message };
      }
      throw error;
    }
  }

  /** Runs all cases, one after the other. */
  async function conformance(storage: Storage): Promise<CaseOutcome[]> {
    const outcomes: CaseOutcome[] = [];
    for (const name of await conformanceCases()) {
      outcomes.push(await conformanceCase(storage, name));
    }
    return outcomes;
  }

  /** The answer to an input of the shared vectors, `kitflik-core/tests/vectors.json`. */
  async function vectorAnswer(kind: string, input: unknown): Promise<unknown> {
    await runtime.start();
    const text = JSON.stringify(input ?? null);
    const answer = await runtime.run(runtime.generation, () => binding.vectorAnswer(String(kind), text));
    return JSON.parse(answer as string);
  }

  /** Panics in the engine, at once or after an await: for tests of what follows. */
  async function provokePanic(late: boolean): Promise<never> {
    await runtime.start();
    return (await runtime.run(runtime.generation, () => binding.provokePanic(late))) as never;
  }

  return { conformance, conformanceCase, conformanceCases, provokePanic, vectorAnswer };
}

/** A storage that applies every batch, whatever its checks say: a suite that it passes is worth nothing. */
export class ChecksOff implements Storage {
  constructor(readonly storage: Storage) {}

  read(reads: Read[]): Awaitable<StoredRow[][]> {
    return this.storage.read(reads);
  }

  commit(batch: Batch): Awaitable<Commit> {
    return this.storage.commit({ ...batch, checks: [] });
  }
}
