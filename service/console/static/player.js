// The recording of a call: native elements, and a place on the call clock for the transcript.

import { el, say, tell } from "./dom.js";
import { session, withQuery } from "./session.js";
import { clock } from "./words.js";

const SPEEDS = ["1", "1.25", "1.5", "2", "0.75"];
const EDGE_MS = 500; // so close to the end of what was fetched there may be more by now
const AGAIN_MS = 3000;
const RETRY_MS = 1000;

/**
 * Plays `v1/calls/{id}/audio`. `onTime(ms)` is told the place while it plays, null when it ends.
 *
 * The recording of a call that goes on grows: `growing` says so, `grown(ms)` how far it is, and it
 * is fetched anew when somebody wants what lies behind the part that is here.
 */
export class Player {
  constructor(callId, { onTime, growing }) {
    this.onTime = onTime;
    this.growing = growing;
    this.wanted = null;
    this.waiting = null;
    this.fetches = 0;
    this.fetchedMs = 0;
    this.lengthMs = 0;
    this.audio = el("audio", { preload: "metadata" });
    this.button = el("button", { type: "button", class: "play", "aria-label": "Play", onclick: () => this.toggle() },
      el("span", { "aria-hidden": "true" }));
    this.place = el("input", {
      type: "range", min: "0", max: "1", value: "0", step: "100", "aria-label": "Place in the recording",
      oninput: () => this.seek(Number(this.place.value), { play: false }),
    });
    this.time = el("span", { class: "place" }, "0:00");
    this.speed = el("select", { "aria-label": "Speed", onchange: () => { this.audio.playbackRate = Number(this.speed.value); } },
      SPEEDS.map((speed) => el("option", { value: speed }, `${speed}×`)));
    this.element = el("section", { class: "player", "aria-label": "Recording" },
      this.button, this.place, this.time, this.speed, this.audio);
    this.listen();
    this.callId = callId;
    this.fetch();
  }

  fetch() {
    // the token, because <audio> cannot send a header; it is short-lived, a key never stands here
    // and a number that nobody sends, because browsers keep what was there under the same address
    this.fetches += 1;
    this.audio.src = `${withQuery(`v1/calls/${encodeURIComponent(this.callId)}/audio`, { access_token: session.token })}#${this.fetches}`;
  }

  listen() {
    const on = (type, action) => this.audio.addEventListener(type, action);
    on("durationchange", () => this.measured());
    on("play", () => { this.shown(); this.frame(); });
    on("pause", () => this.shown());
    on("ended", () => this.ended());
    on("seeked", () => this.moved());
    on("error", () => this.failed());
  }

  /** One that grows may be cut where it was read, or be nothing yet: it is fetched anew. */
  failed() {
    if (!this.growing) {
      tell("The recording cannot be played.");
      return;
    }
    const about = this.wanted ?? { ms: this.audio.currentTime * 1000, play: false };
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh(about), RETRY_MS);
  }

  measured() {
    if (!Number.isFinite(this.audio.duration)) return;
    this.fetchedMs = Math.round(this.audio.duration * 1000);
    this.lengthMs = this.growing ? Math.max(this.lengthMs, this.fetchedMs) : this.fetchedMs;
    this.place.max = String(this.lengthMs);
    if (this.wanted) {
      const { ms, play } = this.wanted;
      this.wanted = null;
      this.audio.playbackRate = Number(this.speed.value);
      this.go(Math.min(ms, this.fetchedMs), play);
    }
    this.moved();
  }

  /** The call goes on and was recorded up to here, but for what is being written. */
  grown(ms) {
    if (!this.growing || ms <= this.lengthMs) return;
    this.lengthMs = ms;
    this.place.max = String(ms);
    this.tellTime();
  }

  /** Heard to the end of what was fetched: go on with what there is by now, or a little later. */
  ended() {
    if (!this.growing) {
      this.shown();
      this.onTime(null);
      return;
    }
    const waits = this.lengthMs - this.fetchedMs < AGAIN_MS ? AGAIN_MS : 0;
    this.waiting = setTimeout(() => this.refresh({ play: true }), waits);
  }

  /** Fetch what there is by now, and go on where it is, or is about to be. */
  refresh({ ms, play } = {}) {
    clearTimeout(this.waiting);
    const about = this.wanted ?? { ms: this.audio.currentTime * 1000, play: !this.audio.paused || Boolean(this.waiting) };
    this.waiting = null;
    this.wanted = { ms: ms ?? about.ms, play: play ?? about.play };
    this.fetch();
  }

  /** The recording is whole now. */
  complete() {
    if (!this.growing) return;
    this.growing = false;
    this.refresh();
  }

  shown() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.button.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.button.classList.toggle("on", playing);
  }

  frame() {
    if (this.audio.paused || this.closed) return;
    this.moved();
    requestAnimationFrame(() => this.frame());
  }

  moved() {
    const ms = Math.round(this.audio.currentTime * 1000); // a word begins at a whole one
    if (document.activeElement !== this.place || !this.audio.paused) this.place.value = String(ms);
    this.tellTime();
    this.onTime(ms);
  }

  tellTime() {
    const ms = Math.round(this.audio.currentTime * 1000);
    say(this.time, `${clock(ms)} / ${clock(this.lengthMs)}`);
    this.place.setAttribute("aria-valuetext", `${clock(ms)} of ${clock(this.lengthMs)}`);
  }

  toggle() {
    if (this.audio.paused && this.audio.ended && this.growing) this.refresh({ play: true });
    else if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  play() {
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError" && !this.growing) tell("The recording cannot be played.");
    });
  }

  /** Go to a place on the call clock, and play from there. */
  seek(ms, { play = true } = {}) {
    const behind = this.growing && ms > this.fetchedMs - EDGE_MS;
    if (this.waiting || (behind && !this.wanted)) {
      this.refresh({ ms, play });
    } else if (this.wanted && !this.waiting) {
      this.wanted = { ms, play: play || this.wanted.play }; // it is being fetched already
    } else {
      this.go(ms, play);
    }
  }

  go(ms, play) {
    this.audio.currentTime = ms / 1000;
    if (play) this.play();
  }

  close() {
    this.closed = true;
    clearTimeout(this.waiting);
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}
