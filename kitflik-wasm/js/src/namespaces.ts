// The engine's namespaces.

export { Staff, Users } from "./accounts.js";
export { Bookings } from "./bookings.js";
export { type Attempt, type Command, Handle, type Revision, text } from "./call.js";
export { Catalog } from "./catalog.js";
export { Jobs } from "./jobs.js";
export { Reports } from "./reports.js";
