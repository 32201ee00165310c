// Serves the example Worker until it is told to end: for the API suite of kitflik-http.

import { bundle, example, start, temporary } from "./worker.mjs";

const { bindings, ...options } = bundle(example);
const staff = { STAFF_EMAIL: process.env.KITFLIK_STAFF_EMAIL, STAFF_PASSWORD: process.env.KITFLIK_STAFF_PASSWORD };
const worker = await start({
  ...options,
  bindings: { ...bindings, ...staff, TEST_PAYMENTS: "on" },
  durableObjects: { HOUSES: { className: "House", useSQLite: true } },
  durableObjectsPersist: temporary(),
});
console.log(`listening on ${worker.url}`);
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await worker.stop();
    process.exit(0);
  });
}
