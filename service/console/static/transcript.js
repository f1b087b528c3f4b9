// A transcript that grows in place: one row for each utterance, from its first partial to its final.

import { el } from "./dom.js";
import { clock, roleName, speaker } from "./words.js";

const CHUNK_ROWS = 20;
const ROW_PX = 36; // what a row that was never painted is taken for
const HEAD_PX = 180; // so much of the window the bar and the head of the page take
const ENOUGH_PX = 60; // this close to the end counts as being there
const FOOT_PX = 112; // what stands at the foot of the window, over the words
const MARK_MS = 400; // playback is on a word until the next begins, or for so long after it

/**
 * The rows, in the order in which things were said. Rows never move once they stand.
 *
 * They live in chunks that the browser skips while they are out of sight, so that thousands cost
 * what the visible ones cost.
 */
export class Transcript {
  /**
   * `linkOf(key)` makes the address of an utterance; `onPlay(ms)` is told where to play from,
   * `onWritten(row)` that the text of a row was written anew, if in other pieces.
   */
  constructor({ linkOf, onPlay, onGrowth = () => {}, onWritten = () => {} }) {
    Object.assign(this, { linkOf, onPlay, onGrowth, onWritten });
    this.root = el("div", { class: "transcript", role: "list", "aria-label": "Transcript" });
    this.rows = [];
    this.byKey = new Map();
    this.playable = false;
    this.playing = new Set();
    this.current = null;
    this.root.addEventListener("keydown", (event) => this.pressed(event));
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.root.addEventListener("focusin", (event) => this.focused(event));
    this.root.addEventListener("focusout", (event) => this.left(event));
  }

  /** Show a partial or a final. Returns whether the words are newly settled. */
  spoken(data, settled) {
    let row = this.byKey.get(data.utterance_id);
    if (row?.settled || (row && !settled && data.revision <= row.revision)) return false;
    if (!row) {
      row = this.utterance(data);
      this.insert(row);
    }
    Object.assign(row, { settled, revision: data.revision, endMs: data.end_ms, timed: data.words });
    if (data.start_ms !== null) row.startMs = data.start_ms;
    if (settled) row.element.classList.remove("partial");
    if (row.text !== data.text) this.write(row, data.text);
    return settled;
  }

  /** Show what supersedes the words of an utterance: some of them are hidden now. */
  redacted(data) {
    const row = this.byKey.get(data.utterance_id);
    if (!row) return;
    row.timed = data.words;
    this.write(row, data.text);
  }

  /** Show something that happened: a gap, a pause, a trouble. What has no place comes last. */
  note(key, { atMs, placed, kind, text }) {
    if (this.byKey.has(key)) return;
    const last = this.rows.at(-1)?.atMs ?? 0;
    const sortMs = placed ? atMs : Math.max(atMs ?? 0, last);
    const element = el("div", { class: `row note ${kind}`, role: "listitem" },
      el("span", { class: "at" }, clock(atMs)), el("p", { class: "text" }, text));
    this.insert({ key, atMs: sortMs, element, settled: true, role: null });
  }

  /** Take away partials that nothing settled: the call is over. */
  dropUnsettled() {
    for (const row of this.rows.filter((one) => !one.settled)) this.remove(row);
  }

  /** Take everything away: it is not to be seen any more. */
  clear() {
    for (const row of [...this.rows]) this.remove(row);
    this.root.replaceChildren();
    this.playing.clear();
  }

  utterance(data) {
    const role = roleName(data.role);
    const at = el("a", {
      class: "at", href: this.linkOf(data.utterance_id), tabindex: this.current ? "-1" : "0",
      "aria-label": `${clock(data.start_ms)}, ${speaker(data.role)}`,
    }, clock(data.start_ms));
    const words = el("p", { class: "text", dir: "auto" }, "");
    const element = el("div", { class: `row partial ${role}`, role: "listitem" },
      at, el("span", { class: "who" }, speaker(data.role)), words);
    const row = {
      key: data.utterance_id, atMs: data.start_ms, startMs: data.start_ms, element, at, words, role,
      text: "", revision: -1, settled: false,
    };
    this.current ??= row;
    return row;
  }

