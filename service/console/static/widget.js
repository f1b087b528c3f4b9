// <callscribe-transcript>: what is said in a call, live, in a page of another origin.
//
//   <script type="module" src="https://calls.example.com/widget.js"></script>
//   <callscribe-transcript call="…" token="cst_…" token-url="/my-backend/token"></callscribe-transcript>
//
// When there is no token, or it is over, the element asks the page for one, in one of three ways:
// by the property `tokenProvider`, `async ({ call, reason }) => token`; by a GET of `token-url`
// (with `?call=…`, cookies of its own origin, answered with `{"token": "…"}`); or by the event
// `callscribe-token`, upon which the page sets `element.token`.
//
// Events: `callscribe-token`, `callscribe-state` (`detail.state`) and `callscribe-event`, of which
// `detail` is each event as the feed has it. `labels` says how speakers and states are called.
// Colours and shape: the custom properties in widget-style.js, and `::part()`.

import { after, durationMs, emptyCall } from "./call.js";
import { el, oncePerFrame, say } from "./dom.js";
import { FeedClient } from "./follow.js";
import { noteOf } from "./notes.js";
import { Problem, problem } from "./problem.js";
import { parts } from "./redacted.js";
import { WidgetLog } from "./widget-log.js";
import { sheet } from "./widget-style.js";
import { clock } from "./words.js";

const SERVICE = new URL("../../", import.meta.url); // this module is /console/VERSION/widget.js
const FRAME_MS = 8; // of work; what is left waits for the next frame
const BURST_MS = 500; // events that come closer than that after connecting are the past
const MAX_BURST_MS = 5000;
const SAID_KEPT = 6;
const NOT_TOLD = new Set(["transcription.started", "recording.saved", "recording.transcribed",
  "recording.failed", "archive.stored", "archive.failed"]); // nothing to whoever listens
const OVER = new Set(["complete", "erased"]);
const LABELS = {
  customer: "Customer", agent: "Agent", unknown: "Speaker", transcript: "Transcript",
  connecting: "Connecting", waiting: "Reconnecting", token: "Waiting for access", refused: "Not available",
  ringing: "Ringing", live: "Live", paused: "Paused", ending: "Ending", complete: "Ended", erased: "Erased",
  empty: "No words yet.", newer: "New words",
  unknownCall: "There is no such call, or your access is not for it.",
};

export class CallscribeTranscript extends HTMLElement {
  static observedAttributes = ["call", "token"];
  #token = null;
  #reason = "missing";
  #give = () => {};
  #feed = null;
  #cursor = 0;
  #connection = "connecting";
  #told = "";
  #call = emptyCall("");
  #queue = [];
  #labels = LABELS;
  #pump = oncePerFrame(() => this.#work());
  #ticking = 0;
  #log = new WidgetLog();
  #dot = el("span", { class: "dot", "aria-hidden": "true" });
  #status = el("span", { class: "status", part: "status", role: "status" });
  #duration = el("span", { class: "duration", part: "duration", role: "timer", "aria-live": "off" });
  #problem = el("p", { class: "problem", part: "problem", role: "alert" });
  #said = el("div", { class: "unseen", role: "log", "aria-live": "polite" });
  #opened = null; // when it was connected first; null once the past has come
  #last = 0;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(el("section", { class: "panel", part: "panel" },
      el("header", { part: "header" }, this.#dot, this.#status, this.#duration),
      this.#problem, this.#log.root, this.#said));
  }

  /* What the page says. */

  get call() { return this.getAttribute("call") ?? ""; }

  set call(id) { this.setAttribute("call", id); }

  /** A token; it is kept here only, and given to nobody but the service. */
  set token(text) {
    if (!text) return;
    this.#token = text;
    this.#give(text);
    if (this.isConnected && this.#connection === "refused") this.#start();
  }

  get labels() { return this.#labels; }

  set labels(some) {
    this.#labels = { ...LABELS, ...some };
    this.#label();
  }

  connectedCallback() {
    for (const name of ["call", "token", "labels", "tokenProvider"]) this.#upgrade(name);
    this.#label();
    this.#start();
    this.#ticking = setInterval(() => this.#tick(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
    this.#stop();
  }

  attributeChangedCallback(name, before, value) {
    if (name === "token" && value) {
      this.removeAttribute("token"); // whoever copies the page must not have it
      this.token = value;
    }
    if (name === "call" && before !== value && this.isConnected) this.#restart();
  }

  /** A property that was set before the module was there hides the setter. */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  #label() {
    this.#log.label(this.#labels);
    this.#said.setAttribute("aria-label", this.#labels.newer);
    this.#show();
  }

  /* The feed. */

  #start() {
    this.#stop();
    if (!this.call) return;
    this.#say("");
    this.#feed = new FeedClient((connecting) => this.#open(connecting), {
      after: this.#cursor,
      ready: () => this.#ready(),
      refused: (refusal) => this.#refused(refusal),
      onEvent: (type, event) => this.#take(type, event),
      onState: (name) => this.#show(name),
      onOpen: () => { this.#say(""); this.#opened ??= this.#last === 0 ? performance.now() : null; },
      onClosed: (reason) => { if (reason === "token_expired" || reason === "key_revoked") this.#expire(); },
    }).start();
  }

