// A call as its events tell it: what is so now, for lists and for the page of one call.

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const segmenter = new Intl.Segmenter([], { granularity: "word" });

/** How many words a text has; where no spaces part them, the browser's dictionary does. */
export function countWords(text) {
  return (text.match(/\S+/g) ?? []).reduce((words, run) =>
    words + (UNSPACED.test(run) ? Math.max(1, [...segmenter.segment(run)].filter((one) => one.isWordLike).length) : 1), 0);
}

/** A call of which nothing is known yet. */
export function emptyCall(callId) {
  return {
    call_id: callId, status: "unknown", direction: null, from: null, to: null, started_at: null,
    answered_at: null, ended_at: null, duration_ms: null, utterances: 0, words: 0, gaps: 0,
    last_seq: 0, metadata: {}, transcription: null, has_audio: false, participants: [],
  };
}

const CHANGES = {
  "call.started": (call, data) => ({
    from: data.from, to: data.to, direction: data.direction, started_at: data.occurred_at, status: "ringing",
  }),
  "call.answered": (call, data) => ({ answered_at: data.occurred_at, status: "talking" }),
  "call.ended": (call, data) => ({
    ended_at: data.occurred_at, duration_ms: data.duration_ms, status: "ending", ...present(data),
  }),
  "call.bridged": (call, data) => present(data),
  "call.transferred": (call, data) => present(data),
  "conference.joined": (call, data) => present(data),
  "transcription.started": () => ({ transcription: "on" }),
  "transcription.resumed": () => ({ transcription: "on" }),
  "transcription.paused": () => ({ transcription: "paused" }),
  "transcription.stopped": () => ({ transcription: "off" }),
  "transcript.final": (call, data) => ({
    utterances: call.utterances + 1,
    words: call.words + countWords(data.text),
  }),
  "transcript.gap": (call) => ({ gaps: call.gaps + 1 }),
  "transcript.completed": (call, data) => ({
    status: "complete", duration_ms: data.duration_ms, utterances: data.utterances,
    words: data.words, gaps: data.gaps, coverage: data.coverage, ...present(data),
  }),
  "transcript.erased": () => ({ status: "erased", participants: [] }),
  "recording.saved": () => ({ has_audio: true }),
};

/** Who is, or was, in it: what an event of before an upgrade does not say stays as it is. */
function present(data) {
  return data.participants ? { participants: data.participants } : {};
}

/** What happens only where somebody talks: says so of a call whose beginning nobody here saw. */
const TALK = /^trans(cription|cript\.(partial|final|gap))/;

/** Return the call after an event; the same one if the event changes nothing or is an old one. */
export function after(call, type, data) {
  const met = call.status === "unknown" && TALK.test(type) ? { ...call, status: "talking" } : call;
  if (data.seq === undefined || data.seq <= call.last_seq) return met;
  const change = CHANGES[type]?.(met, data) ?? {};
  return { ...met, metadata: data.metadata ?? call.metadata, ...change, last_seq: data.seq };
}

/** Whether somebody may still be talking. */
export function isLive(call) {
  return call.status === "ringing" || call.status === "talking";
}

/** How long it is, or has been so far, in milliseconds; null before the answer. */
export function durationMs(call, now) {
  if (call.duration_ms !== null && call.duration_ms !== undefined) return call.duration_ms;
  if (!call.answered_at) return null;
  const end = call.ended_at ? Date.parse(call.ended_at) : now;
  return Math.max(0, end - Date.parse(call.answered_at));
}