  write(row, text) {
    row.text = text;
    row.spans = null;
    row.words.textContent = text;
    if (this.playing.has(row)) this.split(row);
    else this.onWritten(row);
  }

  insert(row) {
    row.atMs ??= this.rows.at(-1)?.atMs ?? 0;
    let index = this.rows.length;
    while (index > 0 && this.rows[index - 1].atMs > row.atMs) index -= 1;
    const next = this.rows[index];
    this.rows.splice(index, 0, row);
    this.byKey.set(row.key, row);
    row.element.row = row;
    if (next) next.element.before(row.element);
    else this.lastChunk().append(row.element);
    this.join(index);
    this.join(index + 1);
    this.onGrowth();
  }

  remove(row) {
    const index = this.rows.indexOf(row);
    this.rows.splice(index, 1);
    this.byKey.delete(row.key);
    row.element.remove();
    if (this.current === row) this.current = null;
    this.join(index);
  }

  /** A speaker is named once for what they say in a row. */
  join(index) {
    const row = this.rows[index];
    if (!row) return;
    const before = this.rows[index - 1];
    row.element.classList.toggle("same", Boolean(row.role) && before?.role === row.role);
  }

  lastChunk() {
    let chunk = this.root.lastElementChild;
    if (!chunk || chunk.childElementCount >= CHUNK_ROWS) {
      chunk = el("div", { class: "chunk", role: "presentation" });
      chunk.style.containIntrinsicBlockSize = `auto ${CHUNK_ROWS * ROW_PX}px`;
      this.root.append(chunk);
    }
    return chunk;
  }

  /** Bring an utterance into the middle of the window and mark it. False if it is not there. */
  show(key) {
    const row = this.byKey.get(key);
    if (!row) return false;
    this.root.querySelector(".row.sought")?.classList.remove("sought");
    row.element.classList.add("sought");
    row.element.scrollIntoView({ block: "center" });
    this.focus(row);
    return true;
  }

  /* Keyboard: one stop for Tab, arrows from row to row and word to word. */

  focus(row) {
    if (this.current?.at) this.current.at.tabIndex = -1;
    this.current = row;
    row.at.tabIndex = 0;
    row.at.focus({ preventScroll: true });
    row.element.scrollIntoView({ block: "nearest" });
  }

  /** Go to the utterance that many further on. */
  step(by) {
    const spoken = this.rows.filter((row) => row.at);
    if (!spoken.length) return;
    const inside = this.root.contains(document.activeElement);
    const from = inside ? spoken.indexOf(this.current) : this.firstInSight(spoken) - by;
    this.focus(spoken[Math.max(0, Math.min(spoken.length - 1, from + by))]);
  }

  firstInSight(rows) {
    let [low, high] = [0, rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].element.getBoundingClientRect().bottom < HEAD_PX) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  pressed(event) {
    const row = event.target.closest(".row")?.row;
    if (!row?.at || event.ctrlKey || event.metaKey || event.altKey) return;
    const word = event.target.closest(".word");
    const moves = {
      ArrowDown: () => this.step(1),
      ArrowUp: () => this.step(-1),
      ArrowRight: () => this.stepWord(row, word, 1),
      ArrowLeft: () => this.stepWord(row, word, -1),
      Enter: () => word && this.onPlay(row.timed[Number(word.dataset.index)].start_ms),
    };
    if (!(event.key in moves) || (event.key === "Enter" && !word)) return;
    event.preventDefault();
    moves[event.key]();
  }

  stepWord(row, word, by) {
    if (!this.playable || !row.timed?.length) return;
    this.split(row);
    const index = word ? row.spans.indexOf(word) + by : (by > 0 ? 0 : -1);
    if (index < 0) row.at.focus({ preventScroll: true });
    else row.spans[Math.min(index, row.spans.length - 1)]?.focus({ preventScroll: true });
  }

  focused(event) {
    const row = event.target.closest(".row")?.row;
    if (!row?.at || row === this.current) return;
    if (this.current?.at) this.current.at.tabIndex = -1;
    this.current = row;
    row.at.tabIndex = 0;
  }

  left(event) {
    const row = event.target.closest(".row")?.row;
    if (row && !row.element.contains(event.relatedTarget)) this.whole(row);
  }

