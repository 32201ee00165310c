import { settle } from "./bridges.js";
import { told } from "./errors.js";
import type { Handle } from "./namespaces.js";

/** How the REST API is served. */
export interface HttpOptions {
  /** Pages of other origins may call the API from a browser. */
  cors?: boolean;
  /** Browsers come by https only: the cookies of their sessions go by nothing else. */
  https?: boolean;
  /** The first part of the request ids that are made here. */
  instance?: string;
  /**
   * Where a request comes from: a header that a proxy in front of this program sets and clients cannot, such as
   * `CF-Connecting-IP` behind Cloudflare, or a function. If not given, no address is known.
   */
  clientAddress?: string | ((request: Request) => string | undefined);
}

/** How much of a body that nobody wants is read all the same, in bytes: the limit of most bodies. */
const SMALL = 64 * 1024;

/** Answers to these have no body, whatever the router says. */
const BODILESS = [101, 204, 205, 304];

/** Sends a request through the router. It never rejects. */
export async function answer(
  handle: Handle,
  client: HttpOptions["clientAddress"],
  request: Request,
): Promise<Response> {
  const reader = request.body?.getReader();
  try {
    const url = new URL(request.url);
    const resume = handle.runtime.resume();
    const head = JSON.stringify({
      method: request.method,
      target: url.pathname + url.search,
      // Some runtimes read headers as UTF-8 and have characters that are no bytes: none of them is in a good header.
      headers: [...request.headers].map(([name, value]) => [name, value.replace(/[^\0-\xff]/g, "\xff")]),
      clientAddress: typeof client === "function" ? client(request) : client && request.headers.get(client),
    });
    const body = reader && {
      // The router reads as far as it wants: a body that is too large, or not wanted, stays where it is.
      read: () =>
        settle<ReadableStreamReadResult<Uint8Array>, Uint8Array | string | undefined>(
          resume,
          () => reader.read(),
          ({ value }) => value,
          told,
        ),
    };
    const parts = (await handle.raw((engine) => engine.fetch(head, body))) as [string, Uint8Array<ArrayBuffer>];
    const { status, headers } = JSON.parse(parts[0]) as { status: number; headers: [string, string][] };
    const none = request.method === "HEAD" || BODILESS.includes(status);
    return new Response(none ? null : parts[1], { status, headers });
  } catch (error) {
    console.error(`kitflik: a request could not be answered: ${told(error)}`);
    const problem = {
      type: "urn:kitflik:problem:internal",
      title: "Internal error",
      status: 500,
      code: "internal",
      detail: "something is broken here; the operator can find it in the log",
    };
    const headers = { "content-type": "application/problem+json", "cache-control": "no-store" };
    return new Response(JSON.stringify(problem), { status: 500, headers });
  } finally {
    await leave(reader);
  }
}

/**
 * Reads what is left of a small body, for a server may close the connection of a request whose body nobody read, while
 * the client sends the next one on it. A large one is broken off. The client may be gone, and the body with it.
 */
async function leave(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  try {
    for (let left = SMALL; reader && left > 0; ) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.byteLength;
    }
    await reader?.cancel();
  } catch {
    // It is over either way.
  }
}
