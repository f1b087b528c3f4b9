// The calls: those that go on now, with their last words, and those before.

import { after, durationMs, emptyCall, isLive } from "./call.js";
import { el, oncePerFrame, say } from "./dom.js";
import { Feed, mayFollow } from "./feed.js";
import { get, now, session, withQuery } from "./session.js";
import { stepAlong } from "./shortcuts.js";
import { clock, count, exactly, phone, roleName, speaker, state, when } from "./words.js";

const PAGE = 50;
const MOST_LIVE = 200;
const ASK_MS = 5000; // without the right to follow
const MOST_FETCHED = 24; // last words of calls that were there before the page was
const TAIL = 12;

export function openCalls(main, { setConnection, setTitle }) {
  const page = new CallsPage(setConnection);
  setTitle("Calls");
  main.append(page.element);
  page.start();
  return page;
}

class CallsPage {
  constructor(setConnection) {
    this.setConnection = setConnection;
    this.calls = new Map();
    this.rows = new Map();
    this.words = new Map();
    this.next = (by) => stepAlong([...this.element.querySelectorAll("a.call")], by);
    this.cursor = null;
    this.live = el("ul", { class: "calls" });
    this.recent = el("ul", { class: "calls" });
    this.number = el("span", { class: "number" });
    this.nobody = el("p", { class: "empty", hidden: true }, session.may("calls:read")
      ? "Nobody is talking. A call shows here as soon as it rings."
      : "Nothing happened yet since you came. Calls that were there before are not shown: your access lacks the scope calls:read.");
    this.nothing = el("p", { class: "empty", hidden: true }, "No calls yet.");
    this.error = el("p", { class: "error", role: "alert" });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => this.fetchMore() }, "Earlier calls");
    this.element = el("div", { class: "page" },
      el("h1", { tabindex: "-1", class: "unseen" }, "Calls"),
      this.error,
      el("section", { "aria-labelledby": "live-title" },
        el("h2", { id: "live-title" }, "Live ", this.number), this.nobody, this.live),
      el("section", { "aria-labelledby": "recent-title" },
        el("h2", { id: "recent-title" }, "Recent"), this.nothing, this.recent, this.more));
    this.draw = oncePerFrame(() => this.drawAll());
    this.changed = new Set();
  }

  start() {
    this.ticking = setInterval(() => this.tick(), 1000);
    if (!mayFollow()) {
      this.setConnection("refused");
      this.asking = setInterval(() => { if (!document.hidden) this.fetch(); }, ASK_MS);
      this.fetch();
      return;
    }
    this.feed = new Feed("v1/feed", {
      query: { types: "call.*,transcription.*,transcript.*", partials: "true" },
      onEvent: (type, event) => this.took(type, event.data),
      onState: (name, problem) => {
        this.setConnection(name);
        if (problem) say(this.error, problem.message);
      },
      // what is asked for after the feed is open has no hole before it
      onOpen: () => this.fetch(),
    }).start();
  }

  close() {
    this.closed = true;
    this.feed?.stop();
    clearInterval(this.ticking);
    clearInterval(this.asking);
  }

  renewed() {
    this.fetch();
  }

  async fetch() {
    if (!session.may("calls:read")) {
      say(this.error, "");
      this.loaded = true;
      this.draw();
      return;
    }
    try {
      const [live, recent] = await Promise.all([
        get(withQuery("v1/calls", { live: "true", limit: MOST_LIVE })),
        get(withQuery("v1/calls", { limit: PAGE })),
      ]);
      if (this.closed) return;
      say(this.error, "");
      if (this.cursor === null) this.setCursor(recent.next);
      for (const call of [...recent.data, ...live.data]) this.met(call);
      this.loaded = true;
      this.forgetEnded(live.data);
      this.draw();
      this.fetchWords(live.data.slice(0, MOST_FETCHED));
    } catch (error) {
      // what cannot be asked is not known: nobody may be told that nobody talks
      this.loaded = false;
      this.draw();
      if (error.status !== 401) say(this.error, error.message);
    }
  }

  setCursor(next) {
    this.cursor = next;
    this.more.hidden = !next;
  }

  async fetchMore() {
    try {
      const { data, next } = await get(withQuery("v1/calls", { limit: PAGE, cursor: this.cursor }));
      this.setCursor(next);
      data.forEach((call) => this.met(call));
      this.draw();
    } catch (error) {
      say(this.error, error.message);
    }
  }

  async fetchWords(calls) {
    for (const call of calls) {
      if (this.closed || this.words.has(call.call_id)) continue;
      const path = `v1/calls/${encodeURIComponent(call.call_id)}/events`;
      const answer = await get(withQuery(path, { after_seq: Math.max(0, call.last_seq - TAIL), limit: TAIL })).catch(() => null);
      const last = answer?.data.findLast((event) => event.type === "transcript.final");
      if (last && !this.words.has(call.call_id)) {
        this.words.set(call.call_id, last.data);
        this.changed.add(call.call_id);
        this.draw();
      }
    }
  }

  met(call) {
    const known = this.calls.get(call.call_id);
    this.calls.set(call.call_id, known ? together(known, call) : call);
    this.changed.add(call.call_id);
  }

  took(type, data) {
    const known = this.calls.get(data.call_id) ?? this.unmet(data);
    this.calls.set(data.call_id, after(known, type, data));
    if (type === "transcript.partial" || type === "transcript.final") {
      const last = this.words.get(data.call_id);
      const older = last?.utterance_id === data.utterance_id && last.revision > data.revision;
      if (!older) this.words.set(data.call_id, data);
    }
    this.changed.add(data.call_id);
    this.draw();
  }

  /** A call that no list had: the feed tells it from its start, or it is looked up. */
  unmet(data) {
    if (data.seq !== 1 && session.may("calls:read")) this.lookUp(data.call_id);
    return { ...emptyCall(data.call_id), metadata: data.metadata ?? {} };
  }

  async lookUp(id) {
    const call = await get(`v1/calls/${encodeURIComponent(id)}`).catch(() => null);
    if (!call || this.closed) return;
    this.met(call);
    this.draw();
  }

  /** Calls that a break in the feed left as live, and that no list has as such any more. */
  forgetEnded(live) {
    if (live.length === MOST_LIVE) return;
    const ids = new Set(live.map((call) => call.call_id));
    for (const [id, call] of this.calls) if (isLive(call) && !ids.has(id)) this.lookUp(id);
  }

  drawAll() {
    for (const id of this.changed) this.drawCall(this.calls.get(id));
    this.changed.clear();
    const live = this.live.childElementCount;
    say(this.number, live ? String(live) : "");
    this.nobody.hidden = live > 0 || !this.loaded;
    this.nothing.hidden = this.recent.childElementCount > 0 || !this.loaded || !session.may("calls:read");
  }

  drawCall(call) {
    let row = this.rows.get(call.call_id);
    if (!row) {
      row = new CallRow(call);
      this.rows.set(call.call_id, row);
    }
    row.show(call, this.words.get(call.call_id));
    const list = isLive(call) ? this.live : this.recent;
    if (row.element.parentNode !== list) this.place(row, list);
  }

  /** Newest first; a row stays where it is until its call is over. */
  place(row, list) {
    const later = [...list.children].find((other) => other.row.startedAt < row.startedAt);
    const focused = row.element.contains(document.activeElement);
    list.insertBefore(row.element, later ?? null);
    if (focused) row.link.focus({ preventScroll: true });
  }

  tick() {
    for (const element of this.live.children) element.row.tick();
  }
}

