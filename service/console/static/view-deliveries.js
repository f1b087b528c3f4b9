// Where events go, and what did not get there.

import { el, fill, say } from "./dom.js";
import { get, request, session, withQuery } from "./session.js";
import { count, exactly, plain, when } from "./words.js";

const PAGE = 50;
const AGAIN_MS = 5000;

export function openDeliveries(main, { setTitle }) {
  const page = new DeliveriesPage();
  main.append(page.element);
  setTitle("Deliveries");
  page.refresh();
  return page;
}

class DeliveriesPage {
  constructor() {
    this.retried = new Map();
    this.pages = 1;
    this.error = el("p", { class: "error", role: "alert" });
    this.endpoints = el("ul", { class: "endpoints" });
    this.rows = el("tbody");
    this.table = el("table", { class: "parked", hidden: true },
      el("caption", { class: "unseen" }, "Parked deliveries"),
      el("thead", {}, el("tr", {}, ["Event", "Endpoint", "Call", "Why", "Parked", ""].map((name) =>
        el("th", { scope: "col" }, name || el("span", { class: "unseen" }, "Action"))))),
      this.rows);
    this.none = el("p", { class: "empty", hidden: true });
    this.result = el("p", { class: "summary", role: "status" });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => { this.pages += 1; this.refresh(); } }, "More");
    this.element = el("div", { class: "page wide" },
      el("h1", { tabindex: "-1" }, "Deliveries"), this.error,
      el("section", { "aria-labelledby": "endpoints-title" }, el("h2", { id: "endpoints-title" }, "Endpoints"), this.endpoints),
      el("section", { "aria-labelledby": "parked-title" },
        el("h2", { id: "parked-title" }, "Parked"),
        el("p", { class: "hint" }, "An endpoint refused these for good, or did not answer for days. The events after them went on."),
        this.result, this.none, el("div", { class: "scrolls", tabindex: "-1" }, this.table), this.more));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      const [endpoints, parked] = await Promise.all([get("v1/endpoints"), this.parked()]);
      if (this.closed) return;
      say(this.error, "");
      this.showEndpoints(Array.isArray(endpoints) ? endpoints : endpoints.data);
      this.showParked(parked);
    } catch (error) {
      if (error.status !== 401) say(this.error, error.message);
    }
    if (!this.closed) this.timer = setTimeout(() => this.whenSeen(), AGAIN_MS);
  }

  whenSeen() {
    if (!document.hidden) this.refresh();
    else this.timer = setTimeout(() => this.whenSeen(), AGAIN_MS);
  }

  async parked() {
    const all = [];
    let cursor = null;
    for (let page = 0; page < this.pages; page += 1) {
      const { data, next } = await get(withQuery("v1/deliveries", { state: "parked", limit: PAGE, cursor }));
      all.push(...data);
      cursor = next;
      if (!next) break;
    }
    this.more.hidden = !cursor;
    return all;
  }

  showEndpoints(endpoints) {
    const figure = (name, value, loud) => el("div", { class: loud && value ? "figure loud" : "figure" },
      el("dt", {}, name), el("dd", {}, new Intl.NumberFormat().format(value ?? 0)));
    fill(this.endpoints, endpoints.map((one) => el("li", { class: "endpoint" },
      el("h3", {}, one.name, " ", el("span", { class: "type" }, one.type ?? "gone")),
      el("p", { class: "state", "data-state": shown(one) }, STATES[one.state](one)),
      el("dl", {}, figure("Delivered", one.delivered), figure("Retried", one.retried), figure("Parked", one.parked, true)))));
    if (!endpoints.length) fill(this.endpoints, el("li", { class: "empty" }, "No endpoints are configured."));
    say(this.none, nothingParked(endpoints));
  }

  showParked(parked) {
    const focused = this.pressed ?? document.activeElement?.dataset?.delivery;
    this.pressed = null;
    this.none.hidden = parked.length > 0;
    this.table.hidden = parked.length === 0;
    fill(this.rows, parked.map((one) => this.row(one)));
    if (!focused) return;
    const again = this.rows.querySelector(`[data-delivery="${CSS.escape(focused)}"]`);
    (again ?? this.rows.querySelector("button") ?? this.element.querySelector("h1")).focus({ preventScroll: true });
  }

  row(one) {
    const id = String(one.id);
    const sent = this.retried.has(id);
    const button = session.may("calls:write") && el("button", {
      type: "button", "data-delivery": id, "aria-label": `Retry ${one.type}, event ${one.seq}, to ${one.endpoint}`,
      onclick: () => this.retry(one, button),
    }, sent ? "Retry again" : "Retry");
    const cell = (name, ...content) => el("td", { "data-name": name }, ...content);
    return el("tr", {},
      cell("Event", el("span", {}, one.type), el("span", { class: "seq" }, `#${one.seq}`)),
      cell("Endpoint", one.endpoint),
      cell("Call", el("a", { href: `#/calls/${encodeURIComponent(one.call_id)}`, title: one.call_id }, `${one.call_id.slice(0, 8)}…`)),
      cell("Why", [one.status, plain(one.reason)].filter(Boolean).join(" · ")),
      cell("Parked", el("span", { title: exactly(one.parked_at) }, when(one.parked_at))),
      el("td", { class: "action" }, button));
  }

  async retry(one, button) {
    button.disabled = true;
    this.retried.set(String(one.id), true);
    this.pressed = String(one.id); // a disabled button loses the focus, and the row may go
    try {
      const path = `v1/deliveries/${encodeURIComponent(one.id)}/retry`;
      const tried = await (await request(path, { method: "POST" })).json();
      this.told(outcome(one, tried));
      if (!this.closed) await this.refresh();
    } catch (error) {
      this.told(`Event ${one.seq} was not sent again: ${error.message}`);
      button.disabled = false;
    }
  }

  told(text) {
    say(this.result, text);
  }
}

const STATES = {
  up: (one) => one.lanes_behind ? behind(one) : "Up to date",
  failing: (one) => `Does not answer: ${behind(one)}`,
  disabled: (one) => `Disabled (${plain(one.disabled_reason)}): ${behind(one)}, until it is enabled`,
  unknown: (one) => `Configured no more: ${behind(one)}, until they are moved or parked`,
};

function behind(one) {
  return `${count(one.lanes_behind, "call")} behind`;
}

function shown(one) {
  if (one.state === "up") return one.lanes_behind ? "behind" : "well";
  return one.state === "failing" ? "behind" : "disabled";
}

/** What it means that nothing is parked: all is well only if no endpoint waits for somebody. */
function nothingParked(endpoints) {
  const stuck = endpoints.filter((one) => one.state === "unknown" || one.state === "disabled");
  if (stuck.length) return `Nothing is parked. ${stuck.map((one) => one.name).join(", ")} gets nothing for now: see above.`;
  if (endpoints.some((one) => one.lanes_behind)) return "Nothing is parked: what has not arrived is on its way.";
  return "Nothing is parked: everything arrived.";
}

/** What became of another try. */
function outcome(one, tried) {
  if (tried.state === "arrived") return `Event ${one.seq} has arrived at ${one.endpoint}.`;
  if (tried.state === "trying") return `Event ${one.seq} is on its way to ${one.endpoint}; it leaves this list when it arrives.`;
  const status = tried.status ? ` It answered ${tried.status}.` : " It did not answer.";
  return `${one.endpoint} did not take event ${one.seq}, which stays parked.${status}`;
}
