// Workers as they are deployed: bundled by wrangler from the package as it is published, run by workerd.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { MASTER_KEY } from "./support.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules", ".bin", name);

/** The package as npm would publish it, in a file. */
export function pack(into) {
  const [{ filename }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
      cwd: root,
      encoding: "utf8",
    }),
  );
  return join(into, filename);
}

/** Installs it beside whatever is in a directory. It has no dependencies, so no registry is asked. */
export function install(directory, tarball) {
  const quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--offline", "--loglevel=error"];
  execFileSync("npm", ["install", ...quiet, tarball], { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
}

/** A directory that goes with the process. */
export function temporary() {
  const directory = mkdtempSync(join(tmpdir(), "kitflik-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Bundles a Worker. Answers what Miniflare needs to run it. */
export function bundle(source) {
  const directory = temporary();
  cpSync(source, directory, { recursive: true, filter: (path) => !/package(-lock)?\.json$|node_modules/.test(path) });
  install(directory, pack(temporary()));
  const out = join(directory, "out");
  execFileSync(bin("wrangler"), ["deploy", "--dry-run", "--outdir", out], {
    cwd: directory,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error", CI: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const files = readdirSync(out);
  const wasm = files.filter((name) => name.endsWith(".wasm"));
  return {
    compatibilityDate: "2026-04-01",
    modulesRoot: out,
    modules: [
      { type: "ESModule", path: join(out, "index.js") },
      ...wasm.map((name) => ({ type: "CompiledWasm", path: join(out, name) })),
    ],
    bindings: { MASTER_KEY },
  };
}

/** Starts a Worker on a port of its own. */
export async function start(options) {
  const miniflare = new Miniflare({ host: "127.0.0.1", port: 0, ...options });
  const url = (await miniflare.ready).origin;
  return { url, at: (host, path) => miniflare.dispatchFetch(`http://${host}${path}`), stop: () => miniflare.dispose() };
}

export const example = join(root, "..", "..", "examples", "worker");
export const testWorker = join(root, "tests", "worker");
