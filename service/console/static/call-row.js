// One row of a list of calls: an element that stays, and what stands in it.

import { durationMs, isLive } from "./call.js";
import { el, fill, say } from "./dom.js";
import { standing } from "./pulse.js";
import { now } from "./session.js";
import { clock, count, exactly, phone, roleName, shortTime, speaker, state } from "./words.js";

const QUIET_MS = 5000; // shorter pauses are how people talk

/**
 * A call in a list. In sight it has its parts; far from it one line of text takes their place, so
 * that ten thousand rows are not ten thousand times thirty elements. A live call always has them.
 */
export class CallRow {
  constructor(call) {
    this.link = el("a", { class: "call", href: `#/calls/${encodeURIComponent(call.call_id)}` });
    this.element = el("div", { role: "listitem", class: "item" }, this.link);
    this.element.row = this;
    this.group = null;
    this.parts = null;
  }

  /** Whether it is told by its parts, or by a line of text. */
  get near() { return this.parts !== null; }

  /**
   * Show a call, with its last words and how it does; `columns` are the metadata to be shown.
   *
   * `blind`: nothing comes at this moment, so that nobody knows how long it is quiet. `near`:
   * somebody may see it. Returns whether its parts were made for that.
   */
  show(call, { words, pulse, columns, blind, near }) {
    Object.assign(this, { call, pulse, blind });
    const making = !this.parts && (near || isLive(call));
    if (making) this.make();
    else if (this.parts && !near && !isLive(call)) this.parts = null;
    this.stand();
    if (this.parts) this.showParts(words, columns);
    else this.showLine(columns);
    return making;
  }

  make() {
    const part = (name) => el("span", { class: name });
    const parts = { status: part("state"), from: part("from"), to: part("to"), meta: part("meta"), started: part("started"),
      duration: part("duration"), who: part("who"), words: part("text"), columns: null, share: null, silence: null };
    parts.words.dir = "auto";
    parts.last = el("span", { class: "last" }, parts.words);
    fill(this.link, parts.status, el("span", { class: "numbers" }, parts.from, " ", parts.to),
      parts.meta, parts.last, parts.started, parts.duration);
    this.link.className = "call";
    this.parts = parts;
  }

  /** All of it in one line: for who looks for it in the page, or has the page read out. */
  showLine(columns) {
    const { from, to, started_at: startedAt, metadata } = this.call;
    const values = columns.map((name) => text(metadata?.[name])).filter(Boolean);
    this.link.className = "call line";
    say(this.link, [state(this.standing), `${phone(from)} → ${phone(to)}`, ...values, shortTime(startedAt)].join(" · "));
  }

  showParts(words, columns) {
    const { call, parts } = this;
    say(parts.from, phone(call.from));
    say(parts.to, phone(call.to));
    say(parts.started, shortTime(call.started_at));
    parts.started.title = exactly(call.started_at);
    this.showColumns(columns);
    if (isLive(call)) this.showLive(words);
    else this.showFigures();
    this.showTime();
  }

  showLive(words) {
    const { parts } = this;
    if (!parts.share) {
      parts.share = el("span", { class: "share" });
      parts.silence = el("span", { class: "silence" });
      parts.started.replaceWith(parts.share, parts.silence);
      parts.words.before(parts.who, " ");
      this.link.classList.add("live");
    }
    this.showWords(words);
    this.showShare();
  }

  showColumns(columns) {
    const { call, parts } = this;
    const values = columns.map((name) => text(call.metadata?.[name]));
    const key = JSON.stringify([columns, values]);
    if (parts.columns === key) return;
    parts.columns = key;
    fill(parts.meta, columns.map((name, at) => el("span", { class: "cell", title: values[at] && `${name}: ${values[at]}` },
      el("span", { class: "label" }, `${name}: `), el("bdi", {}, values[at] || "–"))));
  }

  showWords(words) {
    if (!words) return;
    const { parts } = this;
    say(parts.who, `${speaker(words.role)}:`);
    parts.last.className = `last ${roleName(words.role)}`;
    parts.words.classList.toggle("partial", words.seq === undefined);
    say(parts.words, words.text);
  }

  showFigures() {
    const { call, parts } = this;
    if (parts.share) {
      parts.silence.remove();
      parts.share.replaceWith(parts.started);
      parts.share = parts.silence = null;
      parts.last.replaceChildren(parts.words);
      this.link.classList.remove("live");
    }
    parts.last.className = "last figures";
    parts.words.classList.remove("partial");
    const lost = call.gaps ? `, ${count(call.gaps, "gap")}` : "";
    const told = call.answered_at || call.words ? count(call.words, "word") + lost : "Nobody answered";
    say(parts.words, call.status === "erased" ? "" : told);
  }

  showShare() {
    const { share } = this.parts;
    const shares = this.pulse?.shares() ?? [];
    const told = shares.map(([role, percent]) => `${speaker(role)} ${percent} %`).join(", ");
    if (share.title === told) return;
    share.title = told;
    fill(share, told && el("span", { class: "unseen" }, `Talk share: ${told}. `), shares.map(([role, percent]) => {
      const part = el("span", { class: `part ${role}`, "aria-hidden": "true" });
      part.style.flexGrow = String(percent);
      return part;
    }));
  }

  /** What time alone changes. */
  tick() {
    this.stand();
    if (this.parts) this.showTime();
  }

  stand() {
    this.quiet = (this.blind ? 0 : this.pulse?.silentMs(this.call, now())) ?? 0;
    this.standing = standing(this.call, this.pulse, this.quiet);
  }

  showTime() {
    const { parts, quiet } = this;
    say(parts.status, state(this.standing));
    if (parts.status.dataset.state !== this.standing) parts.status.dataset.state = this.standing;
    const ms = durationMs(this.call, now());
    say(parts.duration, ms === null ? "" : clock(ms));
    if (!parts.silence) return;
    say(parts.silence, quiet >= QUIET_MS ? `quiet ${clock(quiet)}` : "");
    parts.silence.classList.toggle("long", this.standing === "silent");
  }

  /** All that a filter may look for, in lower case. */
  get searched() {
    const { call } = this;
    const values = Object.values(call.metadata ?? {}).map(text);
    return [call.from, call.to, phone(call.from), phone(call.to), call.call_id, state(this.standing), ...values].join("\n").toLowerCase();
  }
}

/** What stands over the columns, for those who see: each cell says it to those who listen. */
export function titles(columns, live) {
  const title = (name, text) => el("span", { class: name }, text);
  return el("div", { class: live ? "call titles live" : "call titles", "aria-hidden": "true" },
    title("", ""), title("numbers", "From → To"),
    columns.length > 0 && el("span", { class: "meta" }, columns.map((name) => title("cell", name))),
    title("last", ""),
    live ? [title("share", "Talk"), title("silence", ""), title("duration", "Length")] : [title("started", "At"), title("duration", "Length")]);
}

/** A value of the metadata as it is shown. */
export function text(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
