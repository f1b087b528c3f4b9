// What was tried for one call: each attempt, how it went, how long it took, and what was answered.

import { el, fill, say } from "./dom.js";
import { get, withQuery } from "./session.js";
import { exactly, span, timeOfDay } from "./words.js";

const MOST = 200;
const RESULTS = {
  delivered: ["well", "Arrived"], failed: ["behind", "Failed"],
  refused: ["disabled", "Refused"], gone: ["disabled", "Gone for good"],
};

/** The attempts at events of one call, newest first. */
export class Attempts {
  constructor(callId) {
    this.callId = callId;
    this.rows = el("tbody");
    this.table = el("table", { class: "parked attempts", hidden: true },
      el("caption", { class: "unseen" }, "Attempts, newest first"),
      el("thead", {}, el("tr", {}, ["Event", "Endpoint", "When", "Result", "Took", "Answer"].map((name) => el("th", { scope: "col" }, name)))),
      this.rows);
    this.none = el("p", { class: "empty" });
    this.element = el("section", { "aria-labelledby": "attempts-title" },
      el("h2", { id: "attempts-title" }, "Attempts"),
      el("p", { class: "hint" }, "At events of the call ", el("a", { href: `#/calls/${encodeURIComponent(callId)}` }, el("code", {}, callId)),
        ". ", el("a", { href: "#/deliveries" }, "Show no attempts")),
      this.none, el("div", { class: "scrolls", tabindex: "-1" }, this.table));
  }

  async refresh() {
    let data = [];
    try {
      ({ data } = await get(withQuery(`v1/calls/${encodeURIComponent(this.callId)}/attempts`, { limit: MOST })));
      say(this.none, data.length ? "" : "Nothing was tried for this call yet, or it is too long ago: attempts are kept for some days only.");
    } catch (error) {
      if (error.status !== 404) throw error;
      say(this.none, "There is no such call.");
    }
    this.table.hidden = data.length === 0;
    const newest = data.length ? `${data.length} ${data[0].made_at}` : "";
    if (newest === this.shown) return;
    this.shown = newest;
    fill(this.rows, data.map(row));
  }
}

function row(one) {
  const cell = (name, ...content) => el("td", { "data-name": name }, ...content);
  const [mark, result] = RESULTS[one.result];
  return el("tr", {},
    cell("Event", el("span", { class: "seq" }, `#${one.seq}`)),
    cell("Endpoint", one.endpoint),
    cell("When", el("span", { title: exactly(one.made_at) }, timeOfDay(one.made_at))),
    cell("Result", el("span", { class: "state", "data-state": mark }, one.status ? `${result} · ${one.status}` : result)),
    cell("Took", span(one.took_ms)),
    cell("Answer", one.answer ? el("span", { class: "answer" }, one.answer) : "–"));
}
