// A session of this browser. Its tokens are in cookies that no script can read; what a page has is the token that its
// commands carry, so that no other site can give them.

import { LoggedOut, Refused, command, get } from "./api.js";

/** One at a time, in all tabs of this browser. */
const alone = (name, run) => (navigator.locks ? navigator.locks.request(name, run) : run());

/** The session that the server keeps at a path. */
export function sessionAt(path) {
  let csrf = null;
  let state = null;
  let renewing = null;

  function take(view) {
    csrf = view.csrf_token ?? null;
    state = view.state;
    return state;
  }

  const look = async () => take(await get(path, { cookies: true }));

  /** A refresh token can be used once. */
  function renew() {
    renewing ??= alone(path, async () => {
      // Another tab may have been quicker.
      if ((await look()) !== "expired") return;
      try {
        take(await command(`renew.${path}`, "PUT", path, { cookies: true, csrf }));
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 401) throw error;
        take({ state: "none" });
      }
    }).finally(() => { renewing = null; });
    return renewing;
  }

  /** With the token for commands. Whoever renewed the session meanwhile changed it. */
  async function send(run) {
    if (state === null) await look();
    if (state === "expired") await renew();
    if (state === "none") throw new LoggedOut();
    try {
      return await run(csrf);
    } catch (error) {
      if (error instanceof Refused && error.code === "csrf_failed") await look();
      else if (error instanceof Refused && error.status === 401) await renew();
      else throw error;
      if (state !== "open") throw new LoggedOut();
      return run(csrf);
    }
  }

  return {
    send,
    /** `open`, `expired` or `none`. */
    state: async () => state ?? look(),
    open: async (body) => take(await command(null, "POST", path, { cookies: true, body })),
    /** If it fails without an answer, the session is as it was. */
    async close() {
      if (csrf === null) await look();
      const end = () => command(null, "DELETE", path, { cookies: true, csrf });
      try {
        await end().catch(async (error) => {
          if (error.code !== "csrf_failed") throw error;
          await look();
          return end();
        });
        take({ state: "none" });
      } catch (error) {
        // The server takes the cookies back with every answer of its own.
        if (error instanceof Refused) state = null;
        throw error;
      }
    },
  };
}
