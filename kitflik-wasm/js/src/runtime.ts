import { KitflikError, told } from "./errors.js";
import type * as wasm from "./wasm/kitflik.js";

/** What wasm-bindgen makes of the engine. */
export type Binding = typeof wasm;

type Settle = { resolve: (value: unknown) => void; reject: (error: KitflikError) => void };

/**
 * The one instance of the WebAssembly module, and what is under way in it.
 *
 * Every call into it goes through `guard`, so that a panic (a trap) is always caught here: then whatever is pending is
 * rejected, later calls of the engines of that instance are rejected at once, and a fresh instance takes the place of
 * the broken one for engines that are opened from then on.
 */
export class Runtime {
  readonly binding: Binding;
  readonly #load: () => WebAssembly.Module | Promise<WebAssembly.Module>;
  readonly #tasks = new Map<number, Settle>();
  #started: Promise<void> | undefined;
  #generation = 0;
  #depth = 0;
  #panic: string | undefined;
  #broken = false;

  constructor(binding: Binding, load: () => WebAssembly.Module | Promise<WebAssembly.Module>) {
    this.binding = binding;
    this.#load = load;
  }

  /** Loads the module, once. A failure is not kept: the next call tries again. */
  start(): Promise<void> {
    this.#started ??= this.#begin().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  async #begin(): Promise<void> {
    // Not a promise where it need not be: Workers compile nothing themselves.
    this.binding.initSync({ module: await this.#load() });
    this.#install();
  }

  #install(): void {
    this.binding.install({
      wake: (task: number) =>
        queueMicrotask(() => {
          try {
            this.#poll(task);
          } catch {
            // `guard` has rejected the task.
          }
        }),
      settle: (task: number, ok: boolean, value: unknown) => {
        const settle = this.#tasks.get(task);
        this.#tasks.delete(task);
        if (ok) {
          settle?.resolve(value);
        } else {
          settle?.reject(KitflikError.from(value as string));
        }
      },
      panicked: (message: string) => {
        this.#panic ??= message;
      },
      log: (level: "error" | "warn" | "info", message: string) => console[level](`kitflik: ${message}`),
    });
  }

  /** Tells engines of this instance from those of one that broke. */
  get generation(): number {
    return this.#generation;
  }

  /** Resumes what waits in the instance of now. Once that has ended, it does nothing. */
  resume(): (place: number) => void {
    const generation = this.#generation;
    return (place) => {
      if (generation === this.#generation) {
        this.guard(() => this.binding.resume(place));
      }
    };
  }

  /** Calls into WebAssembly. What a call refuses is thrown as a `KitflikError`. */
  guard<T>(call: () => T): T {
    if (this.#broken) {
      throw broken();
    }
    this.#depth += 1;
    try {
      return call();
    } catch (error) {
      if (error instanceof KitflikError) {
        throw error;
      }
      if (typeof error === "string") {
        throw KitflikError.from(error);
      }
      throw this.#break(error);
    } finally {
      this.#depth -= 1;
      // Not before the last call into the broken instance has come back.
      if (this.#broken && this.#depth === 0) {
        this.#renew();
      }
    }
  }

  /** Runs a task to its end. `begin` starts it and answers its number. */
  run(generation: number, begin: () => number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (generation !== this.#generation) {
        throw broken();
      }
      const task = this.guard(begin);
      this.#tasks.set(task, { resolve, reject });
      this.#poll(task);
    });
  }

  #poll(task: number): void {
    // A task of an instance that broke meanwhile is no longer there.
    if (this.#tasks.has(task)) {
      this.guard(() => this.binding.poll(task));
    }
  }

  #break(error: unknown): KitflikError {
    this.#broken = true;
    this.#generation += 1;
    const what = this.#panic ?? told(error);
    console.error(`kitflik: the engine panicked: ${what}`);
    const failure = new KitflikError({ code: "internal", message: `the engine panicked: ${what}` }, { cause: error });
    const pending = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const { reject } of pending) {
      reject(failure);
    }
    return failure;
  }

  #renew(): void {
    this.#broken = false;
    this.#panic = undefined;
    this.binding.__wbg_reset_state();
    this.#install();
  }
}

export function broken(): KitflikError {
  return new KitflikError({
    code: "internal",
    message: "the engine has panicked: open a new one over the same storage",
  });
}
