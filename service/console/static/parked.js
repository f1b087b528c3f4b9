// What was given up, and another try: of one, or of all of them.

import { el, fill, say } from "./dom.js";
import { why } from "./reasons.js";
import { get, request, session, withQuery } from "./session.js";
import { count, exactly, when } from "./words.js";

const PAGE = 50;
const PAGE_OF_ALL = 200;
const ENOUGH = 3; // failures in a row at one endpoint: the rest of it would only fail as well

/** The table of parked deliveries; `told(text)` says what came of a try, `changed()` that one ended. */
export class Parked {
  constructor({ told, changed }) {
    Object.assign(this, { told, changed });
    this.retried = new Set();
    this.pages = 1;
    this.rows = el("tbody");
    this.table = el("table", { class: "parked", hidden: true },
      el("caption", { class: "unseen" }, "Parked deliveries"),
      el("thead", {}, el("tr", {}, ["Event", "Endpoint", "Call", "Why", "Parked", ""].map((name) =>
        el("th", { scope: "col" }, name || el("span", { class: "unseen" }, "Action"))))),
      this.rows);
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => { this.pages += 1; this.changed(); } }, "More");
    this.all = el("button", { type: "button", hidden: true, onclick: () => this.toggleAll() }, "Retry all");
    this.element = el("div", { class: "scrolls", tabindex: "-1" }, this.table);
  }

  /** Ask for what is parked; returns whether there is anything. */
  async refresh() {
    const parked = [];
    let cursor = null;
    for (let page = 0; page < this.pages; page += 1) {
      const { data, next } = await get(withQuery("v1/deliveries", { state: "parked", limit: PAGE, cursor }));
      parked.push(...data);
      cursor = next;
      if (!next) break;
    }
    this.more.hidden = !cursor;
    this.show(parked);
    return parked.length > 0;
  }

  show(parked) {
    const focused = this.pressed ?? document.activeElement?.dataset?.delivery;
    this.pressed = null;
    this.table.hidden = parked.length === 0;
    this.all.hidden = !this.running && (parked.length < 2 || !session.may("calls:write"));
    fill(this.rows, parked.map((one) => this.row(one)));
    if (!focused) return;
    const again = this.rows.querySelector(`[data-delivery="${CSS.escape(focused)}"]`);
    (again ?? this.rows.querySelector("button") ?? document.querySelector("h1")).focus({ preventScroll: true });
  }

  row(one) {
    const id = String(one.id);
    const button = session.may("calls:write") && el("button", {
      type: "button", "data-delivery": id, "aria-label": `Retry ${one.type}, event ${one.seq}, to ${one.endpoint}`,
      onclick: () => this.retry(one, button),
    }, this.retried.has(id) ? "Retry again" : "Retry");
    const cell = (name, ...content) => el("td", { "data-name": name }, ...content);
    return el("tr", {},
      cell("Event", el("span", {}, one.type), el("span", { class: "seq" }, `#${one.seq}`)),
      cell("Endpoint", one.endpoint),
      cell("Call", el("a", { href: `#/calls/${encodeURIComponent(one.call_id)}`, title: one.call_id }, `${one.call_id.slice(0, 8)}…`)),
      cell("Why", el("span", {}, [one.status, why(one.reason)].filter(Boolean).join(": ")), " ",
        el("a", { href: `#/deliveries?${new URLSearchParams({ call: one.call_id })}`, "aria-label": `Attempts at event ${one.seq}` }, "Attempts")),
      cell("Parked", el("span", { title: exactly(one.parked_at) }, when(one.parked_at))),
      el("td", { class: "action" }, button));
  }

  async retry(one, button) {
    button.disabled = true;
    this.retried.add(String(one.id));
    this.pressed = String(one.id); // a disabled button loses the focus, and the row may go
    try {
      this.told(outcome(one, await tryAgain(one.id)));
      await this.changed();
    } catch (error) {
      this.told(`Event ${one.seq} was not sent again: ${error.message}`);
      button.disabled = false;
    }
  }

  /* All of them, one after the other; whoever leaves the page or presses again ends it. */

  async toggleAll() {
    if (this.running) {
      this.running.stopped = true;
      return;
    }
    this.running = { stopped: false };
    say(this.all, "Stop");
    const result = await this.retryAll(this.running).catch((error) => error.message);
    this.running = null;
    say(this.all, "Retry all");
    this.told(result);
    await this.changed();
  }

  async retryAll(running) {
    const wanted = await allParked();
    const tally = { arrived: 0, failed: 0, trying: 0, gone: 0, left: 0 };
    const failures = new Map();
    for (const [number, one] of wanted.entries()) {
      if (running.stopped || this.closed) return `Stopped. ${summary(tally, number)}`;
      if ((failures.get(one.endpoint) ?? 0) >= ENOUGH) {
        tally.left += 1;
        continue;
      }
      const state = await tryAgain(one.id).then((tried) => tried.state, (error) => (error.status === 404 ? "gone" : "failed"));
      tally[state] += 1;
      failures.set(one.endpoint, state === "failed" ? (failures.get(one.endpoint) ?? 0) + 1 : 0);
      if (number % 10 === 9) this.told(`${number + 1} of ${wanted.length} were tried.`);
    }
    return summary(tally, wanted.length);
  }

  close() {
    this.closed = true;
  }
}

/** Everything that is parked, the oldest first: in that order it was to arrive. */
async function allParked() {
  const all = [];
  let cursor = null;
  do {
    const { data, next } = await get(withQuery("v1/deliveries", { state: "parked", limit: PAGE_OF_ALL, cursor }));
    all.push(...data);
    cursor = next;
  } while (cursor);
  return all.sort((one, other) => one.id - other.id);
}

/** Have one tried; waits where the API asks to be asked more slowly. */
async function tryAgain(id) {
  const path = `v1/deliveries/${encodeURIComponent(id)}/retry`;
  for (;;) {
    try {
      return await (await request(path, { method: "POST" })).json();
    } catch (error) {
      if (error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(1, error.retryAfterS)));
    }
  }
}

function summary({ arrived, failed, trying, gone, left }, tried) {
  const told = [`${arrived} of ${count(tried, "delivery", "deliveries")} arrived`];
  if (trying) told.push(`${trying} are on their way`);
  if (failed) told.push(`${failed} failed and stay parked`);
  if (gone) told.push(`${gone} ${gone === 1 ? "was" : "were"} not parked any more`);
  if (left) told.push(`${left} were not tried, as their endpoint took none of ${ENOUGH} before them`);
  return `${told.join(", ")}.`;
}

/** What became of another try. */
function outcome(one, tried) {
  if (tried.state === "arrived") return `Event ${one.seq} has arrived at ${one.endpoint}.`;
  if (tried.state === "trying") return `Event ${one.seq} is on its way to ${one.endpoint}; it is in this list unless it arrives.`;
  const status = tried.status ? ` It answered ${tried.status}.` : " It did not answer.";
  return `${one.endpoint} did not take event ${one.seq}, which stays parked.${status}`;
}
