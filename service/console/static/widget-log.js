// The words in the widget: one row for each utterance, from its first partial to its final.

import { el, say } from "./dom.js";
import { parts } from "./redacted.js";
import { clock, roleName } from "./words.js";

const ENOUGH_PX = 40; // this close to the end counts as being there

/** The rows, in the order in which things were said. Rows never move once they stand. */
export class WidgetLog {
  constructor() {
    this.rows = [];
    this.byKey = new Map();
    this.labels = {};
    this.following = true;
    this.unseen = 0;
    this.last = 0;
    this.empty = el("p", { class: "empty", part: "empty" });
    this.list = el("ol", { class: "rows", part: "transcript", role: "list" });
    this.scroller = el("div", { class: "scroller", tabindex: "0", role: "region", onscroll: () => this.scrolled() },
      this.empty, this.list);
    this.newer = el("button", { type: "button", class: "newer", part: "newer", hidden: true, onclick: () => this.toEnd() });
    this.root = el("div", { class: "log" }, this.scroller, this.newer);
    new ResizeObserver(() => this.grown()).observe(this.scroller);
  }

  /** Whether words are to be expected: then the lack of any is told. */
  set expectant(expectant) { this.empty.hidden = !expectant || this.rows.length > 0; }

  label(labels) {
    this.labels = labels;
    this.scroller.setAttribute("aria-label", labels.transcript);
    say(this.empty, labels.empty);
    for (const row of this.rows) if (row.who) say(row.who, this.speaker(row.role));
  }

  /** Who speaks. A role is never guessed. */
  speaker(role) { return this.labels[roleName(role)]; }

  /** Show a partial or a final. Returns whether the words are newly settled. */
  spoken(data, settled) {
    let row = this.byKey.get(data.utterance_id);
    if (row?.settled || (row && !settled && data.revision <= row.revision)) return false;
    if (!row) {
      row = this.utterance(data);
      this.insert(row);
    }
    Object.assign(row, { settled, revision: data.revision });
    row.element.classList.toggle("partial", !settled);
    row.element.part.toggle("partial", !settled);
    this.write(row, data);
    return settled;
  }

  /** Show what supersedes the words of an utterance: some of them are hidden now. */
  redacted(data) {
    const row = this.byKey.get(data.utterance_id);
    if (row) this.write(row, data);
  }

  /** Show something that happened: a gap, a pause, a trouble. What has no place comes last. */
  note(key, { atMs, placed, kind, text }) {
    if (this.byKey.has(key)) return;
    const last = this.rows.at(-1)?.atMs ?? 0;
    const element = el("li", { class: `row note ${kind}`, part: `note ${kind}` },
      placed && el("span", { class: "at", part: "time" }, clock(atMs)), el("p", { class: "text", dir: "auto" }, text));
    this.insert({ key, atMs: placed ? atMs : Math.max(atMs ?? 0, last), element, settled: true, role: null });
  }

  /** Take away partials that nothing settled: the call is over. */
  dropUnsettled() {
    for (const row of this.rows.filter((one) => !one.settled)) {
      const index = this.rows.indexOf(row);
      this.rows.splice(index, 1);
      this.byKey.delete(row.key);
      row.element.remove();
      this.join(index);
    }
  }

  clear() {
    this.rows = [];
    this.byKey.clear();
    this.list.replaceChildren();
    Object.assign(this, { following: true, unseen: 0 });
    this.grown();
  }

  utterance(data) {
    const role = roleName(data.role);
    const who = el("span", { class: "who", part: `speaker ${role}` }, this.speaker(data.role));
    const words = el("p", { class: "text", part: "text", dir: "auto", lang: data.language || null });
    const at = el("span", { class: "at", part: "time" }, data.start_ms === null ? "" : clock(data.start_ms));
    const element = el("li", { class: `row ${role} partial`, part: `row ${role} partial` }, who, at, words);
    return { key: data.utterance_id, atMs: data.start_ms, element, who, words, role, revision: -1, settled: false };
  }

  /** Write the words; what was taken out of them is shown as such. */
  write(row, { text }) {
    if (row.text === text) return;
    row.text = text;
    row.words.replaceChildren(...parts(text).map((part, index) => (index % 2
      ? el("span", { class: "redacted", part: "redacted" }, part) : part)));
  }

  insert(row) {
    row.atMs ??= this.rows.at(-1)?.atMs ?? 0;
    let index = this.rows.length;
    while (index > 0 && this.rows[index - 1].atMs > row.atMs) index -= 1;
    const next = this.rows[index];
    this.rows.splice(index, 0, row);
    this.byKey.set(row.key, row);
    if (next) next.element.before(row.element);
    else this.list.append(row.element);
    this.join(index);
    this.join(index + 1);
    if (!this.following) this.unseen += 1;
  }

  /** A speaker is named once for what they say in a row. */
  join(index) {
    const row = this.rows[index];
    if (!row) return;
    row.element.classList.toggle("same", Boolean(row.role) && this.rows[index - 1]?.role === row.role);
  }

  /* The end stays in sight until the reader leaves it. */

  /** Only the reader moves up; a log that grows does not. */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const up = scrollTop < this.last;
    this.last = scrollTop;
    if (scrollHeight - clientHeight - scrollTop < ENOUGH_PX) this.following = true;
    else if (up) this.following = false;
    this.showNewer();
  }

  /** See to it that the newest words are in sight, or that the reader knows of them. */
  grown() {
    if (this.following) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.last = this.scroller.scrollTop;
    }
    this.showNewer();
  }

  toEnd() {
    this.following = true;
    this.grown();
    this.scroller.focus({ preventScroll: true });
  }

  showNewer() {
    if (this.following) this.unseen = 0;
    this.newer.hidden = this.unseen === 0;
    say(this.newer, `${this.labels.newer ?? ""} ↓`);
  }
}
