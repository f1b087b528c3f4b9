// A call that was found, and what was found in it.

import { text } from "./call-row.js";
import { el, fill, say } from "./dom.js";
import { get, withQuery } from "./session.js";
import { clock, count, exactly, phone, roleName, span, speaker, when } from "./words.js";

const SHOWN = 5; // of one call at first: others are to be seen as well

export class FoundCall {
  constructor(callId) {
    this.callId = callId;
    this.number = 0;
    this.numbers = el("span", { class: "numbers" }, "\u00a0");
    this.facts = el("span", { class: "place" });
    this.link = el("a", { class: "found-call", href: `#/calls/${encodeURIComponent(callId)}` }, this.numbers, this.facts);
    this.hits = el("ol", { class: "hits" });
    this.rest = el("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.showRest() });
    this.element = el("li", {}, el("h2", {}, this.link), this.hits, this.rest);
  }

  /** Show the call: who, when, how long, and its metadata. */
  show(call) {
    say(this.numbers, `${phone(call.from)} → ${phone(call.to)}`);
    const told = Object.entries(call.metadata ?? {}).map(([name, value]) => el("span", {}, `${name}: `, el("bdi", {}, text(value))));
    const long = call.duration_ms === null ? "nobody answered" : span(call.duration_ms);
    fill(this.facts, el("span", { title: exactly(call.started_at) }, when(call.started_at)),
      el("span", {}, call.ended_at || call.duration_ms !== null ? long : "goes on"),
      el("span", {}, count(call.words, "word")), told);
  }

  async lookUp() {
    const call = await get(`v1/calls/${encodeURIComponent(this.callId)}`).catch(() => null);
    if (call) this.show(call);
    else say(this.numbers, this.callId);
  }

  /** Add an utterance; returns its link. */
  add(hit) {
    this.number += 1;
    const words = hit.snippet.map(({ text: part, match }) => (match ? el("mark", {}, part) : part));
    const address = withQuery(`#/calls/${encodeURIComponent(hit.call_id)}`, { at: hit.utterance_id });
    const link = el("a", { class: `hit ${roleName(hit.role)}`, href: address },
      el("span", { class: "at" }, clock(hit.start_ms)),
      el("span", { class: "text" }, el("span", { class: "who" }, `${speaker(hit.role)}: `), el("bdi", {}, words)));
    this.hits.append(el("li", { hidden: this.number > SHOWN && !this.whole }, link));
    this.rest.hidden = this.whole || this.number <= SHOWN;
    say(this.rest, `${this.number - SHOWN} more in this call`);
    return link;
  }

  showRest() {
    this.whole = true;
    this.rest.hidden = true;
    for (const item of this.hits.children) item.hidden = false;
    this.hits.children[SHOWN].firstChild.focus();
  }
}
