// What is known about a call: times, engine, how late words come, where its time went.

import { copy } from "./clipboard.js";
import { el, fill, say } from "./dom.js";
import { clock, engineName, exactly, language, phone, roleName, span, speaker, timeOfDay } from "./words.js";

const MOST_MS = 60_000; // later than this is a clock, not a recogniser
const SIDES = { inbound: "Inbound side", outbound: "Outbound side" };
const DIRECTIONS = { incoming: "Incoming", outgoing: "Outgoing" };
const WHERE = [
  ["transcribed_ms", "Transcribed"], ["silence_ms", "Silence"], ["paused_ms", "Paused"], ["lost_ms", "Lost"],
];

/** Who it was, by role and number, and from when to when on the call clock. */
function present({ role, number, start_ms: from, end_ms: until }) {
  const who = [speaker(role), number && phone(number)].filter(Boolean).join(" ");
  const when = [from, until].map((ms) => (ms === null || ms === undefined ? "" : clock(ms))).join("–");
  return `${who}, ${when}`;
}

/** The panel beside the transcript; on narrow screens it is folded above it. */
export class About {
  constructor(callId) {
    this.callId = callId;
    this.late = [];
    this.roles = new Map();
    this.engines = new Set();
    this.languages = new Set();
    this.values = new Map();
    this.list = el("dl", { class: "about" });
    this.coverage = el("div", { class: "coverage" }, el("p", { class: "hint" }, "Told when the call is complete."));
    const wide = matchMedia("(min-width: 62rem)").matches;
    this.element = el("aside", { "aria-label": "About this call" },
      el("details", { open: wide }, el("summary", {}, "About this call"),
        this.list, el("h2", {}, "Where the time went"), this.coverage));
    this.showId();
  }

  showId() {
    const button = el("button", { type: "button", class: "quiet copy", "aria-label": "Copy call id", onclick: async () => {
      if (await copy(this.callId, "The id is copied.")) say(button, "Copied");
    } }, "Copy");
    this.list.append(el("div", { class: "id" }, el("dt", {}, "Call id"), el("dd", {}, el("code", {}, this.callId), " ", button)));
  }

  /** Forget what was said and by whom: the call is erased. */
  clear() {
    this.late = [];
    this.values.clear();
    fill(this.list);
    this.showId();
    fill(this.coverage, el("p", { class: "hint" }, "The call is erased."));
  }

  took(type, data, call) {
    if (type === "transcription.started") {
      this.engines.add(engineName(data.engine, data.model));
      if (data.language) this.languages.add(language(data.language));
    }
    if (data.track && data.role) this.roles.set(data.track, data.role);
    if (type === "transcript.final") this.timed(data, call);
    if (data.coverage) this.cover(data.coverage);
  }

  /** From the end of the speech, by the audio, to the final; both by the service's clock. */
  timed(data, call) {
    if (data.time_source !== "audio" || !call.answered_at || data.end_ms === null) return;
    const took = Date.parse(data.occurred_at) - Date.parse(call.answered_at) - data.end_ms;
    if (took < 0 || took >= MOST_MS) return;
    let [low, high] = [0, this.late.length]; // kept in order: it is looked at in every frame
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.late[middle] < took) low = middle + 1;
      else high = middle;
    }
    this.late.splice(low, 0, took);
  }

  show(call, { confidence, shares }) {
    this.fact("Started", exactly(call.started_at));
    this.fact("Answered", call.answered_at ? timeOfDay(call.answered_at) : "–");
    this.fact("Ended", call.ended_at ? timeOfDay(call.ended_at) : "–");
    this.fact("Who was in it", (call.participants ?? []).map(present).join("; ") || "–");
    this.fact("Direction", DIRECTIONS[call.direction] ?? "–");
    this.fact("Words from", [...this.engines].join(", ") || "–");
    this.fact("Language", [...this.languages].join(", ") || "–");
    this.fact("Utterances", String(call.utterances));
    this.fact("Words", String(call.words));
    this.fact("Gaps", String(call.gaps));
    this.fact("Talk share", shares.map(([role, percent]) => `${speaker(role)} ${percent} %`).join(", ") || "–");
    this.fact("Words came after", this.lateness());
    this.fact("Confidence", confidence);
    for (const [key, value] of Object.entries(call.metadata ?? {})) {
      this.fact(key, typeof value === "string" ? value : JSON.stringify(value));
    }
  }

  lateness() {
    if (this.counted !== this.late.length) {
      this.counted = this.late.length;
      const median = this.late[this.counted >> 1];
      this.text = this.counted ? `${span(median)} (worst ${span(this.late.at(-1))})` : "–";
    }
    return this.text;
  }

  fact(name, text) {
    let value = this.values.get(name);
    if (!value) {
      value = el("bdi");
      this.values.set(name, value);
      this.list.append(el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    }
    say(value, text);
  }

  cover(coverage) {
    fill(this.coverage, Object.entries(coverage).map(([track, books]) => {
      const all = WHERE.reduce((sum, [key]) => sum + books[key], 0) || 1;
      const role = this.roles.get(track);
      const bar = el("div", { class: "stack", "aria-hidden": "true" }, WHERE.filter(([key]) => books[key] > 0).map(([key]) => {
        const part = el("span", { class: key.replace("_ms", "") });
        part.style.flexGrow = String(books[key] / all);
        return part;
      }));
      return el("section", { class: `track ${roleName(role)}` },
        el("h3", {}, role && role !== "unknown" ? speaker(role) : SIDES[track] ?? track), bar,
        el("dl", {}, WHERE.map(([key, name]) => el("div", { class: key.replace("_ms", "") }, el("dt", {}, name), el("dd", {}, span(books[key]))))));
    }));
    if (!Object.keys(coverage).length) fill(this.coverage, el("p", { class: "hint" }, "Not known for this call."));
  }
}
