// The calls: those that go on now, with their last words, and those before, by days.

import { CallRow, text, titles } from "./call-row.js";
import { after, emptyCall, isLive } from "./call.js";
import { el, fill, oncePerFrame, say } from "./dom.js";
import { Feed, mayFollow } from "./feed.js";
import { Groups } from "./groups.js";
import { ListSettings } from "./list-settings.js";
import { Pulse } from "./pulse.js";
import { get, now, session, withQuery } from "./session.js";
import { stepAlong } from "./shortcuts.js";
import { dayName, dayOf } from "./words.js";

const PAGE = 50;
const PAGE_OF_EARLIER = 200;
const MOST_LIVE = 200;
const ASK_MS = 5000; // without the right to follow
const FRAME_MS = 6; // of work; what is left waits for the next frame
const MOST_FILTERED = 400; // in a frame: it is the browser that has the work of what comes and goes,
const MOST_DRAWN = 20; // above all of what comes and goes in sight
const MOST_MOVED = 10; // of the rows of live calls, which are laid out anew
const TAIL = 100; // so many events of a call that was there before the page was

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
    this.pulses = new Map();
    this.changed = new Set();
    this.held = new Set();
    this.toShow = [];
    this.toFilter = [];
    this.cursor = null;
    this.blind = true;
    this.settings = new ListSettings((what) => this.chosen(what));
    this.next = (by) => stepAlong([...this.element.querySelectorAll(".item:not([hidden]) > a.call")], by);
    this.build();
    this.draw = oncePerFrame(() => this.drawAll());
  }

  build() {
    this.live = new Groups({
      label: "Live calls", groupOf: (row) => this.groupOf(row), compareGroups: byName, compare: (one, other) => this.compare(one, other),
    });
    this.recent = new Groups({
      label: "Recent calls", groupOf: (row) => [dayOf(row.call.started_at), dayName(dayOf(row.call.started_at))],
      compareGroups: (one, other) => byName(other, one), compare: newestFirst, onSight: (rows) => this.inSight(rows),
    });
    this.liveTitles = el("div", { hidden: true });
    this.recentTitles = el("div", { hidden: true });
    this.nobody = el("p", { class: "empty", hidden: true }, session.may("calls:read")
      ? "Nobody is talking. A call shows here as soon as it rings."
      : "Nothing happened yet since you came. Calls that were there before are not shown: your access lacks the scope calls:read.");
    this.none = el("p", { class: "empty", role: "status" });
    this.nothing = el("p", { class: "empty", role: "status" });
    this.error = el("p", { class: "error", role: "alert" });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => this.fetchMore() }, "Earlier calls");
    this.liveSection = el("section", { class: "live", "aria-labelledby": "live-title" },
      el("h2", { id: "live-title" }, "Live"), this.nobody, this.none, this.liveTitles, this.live.element);
    // rows that go while somebody points at one would have them press another
    this.liveSection.addEventListener("pointerleave", () => this.release());
    this.liveSection.addEventListener("focusout", () => requestAnimationFrame(() => this.release()));
    this.element = el("div", { class: "page", "data-columns": "0" },
      el("h1", { tabindex: "-1", class: "unseen" }, "Calls"),
      this.error, this.settings.strip, this.settings.element, this.liveSection,
      el("section", { "aria-labelledby": "recent-title" },
        el("h2", { id: "recent-title" }, "Recent"), this.nothing, this.recentTitles, this.recent.element, this.more));
  }

  start() {
    this.chosen("columns");
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
        this.blind = name !== "live";
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

  look() { this.settings.text.focus(); }

  /* What is known of calls: lists say what is so, the feed what happens. */

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
      this.lookBack(live.data);
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
    this.more.disabled = true;
    try {
      const { data, next } = await get(withQuery("v1/calls", { limit: PAGE_OF_EARLIER, cursor: this.cursor }));
      this.setCursor(next);
      data.forEach((call) => this.met(call));
      this.draw();
    } catch (error) {
      say(this.error, error.message);
    } finally {
      this.more.disabled = false;
    }
  }

  /** Ask for what was said last in calls that were there before the page was. */
  async lookBack(calls) {
    for (const call of calls) {
      if (this.closed || this.pulses.get(call.call_id)?.whole) continue;
      const path = `v1/calls/${encodeURIComponent(call.call_id)}/events`;
      const answer = await get(withQuery(path, { after_seq: Math.max(0, call.last_seq - TAIL), limit: TAIL })).catch(() => null);
      if (!answer) continue;
      const pulse = this.pulseOf(call.call_id);
      pulse.whole = true;
      for (const event of answer.data) pulse.took(event.type, event.data, now());
      const last = answer.data.findLast((event) => event.type === "transcript.final");
      if (last && !this.words.has(call.call_id)) this.words.set(call.call_id, last.data);
      this.changed.add(call.call_id);
      this.draw();
    }
  }

  pulseOf(id) {
    let pulse = this.pulses.get(id);
    if (!pulse) this.pulses.set(id, pulse = new Pulse());
    return pulse;
  }

  met(call) {
    const known = this.calls.get(call.call_id);
    this.calls.set(call.call_id, known ? together(known, call) : call);
    this.changed.add(call.call_id);
  }

  took(type, data) {
    const known = this.calls.get(data.call_id) ?? this.unmet(data);
    const call = after(known, type, data);
    this.calls.set(data.call_id, call);
    if (type === "transcript.partial" || type === "transcript.final") {
      const last = this.words.get(data.call_id);
      const older = last?.utterance_id === data.utterance_id && last.revision > data.revision;
      if (!older) this.words.set(data.call_id, data);
    }
    if (isLive(call)) this.pulseOf(data.call_id).took(type, data, now());
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
    for (const row of this.live.rows()) if (!ids.has(row.call.call_id)) this.lookUp(row.call.call_id);
  }

  /* How they are shown. */

  groupOf(row) {
    const name = this.settings.groupBy.replace(/^metadata\./, "");
    if (!name) return ["", ""];
    const value = text(row.call.metadata?.[name]);
    return value ? [value, value] : ["\uffff", `No ${name}`];
  }

  compare(one, other) {
    const { sortBy } = this.settings;
    if (sortBy === "newest") return newestFirst(one, other);
    const name = sortBy.replace(/^metadata\./, "");
    const byColumn = sortBy === "longest" ? 0 : byName(text(one.call.metadata?.[name]), text(other.call.metadata?.[name]));
    return byColumn || newestFirst(other, one);
  }

  chosen(what) {
    if (what === "columns") this.toShow = [...this.live.rows(), ...this.recent.rows()];
    const { shown } = this.settings;
    this.element.dataset.columns = String(shown.length);
    fill(this.liveTitles, titles(shown, true));
    fill(this.recentTitles, titles(shown, false));
    if (what === "order") this.live.again();
    this.toFilter = [...this.live.rows(), ...this.recent.rows()];
    this.draw();
  }

  /** Do what is to be done, as much as a frame has room for: ten thousand calls are too many for one. */
  drawAll() {
    if (this.closed) return;
    const until = performance.now() + FRAME_MS;
    const all = (queue, action, most = queue.length) => {
      let [done, drawn] = [0, 0];
      while (done < Math.min(most, queue.length) && drawn < MOST_DRAWN && (done % 4 || performance.now() < until)) {
        drawn += action(queue[done++]) === true;
      }
      return queue.splice(0, done);
    };
    const changed = [...this.changed];
    const news = changed.filter((id) => this.settings.learn(this.calls.get(id).metadata));
    for (const id of all(changed, (one) => this.drawCall(this.calls.get(one)))) this.changed.delete(id);
    if (news.length) this.chosen("columns");
    all(this.toShow, (row) => this.show(row));
    all(this.toFilter, (row) => this.filter(row), MOST_FILTERED);
    const moves = this.live.moveOn(MOST_MOVED);
    this.tellCounts();
    if (moves || this.changed.size || this.toShow.length || this.toFilter.length) this.draw();
  }

  drawCall(call) {
    let row = this.rows.get(call.call_id);
    if (!row) {
      row = new CallRow(call);
      this.rows.set(call.call_id, row);
    }
    this.show(row, call);
    this.put(row);
    return this.bringNear(row);
  }

  show(row, call = row.call) {
    const { call_id: id } = call;
    return row.show(call, {
      words: this.words.get(id), pulse: this.pulses.get(id), columns: this.settings.shown, blind: this.blind, near: this.recent.isNear(row),
    });
  }

  /** Rows came near to what is seen, or went away: they are told anew, as many at once as a frame has room for. */
  inSight(rows) {
    this.toShow.push(...rows);
    this.draw();
  }

  bringNear(row) {
    return !row.near && this.recent.isNear(row) && this.show(row);
  }

  filter(row) {
    const drawn = row.group?.owner.filterOne(row, this.wants(row));
    return this.bringNear(row) || drawn;
  }

  /** Put a row where its call belongs; those that somebody points at do not move meanwhile. */
  put(row) {
    const { call } = row;
    const list = isLive(call) ? this.live : this.recent;
    const moves = row.group?.owner !== list || row.placedBy !== call.started_at;
    if (!moves) {
      if (list === this.live) list.filterOne(row, this.wants(row));
      return;
    }
    const disturbs = row.group ? row.group.owner === this.live : list === this.live && !list.isLast(row);
    if (disturbs && this.pointedAt()) {
      this.held.add(row);
      return;
    }
    if (!isLive(call)) {
      this.pulses.delete(call.call_id);
      this.words.delete(call.call_id);
    }
    row.placedBy = call.started_at;
    row.element.hidden = !this.wants(row);
    list.take(row);
    list.place(row);
  }

  pointedAt() {
    const hovers = matchMedia("(hover: hover)").matches && this.live.element.matches(":hover");
    return hovers || this.live.element.contains(document.activeElement);
  }

  release() {
    if (this.closed || this.pointedAt()) return;
    const held = [...this.held];
    this.held.clear();
    for (const row of held) this.put(row);
    if (held.length) this.tellCounts();
  }

  wants(row) {
    const { filter, standing: wanted } = this.settings;
    if (filter && !row.searched.includes(filter)) return false;
    if (wanted === "live" || !isLive(row.call)) return true;
    return row.standing === wanted;
  }

  /** Count live calls, and say what it means that there is nothing to be seen. */
  tellCounts() {
    const numbers = { live: 0 };
    let shown = 0;
    for (const row of this.live.rows()) {
      if (!isLive(row.call)) continue; // it has ended, and is pointed at
      numbers.live += 1;
      shown += !row.element.hidden;
      numbers[row.standing] = (numbers[row.standing] ?? 0) + 1;
    }
    this.settings.count(numbers);
    const { size: before, shown: fit } = this.recent;
    this.liveTitles.hidden = shown === 0;
    this.recentTitles.hidden = fit === 0;
    this.nobody.hidden = this.live.size > 0 || !this.loaded;
    say(this.none, this.live.size && !shown ? "None of the live calls is like that." : "");
    const none = this.loaded && session.may("calls:read") ? "No calls yet." : "";
    say(this.nothing, before ? fit ? "" : "None of these calls is like that." : none);
  }

  tick() {
    for (const row of this.live.rows()) {
      row.blind = this.blind;
      row.tick();
      this.live.filterOne(row, this.wants(row));
    }
    this.tellCounts();
  }
}

function byName(one, other) {
  return one < other ? -1 : Number(one > other);
}

function newestFirst(one, other) {
  return byName(other.call.started_at ?? "", one.call.started_at ?? "") || byName(one.call.call_id, other.call.call_id);
}

/** What events told and what a list says: the newer of both, with what only the older one knows. */
function together(known, listed) {
  if (known.last_seq <= listed.last_seq) return listed;
  const given = Object.entries(known).filter(([key, value]) => value !== null && !(key === "status" && value === "unknown"));
  return { ...listed, ...Object.fromEntries(given) };
}
