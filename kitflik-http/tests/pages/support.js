// The real server and a real Chromium.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const KITFLIK = process.env.KITFLIK_BIN ?? new URL("../../../target/debug/kitflik", import.meta.url).pathname;
export const STAFF = { email: "boss@kitflik.example", password: "correct horse battery" };

/** Without what asks other hosts by itself; no sandbox, as containers run as root. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** What cannot run says so in one line, and fails. */
for (const [file, help] of [
  [CHROMIUM, "install the package chromium, or name another in CHROMIUM"],
  [KITFLIK, "cargo build --locked makes it, KITFLIK_BIN names another"],
]) {
  if (!existsSync(file)) {
    process.stderr.write(`the tests of the pages cannot run: ${file} is missing: ${help}\n`);
    process.exit(1);
  }
}

/** A server of its own, with the demo cinema. */
export async function startServer() {
  const data = mkdtempSync(join(tmpdir(), "kitflik-pages-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("KITFLIK_")));
  Object.assign(env, { KITFLIK_RATE_LIMITS: "off", KITFLIK_LOG: "warn", KITFLIK_STAFF_EMAIL: STAFF.email, KITFLIK_STAFF_PASSWORD: STAFF.password });
  const child = spawn(KITFLIK, ["--listen", "127.0.0.1:0", "--data", join(data, "store")], { cwd: data, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  const lines = [];
  const base = await new Promise((found, failed) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      lines.push(line);
      if (line.startsWith("listening on ")) found(line.slice("listening on ".length));
    });
    ended.then((code) => failed(new Error(`the server ended with ${code}: ${lines.join(" | ")}`)));
  });
  return {
    base,
    lines,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export async function startBrowser() {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
}

/** Somebody with a browser of their own, and what must not happen in it. */
export async function visitor(browser, base, options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
  context.setDefaultTimeout(15_000);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`the policy of the page forbids ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    // The browser notes each refusal of the API, which pages are there to tell.
    const refusal = /^Failed to load resource: (the server responded with a status of (4\d\d|503)|net::ERR_FAILED)/.test(message.text());
    if (refusal && message.location().url.startsWith(`${base}/v1/`)) return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith(`blob:${base}/`) && !url.startsWith("data:")) faults.push(`request to ${url}`);
  });
  return { page, context, faults };
}

/** Asks the API from outside of any page. */
export async function api(base, path, { method = "GET", body, authorization, headers: more } = {}) {
  const headers = { ...(body && { "content-type": "application/json" }), ...(authorization && { authorization }), ...more };
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** The coming shows of a hall, the last first: they do not begin during the tests. */
export async function showsIn(base, hall) {
  const shows = [];
  for (const movie of (await api(base, "/v1/movies?limit=100")).items) {
    shows.push(...(await api(base, `/v1/movies/${movie.id}/shows?limit=100`)).items);
  }
  return shows.filter((show) => show.auditorium.name === hall).sort((one, other) => other.starts_at.localeCompare(one.starts_at));
}

export const seat = (page, id) => page.locator(`seat-map [data-seat="${id}"]`);

/** What assistive technology is told is chosen. */
export const chosen = (page) => page.locator('seat-map [aria-checked="true"]').evaluateAll((seats) => seats.map((one) => one.dataset.seat));

/** A session is in cookies that no script reads and no other site sends; nothing else of it is kept. */
export async function keepsNoSecret(page, password, name) {
  const stored = await page.evaluate(() => JSON.stringify(sessionStorage) + JSON.stringify(localStorage) + document.cookie);
  assert.ok(!stored.includes(password) && !stored.includes("eyJ"), stored);
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map((cookie) => cookie.name).sort(), [name, `${name}-refresh`]);
  for (const { value, httpOnly, sameSite } of cookies) {
    assert.deepEqual([httpOnly, sameSite, stored.includes(value)], [true, "Strict", false]);
  }
}

/** What the app shows during a half minute (RFC 6238). */
export function oneTimeCode(secret, step) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