  #stop() {
    this.#cursor = this.#feed?.cursor ?? this.#cursor;
    this.#feed?.stop();
    this.#feed = null;
    this.#give(null);
  }

  #restart() {
    this.#stop();
    this.#cursor = 0;
    this.#last = 0;
    this.#call = emptyCall("");
    this.#queue = [];
    this.#log.clear();
    this.#said.replaceChildren();
    this.#start();
  }

  async #open({ signal, headers }) {
    const address = new URL(`v1/calls/${encodeURIComponent(this.call)}/feed`, SERVICE);
    const answer = await fetch(address, {
      signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
      headers: { ...headers, "Authorization": `Bearer ${this.#token}` },
    });
    if (!answer.ok) throw await problem(answer);
    return answer;
  }

  #expire() {
    this.#token = null;
    this.#reason = "expired";
  }

  async #refused(refusal) {
    if (refusal.status === 401) {
      this.#expire();
      return true;
    }
    this.#say(refusal.status === 404 ? this.#labels.unknownCall : refusal.message);
    return false;
  }

  /** See that there is a token. Of a call that is over no other is asked for: no word will come. */
  async #ready() {
    if (this.#token) return;
    if (OVER.has(this.#call.status)) {
      this.#stop();
      return;
    }
    this.#show("token");
    const token = await this.#ask({ call: this.call, reason: this.#reason });
    if (!token) throw new Problem(0, "The page gave no token.");
    this.#token = token;
  }

  #ask(wanted) {
    if (this.tokenProvider) return this.tokenProvider(wanted);
    if (this.hasAttribute("token-url")) return this.#fetchToken(this.getAttribute("token-url"));
    const given = new Promise((resolve) => { this.#give = resolve; });
    this.#tell("callscribe-token", wanted);
    return given;
  }

  async #fetchToken(path) {
    const address = new URL(path, document.baseURI);
    address.searchParams.set("call", this.call);
    const answer = await fetch(address, { cache: "no-store", headers: { "Accept": "application/json" } });
    if (answer.status === 401 || answer.status === 403) throw new Problem(0, "The page refuses a token.");
    if (!answer.ok) throw await problem(answer);
    return (await answer.json()).token;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /* Events come in bursts and are worked off in slices of a frame. */

  #take(type, event) {
    const now = performance.now();
    if (this.#opened !== null && ((this.#last && now - this.#last > BURST_MS) || now - this.#opened > MAX_BURST_MS)) {
      this.#opened = null;
    }
    this.#last = now;
    this.#queue.push([type, event.data, this.#opened === null]);
    this.#pump();
    this.#tell("callscribe-event", event);
  }

  #work() {
    const end = performance.now() + FRAME_MS;
    let done = 0;
    while (done < this.#queue.length && (done % 8 || performance.now() < end)) {
      this.#apply(...this.#queue[done]);
      done += 1;
    }
    this.#queue.splice(0, done);
    if (this.#queue.length) this.#pump();
    this.#log.grown();
    this.#show();
  }

  #apply(type, data, fresh) {
    this.#call = after(this.#call, type, data);
    if (type === "transcript.erased") {
      this.#log.clear();
      this.#said.replaceChildren();
    }
    if (type === "transcript.partial" || type === "transcript.final") {
      const settled = this.#log.spoken(data, type === "transcript.final");
      if (settled && fresh) this.#readOut(data);
    } else if (type === "transcript.redacted") {
      this.#log.redacted(data);
    } else if (!NOT_TOLD.has(type)) {
      const note = noteOf(type, data, this.#call);
      if (note) this.#log.note(`${type}.${data.seq}`, note);
    }
    if (type === "transcript.completed") this.#log.dropUnsettled();
  }

  /** Finals are read out to those who listen to the page; partials never are. */
  #readOut(data) {
    this.#said.append(el("p", {}, `${this.#log.speaker(data.role)}: ${parts(data.text).join("")}`));
    while (this.#said.childElementCount > SAID_KEPT) this.#said.firstChild.remove();
  }

  /* What is shown of the call itself. */

  get #state() {
    const { status, transcription } = this.#call;
    if (OVER.has(status)) return status;
    if (this.#connection !== "live") return this.#connection;
    if (status === "ringing" || status === "ending") return status;
    return transcription === "paused" ? "paused" : "live";
  }

  #show(connection = this.#connection) {
    this.#connection = connection;
    const state = this.#state;
    this.#dot.dataset.state = state;
    say(this.#status, this.#labels[state]);
    this.#log.expectant = !OVER.has(state) && state !== "refused";
    this.#tick();
    if (state === this.#told) return;
    this.#told = state;
    this.#tell("callscribe-state", { state });
  }

  #tick() {
    const ms = durationMs(this.#call, Date.now());
    say(this.#duration, ms === null || this.#call.status === "erased" ? "" : clock(ms));
  }

  #say(text) {
    say(this.#problem, text);
  }
}

if (!customElements.get("callscribe-transcript")) {
  customElements.define("callscribe-transcript", CallscribeTranscript);
}
