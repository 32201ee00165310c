import { settle } from "./bridges.js";
import { told } from "./errors.js";
import type { Handle } from "./namespaces.js";

/** How the REST API is served. */
export interface HttpOptions {
  /** Pages of other origins may call the API from a browser. */
  cors?: boolean;
  /** The first part of the request ids that are made here. */
  instance?: string;
  /**
   * Where a request comes from: a header that a proxy in front of this program sets and clients cannot, such as
   * `CF-Connecting-IP` behind Cloudflare, or a function. If not given, no address is known.
   */
  clientAddress?: string | ((request: Request) => string | undefined);
}

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
      headers: [...request.headers],
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
    // A client that has gone away may have taken the body with it.
    reader?.cancel().catch(() => undefined);
  }
}
