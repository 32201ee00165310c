// Staff: mail that could not be sent.

import { command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { count, moment } from "./format.js";
import { tell } from "./words.js";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Mail that was given up, and to send it again. */
export async function mail(main, { session, current, failed }) {
  document.title = "Staff · Mail";
  const told = h("div", { "aria-live": "polite" });
  const rows = h("tbody", {});
  const table = h("div", { class: "table panel" }, h("table", { id: "mail" },
    h("thead", {}, h("tr", {}, ["To", "What", "Why not", ""].map((name) => h("th", { scope: "col" }, name)))), rows));
  const more = h("div", { class: "more" });

  function row(one) {
    const button = h("button", {
      type: "button", class: "small",
      onclick: async () => {
        button.disabled = true;
        try {
          await command(`resend.${one.id}`, "POST", `/v1/admin/mail/${one.id}/resend`, { session });
          if (!current()) return;
          element.remove();
          show(told, notice("good", `It is sent to ${one.to} again.`));
          empty();
        } catch (error) {
          if (!current()) return;
          button.disabled = false;
          const words = tell(error);
          show(told, notice(words.kind, words.title, words.text));
        }
      },
    }, "Send again");
    const element = h("tr", {},
      h("td", {}, h("b", {}, one.to)),
      h("td", {}, one.kind ?? one.subject, h("small", {}, one.promised_at && moment(one.promised_at, HERE))),
      h("td", {}, one.last_error ?? "", h("small", {}, count(one.attempts, "attempt"))),
      h("td", { class: "amount" }, button));
    return element;
  }

  function empty(next) {
    table.hidden = rows.childElementCount === 0;
    if (table.hidden && told.childElementCount === 0 && !next) show(told, notice("good", "All mail has been sent, or is on its way."));
  }

  async function load(cursor) {
    show(more);
    const query = new URLSearchParams({ limit: "25", state: "dead" });
    if (cursor) query.set("cursor", cursor);
    try {
      const page = await get(`/v1/admin/mail?${query}`, { session });
      if (!current()) return;
      page.items.forEach((one) => rows.append(row(one)));
      empty(page.next_cursor);
      if (page.next_cursor) show(more, h("button", { type: "button", onclick: () => load(page.next_cursor) }, "More"));
    } catch (error) {
      if (current()) failed(error);
    }
  }

  show(main, h("div", { class: "headline" }, h("h1", {}, "Mail"), h("p", { class: "quiet" }, "What could not be sent, and is not tried any more.")), told, table, more);
  table.hidden = true;
  await load(null);
}
