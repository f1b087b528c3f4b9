// One row of a list of calls: an element that stays, and what stands in it.

import { durationMs, isLive } from "./call.js";
import { el, fill, say } from "./dom.js";
import { standing } from "./pulse.js";
import { now } from "./session.js";
import { clock, count, exactly, phone, roleName, shortTime, speaker, state } from "./words.js";

const QUIET_MS = 5000; // shorter pauses are how people talk

export class CallRow {
  constructor(call) {
    this.status = el("span", { class: "state" });
    this.from = el("span", { class: "from" });
    this.to = el("span", { class: "to" });
    this.meta = el("span", { class: "meta" });
    this.started = el("span", { class: "started" });
    this.duration = el("span", { class: "duration" });
    this.who = el("span", { class: "who" });
    this.words = el("span", { class: "text" });
    this.last = el("span", { class: "last" }, this.who, " ", this.words);
    const arrow = el("span", { class: "arrow" },
      el("span", { class: "unseen" }, " to "), el("span", { "aria-hidden": "true" }, "→"));
    this.link = el("a", { class: "call", href: `#/calls/${encodeURIComponent(call.call_id)}` },
      this.status, el("span", { class: "numbers" }, this.from, " ", arrow, " ", this.to),
      this.meta, this.last, this.started, this.duration);
    this.element = el("div", { role: "listitem", class: "item" }, this.link);
    this.element.row = this;
    this.group = null;
    this.share = this.silence = null; // only of a live call: there may be ten thousand rows
  }

  /**
   * Show a call, with its last words and how it does; `columns` are the metadata to be shown.
   *
   * `blind`: nothing comes at this moment, so that nobody knows how long it is quiet.
   */
  show(call, { words, pulse, columns, blind }) {
    Object.assign(this, { call, pulse, blind });
    say(this.from, phone(call.from));
    say(this.to, phone(call.to));
    say(this.started, shortTime(call.started_at));
    this.started.title = exactly(call.started_at);
    this.showColumns(call, columns);
    if (isLive(call)) this.showLive(words);
    else this.showFigures(call);
    this.tick();
  }

  showLive(words) {
    if (!this.share) {
      this.share = el("span", { class: "share" });
      this.silence = el("span", { class: "silence" });
      this.started.replaceWith(this.share, this.silence);
      this.link.classList.add("live");
    }
    this.showWords(words);
    this.showShare();
  }

  showColumns(call, columns) {
    const values = columns.map((name) => text(call.metadata?.[name]));
    const key = JSON.stringify([columns, values]);
    if (this.shownColumns === key) return;
    this.shownColumns = key;
    fill(this.meta, columns.map((name, at) => el("span", { class: "cell", title: values[at] && `${name}: ${values[at]}` },
      el("span", { class: "label" }, `${name}: `), values[at] || "–")));
  }

  showWords(words) {
    if (!words) return;
    say(this.who, `${speaker(words.role)}:`);
    this.last.className = `last ${roleName(words.role)}`;
    this.words.classList.toggle("partial", words.seq === undefined);
    say(this.words, words.text);
  }

  showFigures(call) {
    if (this.share) {
      this.silence.remove();
      this.share.replaceWith(this.started);
      this.share = this.silence = null;
      this.link.classList.remove("live");
    }
    say(this.who, "");
    this.last.className = "last figures";
    this.words.classList.remove("partial");
    const lost = call.gaps ? `, ${count(call.gaps, "gap")}` : "";
    const told = call.answered_at || call.words ? count(call.words, "word") + lost : "Nobody answered";
    say(this.words, call.status === "erased" ? "" : told);
  }

  showShare() {
    const shares = this.pulse?.shares() ?? [];
    const told = shares.map(([role, percent]) => `${speaker(role)} ${percent} %`).join(", ");
    if (this.share.title === told) return;
    this.share.title = told;
    fill(this.share, told && el("span", { class: "unseen" }, `Talk share: ${told}. `), shares.map(([role, percent]) => {
      const part = el("span", { class: `part ${role}`, "aria-hidden": "true" });
      part.style.flexGrow = String(percent);
      return part;
    }));
  }

  /** What time alone changes. */
  tick() {
    const at = now();
    const quiet = (this.blind ? 0 : this.pulse?.silentMs(this.call, at)) ?? 0;
    this.standing = standing(this.call, this.pulse, quiet);
    say(this.status, state(this.standing));
    if (this.status.dataset.state !== this.standing) this.status.dataset.state = this.standing;
    const ms = durationMs(this.call, at);
    say(this.duration, ms === null ? "" : clock(ms));
    if (!this.silence) return;
    say(this.silence, quiet >= QUIET_MS ? `quiet ${clock(quiet)}` : "");
    this.silence.classList.toggle("long", this.standing === "silent");
  }

  /** All that a filter may look for, in lower case. */
  get searched() {
    const { call } = this;
    const values = Object.values(call.metadata ?? {}).map(text);
    return [call.from, call.to, phone(call.from), phone(call.to), call.call_id, this.status.textContent, ...values].join("\n").toLowerCase();
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
