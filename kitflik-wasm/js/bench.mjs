// What the crossing costs: the same calls in WebAssembly, made from JavaScript, and natively, made from Rust, in one
// run.
//
//   node kitflik-wasm/js/bench.mjs

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Kitflik, MemoryStorage, verifyTicket } from "kitflik";
import { GUEST, addShow, owner } from "./tests/support.mjs";

const workspace = fileURLToPath(new URL("../..", import.meta.url));
const ROWS = 40;
const SEATS = 50;
const rowName = (row) => String.fromCharCode(65 + Math.floor(row / 26), 65 + (row % 26));
const layout = Array.from({ length: ROWS }, (_, row) => `${rowName(row)}: ${"#".repeat(SEATS)}`).join("\n");

/** Microseconds of a call: the median of batches, after some that warm up. */
async function time(call, batches = 15, calls = 60) {
  const times = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const start = performance.now();
    for (let at = 0; at < calls; at += 1) await call();
    times.push(((performance.now() - start) * 1000) / calls);
  }
  return times.slice(3).sort((a, b) => a - b)[Math.floor((batches - 3) / 2)];
}

const kitflik = await Kitflik.open({
  storage: new MemoryStorage(),
  masterKey: "07".repeat(32),
  policy: { viewMaxAgeMillis: null },
});
const show = await addShow(kitflik, layout);
let next = 0;
const seat = () => `${rowName(Math.floor(next / SEATS))}${(next++ % SEATS) + 1}`;
const hold = () => kitflik.bookings.hold(GUEST, { show_id: show.id, seats: [seat()] });

const first = await hold();
await kitflik.bookings.confirm(owner(first), first.id, { payment: { provider: "counter" } });
const [ticket] = await kitflik.bookings.tickets(owner(first), first.id);
const measured = {
  "seats()": await time(() => kitflik.bookings.seats(show.id)),
  "hold()": await time(hold),
  "verifyTicket()": await time(() => verifyTicket(kitflik.ticketKey, ticket.token)),
};

const bench = ["bench", "--quiet", "--locked", "-p", "kitflik-wasm", "--bench", "native"];
const native = JSON.parse(
  execFileSync("cargo", bench, { cwd: workspace, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
);
console.log("call             from JavaScript       native    ratio");
for (const [name, micros] of Object.entries(measured)) {
  const ratio = (micros / native[name]).toFixed(1);
  console.log(
    `${name.padEnd(16)}${micros.toFixed(1).padStart(13)} µs${native[name].toFixed(1).padStart(10)} µs${ratio.padStart(9)}`,
  );
}
