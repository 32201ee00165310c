// Staff: a show that will not take place.

import { command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { count } from "./format.js";
import { tell } from "./words.js";

/** How often it is looked how far the refunds are. */
const LOOK = 2000;

/** A panel for the page of a show. */
export function callOff(one, { session, current }) {
  const path = `/v1/admin/shows/${one.id}`;
  const told = h("div", { "aria-live": "polite" });
  const reason = h("input", { type: "text", id: "call-off-reason", autocomplete: "off", maxlength: 200, placeholder: "The projector is broken" });
  const sure = h("input", { type: "checkbox", id: "call-off-sure", onchange: () => { button.disabled = !sure.checked; } });
  const button = h("button", { type: "submit", disabled: true }, "Cancel this show");
  const form = h("form", { novalidate: true, onsubmit: submit },
    h("div", { class: "field" }, h("label", { for: "call-off-reason" }, "Why"), reason, h("small", { class: "quiet" }, "Everybody who has tickets gets a mail that says so.")),
    h("div", { class: "field" }, h("label", { for: "call-off-sure" }, sure, " All bookings are cancelled and all money goes back")),
    button);
  const panel = h("details", { class: "panel panel-body", id: "call-off" }, h("summary", {}, "Cancel this show"), form, told);

  /** How far it is, until it is done. */
  async function follow(view) {
    show(told, view.done
      ? notice("good", "This show is cancelled.", "Every booking is cancelled; money that was paid goes back.")
      : notice("info", "This show is cancelled.", `${count(view.left, "booking")} still to be cancelled.`));
    if (!view.done) {
      setTimeout(async () => {
        if (!current() || !panel.isConnected) return;
        await get(`${path}/cancellation`, { session }).then(follow, () => {});
      }, LOOK);
    }
  }

  async function submit(event) {
    event.preventDefault();
    if (!sure.checked) return;
    if (reason.value.trim() === "") {
      show(told, notice("warn", "Why is it cancelled?"));
      reason.focus();
      return;
    }
    button.disabled = true;
    try {
      const view = await command(`call-off.${one.id}`, "POST", `${path}/cancel`, { body: { reason: reason.value.trim() }, session });
      if (!current()) return;
      form.hidden = true;
      await follow(view);
    } catch (error) {
      if (!current()) return;
      button.disabled = false;
      const words = tell(error);
      show(told, notice(words.kind, words.title, words.text));
    }
  }

  if (one.status === "cancelled") {
    form.hidden = true;
    panel.open = true;
    get(`${path}/cancellation`, { session }).then((view) => { if (current()) follow(view); }, () => {});
  }
  return panel;
}
