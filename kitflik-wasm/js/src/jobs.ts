// What the house does by itself.

import { type Command, type Handle, key, text } from "./call.js";
import type * as wire from "./wasm/kitflik.js";

/** What the house does by itself, by the clock. */
export class Jobs {
  readonly #handle: Handle;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Every job, as it stands. For admins and managers. */
  async list(actor: wire.Actor): Promise<wire.JobView[]> {
    return this.#handle.call((engine) => engine.jobsList(text(actor)));
  }

  /** Has a job begin nothing, and go on with nothing, until it is resumed. */
  async pause(actor: wire.Actor, job: wire.JobKind, command?: Command): Promise<wire.JobView> {
    return this.#change(actor, job, "pause", command);
  }

  /** Ends a pause. Times that fell into it are not made up for. */
  async resume(actor: wire.Actor, job: wire.JobKind, command?: Command): Promise<wire.JobView> {
    return this.#change(actor, job, "resume", command);
  }

  /** Begins a run, beside those that are due; `tick` goes on with it. */
  async runNow(actor: wire.Actor, job: wire.JobKind, command?: Command): Promise<wire.JobView> {
    return this.#change(actor, job, "run", command);
  }

  async #change(actor: wire.Actor, job: wire.JobKind, verb: string, command?: Command): Promise<wire.JobView> {
    return this.#handle.call((engine) => engine.jobsChange(text(actor), text(job), verb, key(command)));
  }
}
