// How a call does at this moment: who talks how much, how long nobody has, and whether words come.

const ROLES = ["customer", "agent", "unknown"];
export const SILENT_MS = 20_000; // from here on somebody should look
const TROUBLE = /^transcription\.(degraded|failed)$/;

/** What a supervisor sees of a call at a glance. Told of its events, in any order, each once or more. */
export class Pulse {
  constructor() {
    this.talkMs = { customer: 0, agent: 0, unknown: 0 };
    this.counted = new Set();
    this.troubles = new Map();
    this.heardAt = null;
  }

  /** Take an event; `at` is when it came, in milliseconds, for partials that say nothing of it. */
  took(type, data, at) {
    if (type === "transcript.partial") this.heard(at);
    else if (type === "transcript.final") this.settled(data);
    else if (type.startsWith("transcription.")) this.changed(type, data);
  }

  heard(at) {
    this.heardAt = Math.max(this.heardAt ?? 0, at);
  }

  settled(data) {
    if (this.counted.has(data.seq)) return;
    this.counted.add(data.seq);
    this.heard(Date.parse(data.occurred_at));
    if (data.start_ms !== null && data.end_ms !== null) this.talkMs[data.role] += Math.max(0, data.end_ms - data.start_ms);
  }

  /** The newest event of a side (or of all) says whether its words come. */
  changed(type, data) {
    const side = data.track ?? "all";
    if (data.seq < (this.troubles.get(side)?.seq ?? 0)) return;
    this.troubles.set(side, { seq: data.seq, bad: TROUBLE.test(type) });
    if (type === "transcription.stopped") {
      for (const [key, { seq }] of this.troubles) if (seq < data.seq) this.troubles.set(key, { seq, bad: false });
    }
  }

  /** Whether words may come late, or do not come at all. */
  get degraded() {
    return [...this.troubles.values()].some((one) => one.bad);
  }

  /** How long nobody was heard, in milliseconds; 0 where nobody is to be heard. */
  silentMs(call, now) {
    if (call.status !== "talking" || call.transcription !== "on" || !call.answered_at) return 0;
    return Math.max(0, now - Math.max(this.heardAt ?? 0, Date.parse(call.answered_at)));
  }

  /** Whose part of the talking is how large, in percent; of those who talked, the customer first. */
  shares() {
    const all = ROLES.reduce((sum, role) => sum + this.talkMs[role], 0);
    return ROLES.filter((role) => this.talkMs[role] > 0).map((role) => [role, Math.round((100 * this.talkMs[role]) / all)]);
  }
}

/** What is to be said of a call first: the worst that is so. `quietMs` is 0 where nobody knows. */
export function standing(call, pulse, quietMs) {
  if (call.status !== "talking") return call.status;
  if (call.transcription === "paused") return "paused";
  if (pulse?.degraded) return "degraded";
  return quietMs >= SILENT_MS ? "silent" : "talking";
}
