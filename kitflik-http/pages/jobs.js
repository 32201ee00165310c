// Staff: what the house does by itself, and mail that did not arrive.

import { command, get } from "./api.js";
import { h, notice, show } from "./dom.js";
import { count, moment } from "./format.js";
import { tell } from "./words.js";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const when = (instant) => (instant ? moment(instant, HERE) : "never");

const JOBS = {
  new_releases: ["New films", "A mail to customers who want to hear of offers."],
  show_reminders: ["Reminders", "A mail to whoever has tickets, some hours before the show."],
  occupancy_report: ["Occupancy", "A mail to admins and managers on how full last week's shows were."],
};

function standing(job) {
  if (job.running) return ["held", `Running since ${when(job.running.started_at)}`];
  if (job.paused) return ["released", "Paused"];
  if (!job.next_due && !job.minutes_before) return ["released", "Off"];
  return ["confirmed", "On"];
}

function lastRun(run) {
  if (!run) return "Has not run yet";
  return `${when(run.ended_at ?? run.started_at)}: ${count(run.mails, "mail")}${run.error ? `, ${run.error}` : ""}`;
}

/** The jobs of the house: look, pause, run. */
export async function jobs(main, { session, current, failed }) {
  document.title = "Staff · Jobs";
  const told = h("div", { "aria-live": "polite" });
  const rows = h("tbody", {});

  async function act(job, verb, button) {
    button.disabled = true;
    try {
      await command(`job.${job.job}`, "POST", `/v1/admin/jobs/${job.job}/${verb}`, { session });
      if (!current()) return;
      show(told, notice("good", { pause: "It is paused.", resume: "It goes on.", run: "It runs now." }[verb]));
      await load();
    } catch (error) {
      if (!current()) return;
      button.disabled = false;
      const words = tell(error);
      show(told, notice(words.kind, words.title, words.text));
    }
  }

  function row(job) {
    const [name, text] = JOBS[job.job] ?? [job.job, ""];
    const [kind, stands] = standing(job);
    const button = (verb, label) => {
      const element = h("button", { type: "button", class: "small", "data-verb": verb, onclick: () => act(job, verb, element) }, label);
      return element;
    };
    return h("tr", { "data-job": job.job },
      h("td", {}, h("b", {}, name), h("small", {}, text)),
      h("td", {}, h("span", { class: `status ${kind}` }, stands), h("small", {}, job.next_due && `next ${when(job.next_due)}`)),
      h("td", {}, lastRun(job.last_run)),
      h("td", { class: "amount" }, job.paused ? button("resume", "Go on") : button("pause", "Pause"), " ", button("run", "Run now")));
  }

  async function load() {
    const { items } = await get("/v1/admin/jobs", { session });
    if (current()) show(rows, items.map(row));
  }

  await load().catch((error) => { if (current()) failed(error); });
  if (!current() || rows.childElementCount === 0) return;
  show(main, h("div", { class: "headline" }, h("h1", {}, "Jobs"), h("p", { class: "quiet" }, "What the house does by itself.")), told,
    h("div", { class: "table panel" }, h("table", { id: "jobs" },
      h("thead", {}, h("tr", {}, ["Job", "State", "Last run", ""].map((name) => h("th", { scope: "col" }, name)))), rows)));
}
