// One call: its transcript growing in place, what is known about it, and what may be done.

import { after, durationMs, emptyCall, isLive } from "./call.js";
import { About } from "./about.js";
import { CallTools } from "./call-tools.js";
import { Confidence } from "./confidence.js";
import { el, fill, oncePerFrame, say, tell } from "./dom.js";
import { Feed, mayFollow } from "./feed.js";
import { Find } from "./find.js";
import { noteOf } from "./notes.js";
import { Player } from "./player.js";
import { Pulse, standing } from "./pulse.js";
import { get, now, request, session, withQuery } from "./session.js";
import { Follower, Transcript } from "./transcript.js";
import { clock, count, exactly, phone, speaker, state } from "./words.js";

const FRAME_MS = 8; // of work; what is left waits for the next frame
const PAGE = 200;
const ASK_MS = 2000; // without the right to follow
const SAID_KEPT = 6;
const AUDIO_TRIES = 4; // no event tells that a recording has begun
const AUDIO_EVERY = 3;
const OVER = new Set(["complete", "erased"]);
const ACTIONS = {
  on: [["pause", "Pause"], ["stop", "Stop"]],
  paused: [["resume", "Resume"], ["stop", "Stop"]],
  off: [["start", "Start transcription"]],
};
const DONE = { pause: "Paused: nothing is transcribed.", resume: "Going on.", stop: "Stopped.", start: "Started." };

export function openCall(main, { id, query, setConnection, setTitle }) {
  const page = new CallPage(id, query.get("at"), setConnection, setTitle);
  main.append(page.element);
  page.start();
  return page;
}

class CallPage {
  constructor(id, sought, setConnection, setTitle) {
    Object.assign(this, { id, sought, setConnection, setTitle });
    this.path = `v1/calls/${encodeURIComponent(id)}`;
    this.call = emptyCall(id);
    this.queue = [];
    this.unseen = 0;
    this.looks = 0;
    this.heardUntil = Infinity; // events up to here were there before the page; they are not read out
    this.transcript = new Transcript({
      linkOf: (key) => withQuery(`#/calls/${encodeURIComponent(id)}`, { at: key }),
      onPlay: (ms) => this.player?.seek(ms),
      onWritten: (row) => this.written(row),
    });
    this.follower = new Follower(this.transcript.root, () => this.showNew());
    this.find = new Find(this.transcript, () => this.follower.set(false));
    this.confidence = new Confidence();
    this.pulse = new Pulse();
    this.tools = new CallTools(id, { failed: (text) => say(this.error, text), transcript: this.transcript });
    this.about = new About(id);
    this.build();
    this.pump = oncePerFrame(() => this.work());
    this.showCall();
  }

  build() {
    const home = session.callId ? null : el("a", { class: "back", href: "#/calls" }, el("span", { "aria-hidden": "true" }, "←"), " Calls");
    this.title = el("h1", { tabindex: "-1" }, "Call");
    this.status = el("span", { class: "state" });
    this.duration = el("span", { class: "duration", role: "timer", "aria-label": "Duration", "aria-live": "off" });
    this.acts = el("span", { class: "acts" });
    this.error = el("p", { class: "error", role: "alert" });
    this.waiting = el("p", { class: "empty" }, "No words yet.");
    this.newer = el("button", { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd() });
    this.element = el("div", { class: "page one-call" },
      el("div", { class: "head" }, home,
        el("div", { class: "who-and-when" }, this.title, this.status, this.duration),
        el("div", { class: "tools" }, this.acts, this.tools.elements),
        this.find.element),
      this.error,
      el("div", { class: "columns" },
        el("section", { class: "words", "aria-label": "Words" }, this.waiting, this.transcript.root),
        this.about.element),
      el("div", { class: "foot" }, this.newer));
    this.foot = this.element.lastChild;
  }

  async start() {
    this.ticking = setInterval(() => { this.tick(); this.lookForAudio(); }, 1000);
    if (session.may("calls:read")) {
      try {
        const call = await get(this.path);
        if (this.closed) return;
        this.told(call);
        this.heardUntil = call.last_seq;
      } catch (error) {
        if (error.status === 404) return this.miss();
        if (error.status !== 401) this.fail(error.message);
      }
    }
    this.follower.on = isLive(this.call) && !this.sought;
    if (mayFollow()) this.follow();
    else this.ask();
  }