/** What events told and what a list says: the newer of both, with what only the older one knows. */
function together(known, listed) {
  if (known.last_seq <= listed.last_seq) return listed;
  const given = Object.entries(known).filter(([key, value]) => value !== null && !(key === "status" && value === "unknown"));
  return { ...listed, ...Object.fromEntries(given) };
}

class CallRow {
  constructor(call) {
    this.status = el("span", { class: "state" });
    this.from = el("span", { class: "from" });
    this.to = el("span", { class: "to" });
    this.started = el("span", { class: "started" });
    this.duration = el("span", { class: "duration" });
    this.who = el("span", { class: "who" });
    this.words = el("span", { class: "text" });
    this.last = el("span", { class: "last" }, this.who, " ", this.words);
    const arrow = el("span", { class: "arrow" },
      el("span", { class: "unseen" }, " to "), el("span", { "aria-hidden": "true" }, "→"));
    this.link = el("a", { class: "call", href: `#/calls/${encodeURIComponent(call.call_id)}` },
      this.status, el("span", { class: "numbers" }, this.from, " ", arrow, " ", this.to),
      this.last, this.started, this.duration);
    this.element = el("li", {}, this.link);
    this.element.row = this;
    this.startedAt = call.started_at ?? "";
  }

  show(call, words) {
    this.call = call;
    say(this.status, state(call.status));
    this.status.dataset.state = call.status;
    say(this.from, phone(call.from));
    say(this.to, phone(call.to));
    say(this.started, when(call.started_at));
    this.started.title = exactly(call.started_at);
    this.tick();
    if (isLive(call) && words) {
      say(this.who, `${speaker(words.role)}:`);
      this.last.className = `last ${roleName(words.role)}`;
      this.words.classList.toggle("partial", words.seq === undefined);
      say(this.words, words.text);
    } else if (!isLive(call)) {
      say(this.who, "");
      this.last.className = "last figures";
      this.words.classList.remove("partial");
      const lost = call.gaps ? `, ${count(call.gaps, "gap")}` : "";
      say(this.words, call.status === "erased" ? "Erased" : count(call.words, "word") + lost);
    }
  }

  tick() {
    const ms = durationMs(this.call, now());
    say(this.duration, ms === null ? "" : clock(ms));
  }
}

