// How the engine's namespaces call it: with texts, whose answers they give their types.

import { KitflikError, told } from "./errors.js";
import type * as wire from "./wasm/kitflik.js";
import { broken, type Runtime } from "./runtime.js";

/** How a command is sent. */
export interface Command {
  /**
   * The name of this command, so that a repeat has no second effect and gets the first answer, for 24 hours. 1 to 128
   * characters. All guests share one space of names: make a random one, such as `crypto.randomUUID()`.
   */
  idempotencyKey?: string | undefined;
}

/** How a command is sent that strangers may try. */
export interface Attempt extends Command {
  /**
   * The network address that it comes from, such as `CF-Connecting-IP` has it: failed attempts are counted for it too.
   * Without one they are counted for the account alone.
   */
  address?: string | undefined;
}

/** The `revision` of the view that an editor has seen; `null` changes whatever is there. */
export type Revision = number | null;

export type Engine = wire.Engine;

/** An engine and the instance that it lives in. */
export class Handle {
  constructor(
    readonly runtime: Runtime,
    readonly engine: Engine,
    readonly generation: number = runtime.generation,
  ) {}

  async raw(begin: (engine: Engine) => number): Promise<unknown> {
    return this.runtime.run(this.generation, () => begin(this.engine));
  }

  /** Asks what needs no storage. */
  ask<T>(question: (engine: Engine) => T): T {
    if (this.generation !== this.runtime.generation) {
      throw broken();
    }
    return this.runtime.guard(() => question(this.engine));
  }

  async call<T>(begin: (engine: Engine) => number): Promise<T> {
    return JSON.parse((await this.raw(begin)) as string) as T;
  }
}

/** A request as it crosses. */
export function text(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    throw KitflikError.field("", `the request cannot be written as JSON: ${told(error)}`);
  }
}

/** A revision as it crosses. JSON would make `null` of one that was forgotten, and change whatever is there. */
export function seen(revision: Revision): string {
  if (revision !== null && !(Number.isSafeInteger(revision) && revision >= 0)) {
    throw KitflikError.field("revision", "revision must be that of a view, or null to change whatever is there");
  }
  return text(revision);
}

/** An id or a token: whatever it is, it crosses as a string. */
export const name = (value: unknown): string => String(value);

export function key(command: Command | undefined): string | undefined {
  const given = command?.idempotencyKey;
  if (given !== undefined && typeof given !== "string") {
    throw KitflikError.field("idempotencyKey", "idempotencyKey must be a string");
  }
  return given;
}

export function from(attempt: Attempt | undefined): string | undefined {
  const given = attempt?.address;
  if (given !== undefined && typeof given !== "string") {
    throw KitflikError.field("address", "address must be a string");
  }
  return given;
}

/** What may be left out. */
export const optional = (value: unknown): string | undefined => (value === undefined ? undefined : name(value));
