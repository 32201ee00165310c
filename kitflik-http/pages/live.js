// The seats of a show as they change: the server's events, and a look every few seconds where they do not come.

/** How often the plan is looked at while there are no events, in milliseconds. */
const EVERY = 3000;
/** After so long without a word the connection is dead, whatever it looks like: a beat comes every 15 seconds. */
const DEAD = 35000;

/**
 * Follows a show until the function that it returns is called. `changed` gets the plan (`layout_id`, `version`,
 * `states`) whenever it is another; `heard` is called when events come again; `look` is called when they do not.
 */
export function follow(show, { changed, heard, look }) {
  let source = null;
  let plan = null;
  let last = 0;
  let word = 0;
  let timer = null;
  let live = true;
  let refusals = 0;

  const told = () => {
    last = Date.now();
    word = last;
    heard();
  };
  function listen() {
    word = Date.now();
    source = new EventSource(`/v1/shows/${show}/seats/events`);
    source.addEventListener("open", told);
    source.addEventListener("beat", told);
    source.addEventListener("map", (event) => {
      plan = JSON.parse(event.data);
      told();
      changed(plan);
    });
    source.addEventListener("seats", (event) => {
      if (!plan) return;
      const { version, changes } = JSON.parse(event.data);
      const states = [...plan.states];
      for (const [place, state] of Object.entries(changes)) states[place] = state;
      plan = { ...plan, version, states: states.join("") };
      told();
      changed(plan);
    });
  }
  function hush() {
    source?.close();
    source = null;
  }
  // A server that answers event by event is asked again by the browser itself: that is not silence.
  const silent = () => source?.readyState !== EventSource.OPEN && Date.now() - last > 2 * EVERY - 1000;

  async function tick() {
    clearTimeout(timer);
    if (source?.readyState === EventSource.OPEN && Date.now() - word > DEAD) {
      // What came meanwhile is in the map that a new connection begins with.
      hush();
      listen();
    }
    if (source && silent()) await look();
    // A refusal ends the browser's own attempts.
    if (live && source?.readyState === EventSource.CLOSED && (refusals += 1) % 10 === 0) {
      hush();
      listen();
    }
    if (live) timer = setTimeout(tick, EVERY);
  }
  function seen() {
    if (document.visibilityState !== "visible") hush();
    else if (!source) listen();
  }

  document.addEventListener("visibilitychange", seen);
  seen();
  timer = setTimeout(tick, EVERY);
  return () => {
    live = false;
    clearTimeout(timer);
    hush();
    document.removeEventListener("visibilitychange", seen);
  };
}
