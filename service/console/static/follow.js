// A feed, followed over all that breaks: server-sent events over fetch, because EventSource cannot
// send a header. It knows no page and no session: both the console and the widget follow by it.

import { problem } from "./problem.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENCE_MS = 40_000; // keep-alives come every 15 s
const SLICE_MS = 6;
const HIDDEN_MS = 60_000; // a tab that nobody looks at gives its connection back

/**
 * Follow a feed until `stop()`; after a break it goes on behind the last event it had.
 *
 * `open({ signal, headers })` connects: it returns the answer, or throws a `Problem`. `ready()` is
 * waited for before that. `onEvent(type, event, cursor)` gets each event in order; `onState` gets
 * "connecting", "live", "waiting" or "refused" (with the problem); `onOpen(cursor)` is told of each
 * connection, `onClosed(reason)` of each that the service ends. `refused(problem)` is asked after
 * 401, 403 and 404 whether to try again, and may take its time. After a failure it waits for about
 * `firstWaitMs`, after each one more in a row for twice as long.
 */
export class FeedClient {
  constructor(open, {
    after = null, ready = async () => {}, refused = async () => false,
    onEvent, onState = () => {}, onOpen = () => {}, onClosed = () => {}, firstWaitMs = FIRST_WAIT_MS,
  }) {
    Object.assign(this, { open, cursor: after, ready, refused, onEvent, onState, onOpen, onClosed, firstWaitMs });
    this.tries = 0;
    this.stopped = false;
    this.connection = null;
    this.wake = () => {};
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    addEventListener("online", () => this.wake(), { signal });
    document.addEventListener("visibilitychange", () => this.looked(), { signal });
  }

  start() {
    this.run();
    return this;
  }

  stop() {
    this.stopped = true;
    this.listeners.abort();
    clearTimeout(this.hiding);
    this.connection?.abort();
    this.wake();
  }

  looked() {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = setTimeout(() => { this.asleep = true; this.connection?.abort(); }, HIDDEN_MS);
    } else {
      this.asleep = false;
      this.wake();
    }
  }

  async run() {
    while (!this.stopped) {
      let least = 0;
      this.onState("connecting");
      try {
        await this.connect();
      } catch (error) {
        if (this.stopped) return;
        if ([401, 403, 404].includes(error.status)) {
          this.onState("refused", error);
          if (!await this.refused(error)) return;
        }
        least = 1000 * (error.retryAfterS ?? 0);
      }
      if (this.stopped) return;
      this.onState("waiting");
      await this.pause(least);
    }
  }

  /** Wait, longer with each try in vain; cut short when the network or the reader is back. */
  pause(least) {
    const most = Math.min(LONGEST_WAIT_MS, this.firstWaitMs * 2 ** this.tries);
    this.tries += 1;
    const wait = Math.max(least, most * (0.5 + Math.random() / 2));
    return new Promise((resolve) => {
      const timer = this.asleep ? null : setTimeout(resolve, wait);
      this.wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async connect() {
    await this.ready();
    if (this.stopped) return;
    this.connection = new AbortController();
    const headers = { "Accept": "text/event-stream" };
    if (this.cursor !== null) headers["Last-Event-ID"] = String(this.cursor);
    this.heard();
    try {
      const answer = await this.open({ signal: this.connection.signal, headers });
      if (!answer.body) throw await problem(answer);
      this.onState("live");
      this.onOpen(this.cursor);
      await this.read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
    } finally {
      clearTimeout(this.watchdog);
    }
  }

  heard() {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.connection.abort(), SILENCE_MS);
  }

  async read(reader) {
    let rest = "";
    const message = { id: null, type: "message", data: [] };
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.stopped) return;
      this.heard();
      const lines = (rest + value).split(/\r\n|\n/);
      rest = lines.pop();
      let since = performance.now();
      for (const line of lines) {
        this.line(line, message);
        if (performance.now() - since < SLICE_MS) continue;
        await new Promise((resolve) => setTimeout(resolve)); // a long past must not hold the page up
        if (this.stopped) return;
        since = performance.now();
      }
    }
  }

  line(line, message) {
    if (line === "") {
      if (message.data.length) this.dispatch(message);
      else if (message.id !== null) this.cursor = message.id; // nothing for us, up to here
      Object.assign(message, { id: null, type: "message", data: [] });
      return;
    }
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") message.data.push(value);
    else if (field === "event") message.type = value;
    else if (field === "id") message.id = value;
  }

  dispatch({ id, type, data }) {
    const event = JSON.parse(data.join("\n"));
    if (type === "closed") {
      if (event.resume_after !== undefined && event.resume_after !== null) this.cursor = event.resume_after;
      this.onClosed(event.reason);
      return;
    }
    this.tries = 0;
    this.onEvent(type, event, id);
    if (id !== null) this.cursor = id; // only behind what was taken
  }
}
