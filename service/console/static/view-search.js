// Search in everything that was said.

import { el, fill, say, tell } from "./dom.js";
import { get, withQuery } from "./session.js";
import { stepAlong } from "./shortcuts.js";
import { clock, exactly, phone, roleName, speaker, when } from "./words.js";

const PAGE = 30;
const FIELDS = ["q", "role", "number", "from", "until"];

export function openSearch(main, { query, setTitle }) {
  const page = new SearchPage(query);
  main.append(page.element);
  setTitle(query.get("q") ? `${query.get("q")} · Search` : "Search");
  if (query.get("q")) page.search();
  else page.fields.q.focus();
  return page;
}

class SearchPage {
  constructor(query) {
    this.query = query;
    this.calls = new Map();
    this.shown = 0;
    this.next = (by) => stepAlong([...this.element.querySelectorAll("a.hit")], by);
    const given = (name) => query.get(name) ?? "";
    this.fields = {
      q: el("input", { id: "q", type: "search", value: given("q"), autocomplete: "off", enterkeyhint: "search" }),
      role: el("select", { id: "role" }, [["", "Anybody"], ["customer", "Customer"], ["agent", "Agent"], ["unknown", "Unknown"]].map(
        ([value, name]) => el("option", { value, selected: given("role") === value }, name))),
      number: el("input", { id: "number", type: "text", inputmode: "tel", value: given("number"), placeholder: "+1312*", autocomplete: "off" }),
      from: el("input", { id: "from", type: "date", value: given("from") }),
      until: el("input", { id: "until", type: "date", value: given("until") }),
    };
    this.results = el("ol", { class: "hits" });
    this.summary = el("p", { class: "summary", role: "status" });
    this.error = el("p", { class: "error", role: "alert" });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => this.search() }, "More results");
    this.element = el("div", { class: "page" },
      el("h1", { tabindex: "-1" }, "Search"), this.form(), this.error, this.summary, this.results, this.more);
  }

  form() {
    const labelled = (name, text) => el("p", { class: `field ${name}` }, el("label", { for: name }, text), this.fields[name]);
    return el("form", { class: "search", role: "search", onsubmit: (event) => this.asked(event) },
      el("p", { class: "field q" }, el("label", { for: "q" }, "Words that were said"),
        el("span", { class: "joined" }, this.fields.q, el("button", { type: "submit", class: "primary" }, "Search"))),
      el("p", { class: "hint" }, "“Words in quotes” stand together, book* finds bookings too, -word leaves out what has it."),
      el("div", { class: "filters" }, labelled("role", "Said by"), labelled("number", "Number"), labelled("from", "From"), labelled("until", "Until")));
  }

  /** What is searched for is the address, so that it can be sent and gone back to. */
  asked(event) {
    event.preventDefault();
    const entries = FIELDS.map((name) => [name, this.fields[name].value.trim()]).filter(([, value]) => value);
    const address = `#/search?${new URLSearchParams(entries)}`;
    if (!this.fields.q.value.trim()) this.fields.q.focus();
    else if (address === location.hash) this.again();
    else location.hash = address;
  }

  again() {
    fill(this.results);
    this.cursor = null;
    this.shown = 0;
    this.search();
  }

  async search() {
    const day = (text, plus) => {
      if (!text) return "";
      const date = new Date(`${text}T00:00:00`);
      date.setDate(date.getDate() + plus);
      return date.toISOString();
    };
    const asked = {
      q: this.query.get("q"), role: this.query.get("role"), number: this.query.get("number"),
      started_from: day(this.query.get("from"), 0), started_before: day(this.query.get("until"), 1),
      limit: PAGE, cursor: this.cursor,
    };
    say(this.error, "");
    try {
      const { data, next } = await get(withQuery("v1/search", asked));
      if (this.closed) return;
      const first = this.results.childElementCount;
      data.forEach((hit) => this.results.append(this.hit(hit)));
      if (first) this.results.children[first]?.querySelector("a").focus();
      this.cursor = next;
      this.more.hidden = !next;
      this.shown += data.length;
      say(this.summary, this.found(next));
      this.nameCalls(data);
    } catch (error) {
      if (error.status !== 401) say(this.error, error.message);
    }
  }

  found(next) {
    if (!this.shown) return "Nobody said that.";
    if (next) return `The newest ${this.shown} utterances`;
    return this.shown === 1 ? "1 utterance" : `${this.shown} utterances`;
  }

  hit(hit) {
    const call = el("span", { class: "numbers", "data-call": hit.call_id }, "\u00a0");
    const words = hit.snippet.map(({ text, match }) => (match ? el("mark", {}, text) : text));
    const address = withQuery(`#/calls/${encodeURIComponent(hit.call_id)}`, { at: hit.utterance_id });
    return el("li", {}, el("a", { class: `hit ${roleName(hit.role)}`, href: address },
      el("span", { class: "text" }, el("span", { class: "who" }, `${speaker(hit.role)}: `), words),
      el("span", { class: "place" },
        el("span", { title: exactly(hit.occurred_at) }, when(hit.occurred_at)), call,
        el("span", {}, `at ${clock(hit.start_ms)}`))));
  }

  async nameCalls(hits) {
    for (const id of new Set(hits.map((hit) => hit.call_id))) {
      if (!this.calls.has(id)) {
        this.calls.set(id, await get(`v1/calls/${encodeURIComponent(id)}`).catch(() => null));
      }
      if (this.closed) return;
      const call = this.calls.get(id);
      for (const element of this.results.querySelectorAll(`[data-call="${CSS.escape(id)}"]`)) {
        say(element, call ? `${phone(call.from)} → ${phone(call.to)}` : "");
      }
    }
  }

  close() {
    this.closed = true;
    tell("");
  }
}
