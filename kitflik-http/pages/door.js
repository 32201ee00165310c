// Staff: at the door of a show. A ticket is scanned or typed; each lets in once.

import { Refused, command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { money } from "./format.js";
import { freshKey } from "./kept.js";
import { tell } from "./words.js";

/** How often it is looked who else was let in, at other doors. */
const LOOK = 5000;

const REFUSALS = {
  ticket_already_used: "This ticket has been used.",
  ticket_wrong_show: "This ticket is for another show.",
  ticket_cancelled: "This ticket was cancelled.",
  ticket_revoked: "This ticket was made invalid.",
  ticket_too_early: "Too early: the doors are not open yet.",
  ticket_expired: "This ticket is over.",
  ticket_bad_signature: "This ticket is not ours.",
  ticket_unknown_key: "This ticket is not ours.",
  ticket_malformed: "That is no ticket.",
  ticket_scan_undone: "This scan was undone: scan the ticket anew.",
};

/** A panel for the page of a show. */
export function door(one, { session, current }) {
  const counted = h("summary", {}, "At the door");
  const told = h("div", { "aria-live": "assertive" });
  const token = h("input", { type: "text", id: "ticket", autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
  const button = h("button", { type: "submit", class: "primary" }, "Let in");
  const device = `page-${freshKey().slice(0, 8)}`;
  /** The nonces of scans whose answers are not known, by their tickets: they are asked again under the same. */
  const open = new Map();
  let timer = null;

  async function count() {
    clearTimeout(timer);
    try {
      const now = await get(`/v1/admin/shows/${one.id}/check-ins?limit=1`, { session });
      if (!current() || !panel.isConnected) return;
      counted.textContent = `At the door: ${now.admitted} of ${now.sold} are in`;
    } catch {
      // The next look may get an answer.
    }
    if (panel.open && current()) timer = setTimeout(count, LOOK);
  }

  async function letIn(event) {
    event.preventDefault();
    const text = token.value.trim();
    if (text === "") return;
    const nonce = open.get(text) ?? freshKey();
    open.set(text, nonce);
    button.disabled = true;
    try {
      const body = { shows: [one.id], token: text, device, nonce };
      const answer = await command(null, "POST", "/v1/admin/check-in", { body, session });
      if (!current()) return;
      open.delete(text);
      token.value = "";
      const where = [answer.seat.section, `seat ${answer.seat.label}`, answer.seat.ticket_type].filter(Boolean).join(", ");
      show(told, notice(answer.due ? "warn" : "good", `Let in: ${where}`, answer.due && `Still to be paid: ${money(answer.due.amount_minor, answer.due.currency)} for the whole booking.`));
      await count();
    } catch (error) {
      if (!current()) return;
      // All else may have let somebody in, whose next scan must not be told that the ticket was used.
      if (error instanceof Refused && error.status < 500 && !error.passing) open.delete(text);
      const words = tell(error);
      const refusal = REFUSALS[error.code];
      show(told, notice("bad", refusal ?? words.title, refusal ? error.message : words.text));
    } finally {
      button.disabled = false;
      token.focus();
      token.select();
    }
  }

  const panel = h("details", { class: "panel panel-body", id: "door", ontoggle: () => { if (panel.open) count(); else clearTimeout(timer); } },
    counted,
    h("form", { novalidate: true, onsubmit: letIn },
      h("div", { class: "field" }, h("label", { for: "ticket" }, "Ticket"), token, h("small", { class: "quiet" }, "Scan its code into this field, or type what it says.")),
      button),
    told);
  return panel;
}
