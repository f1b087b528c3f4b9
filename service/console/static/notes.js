// What happens in a call besides words, in words.

import { plain, span, speaker } from "./words.js";

const NOTES = {
  "call.answered": () => ["quiet", "The call was answered."],
  "call.ended": (data) => ["quiet", ended(data)],
  "transcription.started": (data) => ["quiet", `Transcription began: ${[data.engine, data.model, data.language].filter(Boolean).join(", ")}.`],
  "transcription.stopped": (data) => ["quiet", `Transcription stopped${because(data)}.`],
  "transcription.paused": () => ["pause", "Transcription is paused. What is said now is not heard."],
  "transcription.resumed": () => ["pause", "Transcription goes on."],
  "transcription.degraded": (data) => ["trouble", `Words${of(data)} may come late${because(data)}.`],
  "transcription.failed": (data) => ["trouble", `Words${of(data)} will not come${because(data)}.`],
  "transcription.recovered": (data) => ["quiet", `Words${of(data)} come again.`],
  "transcript.gap": (data) => ["gap", `${span(data.end_ms - data.start_ms)}${of(data)} not transcribed${because(data)}.`],
  "transcript.erased": () => ["trouble", "This call was erased."],
  "recording.saved": () => ["quiet", "The recording is saved."],
};

function because(data) {
  const code = data.code ? ` (${data.code})` : "";
  return data.reason ? `: ${plain(data.reason)}${code}` : code;
}

function of(data) {
  if (data.role === "customer" || data.role === "agent") return ` of the ${speaker(data.role).toLowerCase()}`;
  return data.track ? ` of the ${data.track} track` : "";
}

function ended(data) {
  const who = { caller: "The caller hung up", callee: "The called party hung up" }[data.ended_by] ?? "The call ended";
  return data.cause && data.cause !== "normal_clearing" ? `${who}: ${plain(data.cause)}.` : `${who}.`;
}

/** Return the place, kind and text of an event's note; null for events that need none. */
export function noteOf(type, data, call) {
  const made = NOTES[type]?.(data);
  if (!made) return null;
  const occurred = call.answered_at ? Date.parse(data.occurred_at) - Date.parse(call.answered_at) : null;
  const placed = data.start_ms ?? data.at_ms ?? null;
  return { atMs: placed ?? occurred, placed: placed !== null, kind: made[0], text: made[1] };
}
