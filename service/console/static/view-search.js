// Search: in everything that was said, and for calls by their numbers, metadata and days.

import { el, fill, say, tell } from "./dom.js";
import { FoundCall } from "./found-call.js";
import { get, withQuery } from "./session.js";
import { stepAlong } from "./shortcuts.js";
import { count } from "./words.js";

const PAGE = 30;
const FIELDS = ["q", "role", "number", "metadata", "from", "until"];

export function openSearch(main, { query, setTitle }) {
  const page = new SearchPage(query);
  main.append(page.element);
  setTitle(query.get("q") ? `${query.get("q")} · Search` : "Search");
  if (FIELDS.some((name) => query.get(name))) page.search();
  else page.fields.q.focus();
  return page;
}

class SearchPage {
  constructor(query) {
    this.query = query;
    this.calls = new Map();
    this.shown = 0;
    this.next = (by) => stepAlong([...this.element.querySelectorAll("a.hit, a.found-call")].filter((link) => !link.closest("[hidden]")), by);
    const given = (name) => query.get(name) ?? "";
    const input = (id, more) => el("input", { id, type: "text", value: given(id), autocomplete: "off", spellcheck: "false", ...more });
    this.fields = {
      q: input("q", { type: "search", enterkeyhint: "search" }),
      role: el("select", { id: "role" }, [["", "Anybody"], ["customer", "Customer"], ["agent", "Agent"], ["unknown", "Unknown"]].map(
        ([value, name]) => el("option", { value, selected: given("role") === value }, name))),
      number: input("number", { inputmode: "tel", placeholder: "+1312*" }),
      metadata: input("metadata", { placeholder: "queue=billing, agent=Ada" }),
      from: input("from", { type: "date" }),
      until: input("until", { type: "date" }),
    };
    this.results = el("ol", { class: "found-calls" });
    this.summary = el("p", { class: "summary", role: "status" });
    this.error = el("p", { class: "error", role: "alert" });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => this.search() }, "More results");
    this.element = el("div", { class: "page" },
      el("h1", { tabindex: "-1" }, "Search"), this.form(), this.error, this.summary, this.results, this.more);
  }

  look() { this.fields.q.focus(); }

  form() {
    const labelled = (name, text) => el("p", { class: `field ${name}` }, el("label", { for: name }, text), this.fields[name]);
    return el("form", { class: "search", role: "search", onsubmit: (event) => this.asked(event) },
      el("p", { class: "field q" }, el("label", { for: "q" }, "Words that were said"),
        el("span", { class: "joined" }, this.fields.q, el("button", { type: "submit", class: "primary" }, "Search"))),
      el("p", { class: "hint" }, "“Words in quotes” stand together, book* finds bookings too, -word leaves out what has it. Without words, all calls that fit are found."),
      el("div", { class: "filters" }, labelled("role", "Said by"), labelled("number", "Number"), labelled("metadata", "Metadata"),
        labelled("from", "From"), labelled("until", "Until")));
  }

  /** What is searched for is the address, so that it can be sent and gone back to. */
  asked(event) {
    event.preventDefault();
    const entries = FIELDS.map((name) => [name, this.fields[name].value.trim()]).filter(([, value]) => value);
    const address = `#/search?${new URLSearchParams(entries)}`;
    if (!entries.some(([name]) => name !== "role")) this.fields.q.focus();
    else if (address === location.hash) this.again();
    else location.hash = address;
  }

  again() {
    fill(this.results);
    this.calls.clear();
    this.cursor = null;
    this.shown = 0;
    this.search();
  }

  async search() {
    say(this.error, "");
    try {
      const words = this.query.get("q");
      const { data, next } = await get(withQuery(words ? "v1/search" : "v1/calls", this.wanted(words)));
      if (this.closed) return;
      const links = words ? data.map((hit) => this.found(hit.call_id).add(hit)) : data.map((call) => this.listed(call));
      if (this.shown) links[0]?.focus();
      this.cursor = next;
      this.more.hidden = !next;
      this.shown += data.length;
      say(this.summary, words ? this.saidBy(next) : this.howMany(next));
      await this.nameCalls();
    } catch (error) {
      if (error.status !== 401) say(this.error, error.message);
    }
  }

  wanted(words) {
    const given = (name) => this.query.get(name);
    const found = {
      number: given("number"), started_from: dayStart(given("from"), 0), started_before: dayStart(given("until"), 1),
      limit: PAGE, cursor: this.cursor, ...metadataOf(given("metadata")),
    };
    return words ? { ...found, q: words, role: given("role") } : found;
  }

  found(id) {
    let call = this.calls.get(id);
    if (!call) {
      this.calls.set(id, call = new FoundCall(id));
      this.results.append(call.element);
    }
    return call;
  }

  listed(call) {
    const found = this.found(call.call_id);
    found.show(call);
    found.named = true;
    return found.link;
  }

  saidBy(next) {
    if (!this.shown) return "Nobody said that.";
    const inCalls = ` in ${count(this.calls.size, "call")}`;
    return (next ? `The newest ${this.shown} utterances` : count(this.shown, "utterance")) + inCalls;
  }

  howMany(next) {
    if (!this.shown) return "There is no such call.";
    return next ? `The newest ${this.shown} calls` : count(this.shown, "call");
  }

  async nameCalls() {
    for (const call of this.calls.values()) {
      if (call.named) continue;
      if (this.closed) return;
      call.named = true;
      await call.lookUp();
    }
  }

  close() {
    this.closed = true;
    tell("");
  }
}

/** The beginning of a day here, or of one after it; nothing for no day. */
function dayStart(text, plus) {
  if (!text) return "";
  const date = new Date(`${text}T00:00:00`);
  date.setDate(date.getDate() + plus);
  return date.toISOString();
}

/** What is asked for by metadata: `queue=billing, agent=Ada`. */
function metadataOf(text) {
  const pairs = (text ?? "").split(",").map((part) => part.trim()).filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new Error(`Metadata is written as queue=billing: “${pair}” is not.`);
    return [`metadata.${pair.slice(0, at).trim()}`, pair.slice(at + 1).trim()];
  }));
}
