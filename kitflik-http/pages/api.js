// The REST API. Refusals come as `Refused`, silence as `NoAnswer`; commands carry an `Idempotency-Key`, so that a
// double click, a retry or a reload does a thing once.

import { commandDone, commandKey, freshKey } from "./kept.js";

/** The server said no, and why. */
export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.seats = problem.seats ?? [];
    this.alternative = problem.alternative ?? null;
    this.errors = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed in a moment; nothing else is known of its outcome. */
  get passing() {
    return [502, 503, 504].includes(this.status) || ["contended", "payment_pending", "too_many_requests"].includes(this.code);
  }
}

/** There was no answer: no network, or no server. */
export class NoAnswer extends Error {}

/** Who was logged in is not any more. */
export class LoggedOut extends Error {}

let ahead = 0;

/** What time it is at the server: holds end by its clock. */
export const serverNow = () => Date.now() + ahead;

/** How long an answer is waited for. */
const PATIENCE = 15_000;

/** By a `session` if there is one: that knows the token for commands, and opens it again when it ran out. */
function ask(method, path, { session, ...options } = {}) {
  if (!session) return askOnce(method, path, options);
  return session.send((csrf) => askOnce(method, path, { ...options, cookies: true, csrf }));
}

async function askOnce(method, path, { body, authorization, key, cookies = false, csrf, headers = {} }) {
  // Cookies go where they are meant to, and nowhere else: a request says once who asks.
  const credentials = cookies ? "same-origin" : "omit";
  const init = { method, headers: { ...headers }, credentials, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
  if (csrf && method !== "GET") init.headers["X-CSRF-Token"] = csrf;
  if (authorization) init.headers.Authorization = authorization;
  if (key) init.headers["Idempotency-Key"] = key;
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw new NoAnswer(String(error));
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header has whole seconds, so half a second is the best guess of the rest.
  if (!Number.isNaN(date) && Math.abs(date + 500 - serverNow()) > 1500) ahead = date + 500 - Date.now();
  if (!response.ok && response.status !== 304) {
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status, problem, Number(response.headers.get("Retry-After")) || 1);
  }
  return response;
}

async function bodyOf(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw new NoAnswer(String(error));
  }
}

/** Reads. */
export async function get(path, options) {
  return bodyOf(await ask("GET", path, options));
}

/** Reads a text, such as a picture. */
export async function getText(path, options) {
  try {
    return await (await ask("GET", path, options)).text();
  } catch (error) {
    throw error instanceof Refused ? error : new NoAnswer(String(error));
  }
}

/** All items of a list, page by page, `most` at most. */
export async function getAll(path, most = 1000) {
  const items = [];
  let cursor = null;
  do {
    const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const page = await get(`${path}${path.includes("?") ? "&" : "?"}limit=100${next}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && items.length < most);
  return items;
}

/** Reads again what was read before: `null` if nothing changed. */
export async function getNewer(path, etag) {
  const response = await ask("GET", path, { headers: etag ? { "If-None-Match": etag } : {} });
  if (response.status === 304) return null;
  return { etag: response.headers.get("ETag"), body: await bodyOf(response) };
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const ATTEMPTS = 3;

/**
 * Does something. `name` tells commands apart: the same request under the same name keeps its key until its outcome
 * is known. (Without a name nothing of the request is kept: for those with a password in it.) What fails in passing is
 * tried again; what is still unknown then is thrown, and may be repeated.
 */
export async function command(name, method, path, { body, ...options } = {}) {
  const key = name ? commandKey(name, [method, path, body]) : freshKey();
  const known = () => name && commandDone(name);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await bodyOf(await ask(method, path, { body, ...options, key }));
      known();
      return answer;
    } catch (error) {
      const passing = error instanceof NoAnswer || (error instanceof Refused && error.passing);
      if (!passing) {
        known();
        throw error;
      }
      if (attempt === ATTEMPTS) throw error;
      await pause(Math.min(error.retryAfter ?? attempt, 5));
    }
  }
}