  clicked(event) {
    const row = event.target.closest(".row")?.row;
    if (!row?.at || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!this.playable || row.startMs === null || !getSelection().isCollapsed) return;
    if (event.target === row.at) {
      event.preventDefault();
      this.onPlay(row.startMs);
    } else if (row.words.contains(event.target)) {
      this.onPlay(this.wordAt(row, event)?.start_ms ?? row.startMs);
    }
  }

  /* Words: an utterance is one text until somebody plays it or steps through it. */

  /** Find the places of timed words in the text of their utterance. */
  places(row) {
    const places = [];
    let from = 0;
    (row.timed ?? []).forEach((word, index) => {
      const at = row.text.toLowerCase().indexOf(word.text.toLowerCase(), from);
      if (at < 0) return;
      from = at + word.text.length;
      places.push({ index, at, end: from });
    });
    return places;
  }

  split(row) {
    if (row.spans || !row.timed?.length) return;
    row.spans = [];
    const parts = [];
    let done = 0;
    for (const { index, at, end } of this.places(row)) {
      parts.push(row.text.slice(done, at));
      const span = el("span", {
        class: "word", role: "button", tabindex: "-1", "data-index": index,
      }, row.text.slice(at, end));
      row.spans.push(span);
      parts.push(span);
      done = end;
    }
    row.words.replaceChildren(...parts.filter(Boolean), row.text.slice(done));
    this.onWritten(row);
  }

  whole(row) {
    if (!row.spans || this.playing.has(row) || row.element.contains(document.activeElement)) return;
    row.spans = null;
    row.words.textContent = row.text;
    this.onWritten(row);
  }

  wordAt(row, event) {
    const span = event.target.closest(".word");
    if (span) return row.timed[Number(span.dataset.index)];
    const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const range = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
    const offset = caret?.offset ?? range?.startOffset;
    const place = this.places(row).find(({ end }) => offset <= end);
    return place ? row.timed[place.index] : null;
  }

  /** Mark what is heard at a place of the call clock; null: nothing is. */
  mark(ms, { follow = false } = {}) {
    const heard = ms === null ? [] : this.rows.filter((row) =>
      row.at && row.settled && row.startMs <= ms && ms < Math.max(row.endMs ?? 0, row.startMs + MARK_MS));
    for (const row of [...this.playing]) {
      if (heard.includes(row)) continue;
      this.playing.delete(row);
      row.element.classList.remove("playing");
      row.spans?.forEach((span) => span.classList.remove("now"));
      this.whole(row);
    }
    for (const row of heard) {
      if (!this.playing.has(row)) {
        this.playing.add(row);
        row.element.classList.add("playing");
        this.split(row);
        if (follow) row.element.scrollIntoView({ block: "nearest" });
      }
      row.spans?.forEach((span) => {
        const index = Number(span.dataset.index);
        const { start_ms: from, end_ms: until } = row.timed[index];
        const next = row.timed[index + 1]?.start_ms ?? Infinity;
        span.classList.toggle("now", from <= ms && ms < Math.min(next, until + MARK_MS));
      });
    }
  }
}

/** Keeps the end of the words in sight, as long as the reader is at the end of the page. */
export class Follower {
  constructor(words, onChange) {
    this.words = words;
    this.on = false;
    this.last = scrollY;
    this.onChange = onChange;
    this.listeners = new AbortController();
    addEventListener("scroll", () => this.scrolled(), { passive: true, signal: this.listeners.signal });
  }

  atEnd() {
    return document.documentElement.scrollHeight - innerHeight - scrollY < ENOUGH_PX;
  }

  /** Only the reader moves up; a page that grows or is measured anew does not. */
  scrolled() {
    const up = scrollY < this.last;
    this.last = scrollY;
    if (this.atEnd()) this.set(true);
    else if (up) this.set(false);
  }

  set(on) {
    if (this.on === on) return;
    this.on = on;
    this.onChange(on);
  }

  /** A page is not moved for what is in sight already: its head would go, for nothing. */
  toEnd() {
    const newest = this.words.lastElementChild?.lastElementChild; // its chunk may be taken for longer than it is
    if (!newest || newest.getBoundingClientRect().bottom < innerHeight - FOOT_PX) return;
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    this.last = scrollY;
  }

  close() {
    this.listeners.abort();
  }
}
