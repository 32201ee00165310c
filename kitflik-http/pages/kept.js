// What outlives a reload of this tab: the hold with its token, the choice, what the customer typed, commands under way.

const PREFIX = "kitflik.";
// Where the browser keeps nothing, this page does, while it is open.
const here = new Map();

export function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return here.get(name) ?? null;
  }
}

export function keep(name, value) {
  here.set(name, value);
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full or forbidden: then not beyond this page.
  }
}

export function forget(name) {
  here.delete(name);
  try {
    sessionStorage.removeItem(PREFIX + name);
  } catch {
    // It was never there.
  }
}

/** A name that nobody else uses. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The name of a command: the same for the same request until its outcome is known, even after a reload. */
export function commandKey(name, request) {
  const text = JSON.stringify(request ?? null);
  const before = kept(`command.${name}`);
  if (before?.text === text) return before.key;
  const key = freshKey();
  keep(`command.${name}`, { key, text });
  return key;
}

/** The outcome of a command is known: the next one has another name. */
export const commandDone = (name) => forget(`command.${name}`);