  follow() {
    // a call's feed begins with its first event, so that a reload loses nothing
    this.feed = new Feed(`${this.path}/feed`, {
      after: 0,
      query: { partials: "true" },
      onEvent: (type, event) => this.take(type, event.data),
      onState: (name, problem) => {
        this.setConnection(name);
        this.following = name === "live";
        if (problem?.status === 404) this.miss();
        else if (problem && problem.status !== 401) this.fail(problem.message);
      },
    }).start();
  }

  /** Ask for the events page by page, and for more while the call goes on. */
  async ask() {
    this.setConnection("refused");
    let afterSeq = 0;
    while (!this.closed) {
      try {
        const { data } = await get(withQuery(`${this.path}/events`, { after_seq: afterSeq, limit: PAGE }));
        say(this.error, "");
        for (const event of data) this.take(event.type, event.data);
        afterSeq = data.at(-1)?.data.seq ?? afterSeq;
        if (data.length === PAGE) continue;
        if (OVER.has(this.call.status)) return;
      } catch (error) {
        if (error.status === 404) return this.miss();
        if (error.status !== 401) this.fail(error.message);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }

  close() {
    this.closed = true;
    this.feed?.stop();
    this.player?.close();
    this.find.close();
    this.confidence.close();
    this.follower.close();
    clearInterval(this.ticking);
    document.getElementById("said").replaceChildren();
  }

  renewed() {}

  fail(text) {
    say(this.error, text);
    this.waiting.hidden = true;
  }

  /** There is nothing to be shown of it: no state, no words, nothing to be done. */
  miss() {
    this.close();
    this.setConnection("");
    this.setTitle("No such call");
    say(this.title, "No such call");
    const [head] = this.element.children;
    fill(head, head.querySelector(".back"), this.title);
    fill(this.element, head, el("p", { class: "empty", role: "alert" },
      "There is no call ", el("code", {}, this.id), ", or your access is not for it. Calls that no route is for are not kept."));
  }

  /* Events come in bursts and are worked off in slices of a frame. */

  take(type, data) {
    this.queue.push([type, data]);
    this.pump();
  }

  work() {
    if (this.closed) return;
    const end = performance.now() + FRAME_MS;
    let done = 0;
    while (done < this.queue.length && (done % 8 || performance.now() < end)) {
      this.apply(...this.queue[done]);
      done += 1;
    }
    this.queue.splice(0, done);
    if (this.queue.length) this.pump();
    this.waiting.hidden = this.transcript.rows.length > 0 || Boolean(this.error.textContent);
    this.showCall();
    this.seek();
    // a long past is not scrolled through: what nobody sees need not be laid out
    if (this.follower.on && !this.queue.length) this.follower.toEnd();
    this.showNew();
  }

  apply(type, data) {
    const fresh = data.seq === undefined || data.seq > this.heardUntil;
    this.call = { ...after(this.call, type, data) };
    if (type === "transcript.partial") {
      this.transcript.spoken(data, false);
    } else if (type === "transcript.final") {
      const settled = this.transcript.spoken(data, true);
      if (settled) this.settled(data);
      if (settled && fresh) this.readOut(data);
    } else {
      if (type === "transcript.erased") this.erased();
      if (type === "transcript.redacted") this.transcript.redacted(data);
      const note = noteOf(type, { role: this.about.roles.get(data.track), ...data }, this.call);
      if (note) this.transcript.note(`${type}.${data.seq}`, note);
    }
    if (type === "transcript.completed") this.transcript.dropUnsettled();
    this.pulse.took(type, data, now());
    this.about.took(type, data, this.call);
  }

  settled(data) {
    const row = this.transcript.byKey.get(data.utterance_id);
    this.confidence.took(row, data);
    this.written(row);
  }

  /** The text of a row is in other pieces now: what is marked in it is marked anew. */
  written(row) {
    this.confidence.written(row, (one) => this.transcript.places(one));
    this.find.written();
  }

  /** Nothing of what was said may stay on the page. */
  erased() {
    this.player?.close();
    this.player?.element.remove();
    this.player = null;
    this.call = { ...emptyCall(this.id), status: "erased", started_at: this.call.started_at, last_seq: this.call.last_seq };
    this.base = null;
    this.transcript.clear();
    this.about.clear();
    this.find.clear();
    document.getElementById("said").replaceChildren();
    this.tools.elements.filter(Boolean).forEach((menu) => menu.remove());
  }

  /** A list says what the call is; events that it holds already must not be counted twice. */
  told(call) {
    this.base = call;
    this.call = { ...call, ...this.fromEvents(call) };
    this.showCall();
  }

  fromEvents(call) {
    return { last_seq: 0, utterances: 0, words: 0, gaps: 0, transcription: call.transcription };
  }

  /** Finals are read out to those who listen to the page; partials never are. */
  readOut(data) {
    const said = document.getElementById("said");
    said.append(el("p", {}, `${speaker(data.role)}: ${data.text}`));
    while (said.childElementCount > SAID_KEPT) said.firstChild.remove();
    if (!this.follower.on) this.unseen += 1;
  }

  seek() {
    if (!this.sought || !this.transcript.byKey.has(this.sought) || this.queue.length) return;
    this.follower.on = false;
    this.transcript.show(this.sought);
    this.sought = null;
  }

  /* What is shown of the call itself. */

  showCall() {
    const call = this.shown;
    const { status } = call;
    const title = call.from || call.to ? `${phone(call.from)} → ${phone(call.to)}` : "Call";
    if (this.title.textContent !== title) {
      const parts = title.split(" → ").map((part) => el("span", { class: "part" }, part));
      fill(this.title, parts[0], parts[1] && " → ", parts[1]);
      this.setTitle(title);
    }
    this.tick();
    this.showActs();
    this.about.show(call, { confidence: this.confidence.text, shares: this.pulse.shares() });
    this.tools.recorded(call.has_audio && status !== "erased");
    if (call.has_audio && status !== "erased" && !this.player && session.may("calls:read")) this.openPlayer();
    if (status === "complete") this.player?.complete();
  }

  /** What is so now: the events tell it, once they have caught up with what the call said first. */
  get shown() {
    return this.base && this.call.last_seq < this.base.last_seq ? this.base : this.call;
  }

  tick() {
    const quiet = this.following ? this.pulse.silentMs(this.shown, now()) : 0;
    const stands = standing(this.shown, this.pulse, quiet);
    say(this.status, stands === "silent" ? `Silent for ${clock(quiet)}` : state(stands));
    this.status.dataset.state = stands;
    const ms = durationMs(this.shown, now());
    if (ms !== null) this.player?.grown(ms);
    say(this.duration, ms === null ? "" : clock(ms));
    this.duration.title = exactly(this.shown.started_at);
  }

  /** Ask whether the call is recorded, some times after it was answered. */
  async lookForAudio() {
    const { shown } = this;
    if (this.player || !isLive(shown) || !shown.answered_at || !session.may("calls:read")) return;
    this.looks += 1;
    if (this.looks % AUDIO_EVERY || this.looks > AUDIO_TRIES * AUDIO_EVERY) return;
    const call = await get(this.path).catch(() => null);
    if (!call?.has_audio || this.closed) return;
    this.call = { ...this.call, has_audio: true };
    this.showCall();
  }

  showActs() {
    const { shown } = this;
    const acts = isLive(shown) && session.may("calls:write") ? ACTIONS[shown.transcription] ?? [] : [];
    const wanted = acts.map(([name]) => name).join();
    if (this.acts.dataset.acts === wanted) return;
    this.acts.dataset.acts = wanted;
    const focused = this.acts.contains(document.activeElement);
    this.acts.replaceChildren(...acts.map(([name, label]) =>
      el("button", { type: "button", "data-act": name, onclick: () => this.act(name) }, label)));
    if (focused) (this.acts.firstChild ?? this.title).focus({ preventScroll: true });
  }

  async act(name) {
    const buttons = [...this.acts.children];
    buttons.forEach((button) => { button.disabled = true; });
    say(this.error, "");
    try {
      const answer = await (await request(`${this.path}/transcription/${name}`, { method: "POST" })).json();
      this.call = { ...this.call, transcription: answer.transcription };
      tell(DONE[name]);
    } catch (error) {
      say(this.error, error.message);
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
      this.showCall();
    }
  }

  openPlayer() {
    this.player = new Player(this.id, {
      growing: this.shown.status !== "complete",
      onTime: (ms) => this.transcript.mark(ms, { follow: !this.player?.audio.paused }),
    });
    this.transcript.playable = true;
    this.element.classList.add("playable");
    this.foot.append(this.player.element);
  }

  /* The newest words. */

  showNew() {
    if (this.follower.on) this.unseen = 0;
    this.newer.hidden = this.unseen === 0;
    if (this.unseen) say(this.newer, `${count(this.unseen, "new utterance")} ↓`);
  }

  toEnd() {
    this.follower.set(true);
    this.follower.toEnd();
    this.showNew();
    this.title.focus({ preventScroll: true });
  }

  next(by) { this.transcript.step(by); }

  look() { this.find.focus(); }

  play() { this.player?.toggle(); }
}
