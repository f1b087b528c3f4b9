// What happens in a call besides words, in words.

import { causeOf, why } from "./reasons.js";
import { engineName, language, span, speaker } from "./words.js";

const NOTES = {
  "call.answered": () => ["quiet", "The call was answered."],
  "call.bridged": () => ["quiet", "The caller is connected."],
  "call.transferred": () => ["quiet", "The caller is with somebody else now."],
  "call.held": (data) => ["pause", `${who(data)} is on hold.`],
  "call.resumed": (data) => ["pause", `${who(data)} is not on hold any more.`],
  "call.dtmf": (data) => ["quiet", `${who(data)} pressed ${data.digit ? `the key ${data.digit}` : "a key"}.`],
  "conference.joined": (data) => ["quiet", `${who(data)} joined a conference.`],
  "conference.left": (data) => ["quiet", `${who(data)} left the conference.`],
  "call.unanswered": (data) => ["trouble", `Nobody was reached${because(data)}.`],
  "call.attached": () => ["quiet", "Transcription was asked for in the middle of the call. Times count from here."],
  "call.ended": (data) => ["quiet", ended(data)],
  "transcription.started": (data) => ["quiet", begun(data)],
  "transcription.stopped": (data, call) => ["quiet", stopped(data, call)],
  "transcription.paused": () => ["pause", "Transcription is paused. What is said now is not heard."],
  "transcription.resumed": () => ["pause", "Transcription goes on."],
  "transcription.degraded": (data) => ["trouble", degraded(data)],
  "transcription.failed": (data) => ["trouble", `Words${of(data)} will not come${because(data)}.`],
  "transcription.recovered": (data) => ["quiet", `Words${of(data)} come again.`],
  "transcript.gap": (data) => ["gap", `${span(data.end_ms - data.start_ms)}${of(data)} not transcribed${because(data)}.`],
  "transcript.erased": (data) => ["trouble", `This call was erased${because(data)}.`],
  "recording.saved": () => ["quiet", "The recording is saved."],
  "recording.transcribed": () => ["quiet", "The recording was transcribed once more."],
  "recording.failed": (data) => ["trouble", `${lost(data.stage)}${because(data)}.`],
  "archive.stored": (data) => ["quiet", `In the archive ${data.endpoint}.`],
  "archive.failed": (data) => ["trouble", `Not in the archive ${data.endpoint} yet${because(data)}.`],
};

/** What did not become of the recording. */
function lost(stage) {
  if (stage === "transcription") return "The recording is not transcribed once more";
  if (stage === "start") return "Telnyx does not record this call";
  if (stage === "silencing") return "The recording could not be silenced where words are hidden";
  if (stage === "deletion") return "What Telnyx recorded could not be deleted there";
  return "What Telnyx recorded cannot be had";
}

function because(data) {
  const code = data.code ? ` (${data.code})` : "";
  return data.reason ? `: ${why(data.reason)}${code}` : code;
}

/** Whom it happened to, as a sentence begins. */
function who(data) {
  return data.role === "customer" || data.role === "agent" ? `The ${speaker(data.role).toLowerCase()}` : "Somebody";
}

function of(data) {
  if (data.role === "customer" || data.role === "agent") return ` of the ${speaker(data.role).toLowerCase()}`;
  return data.track ? ` of the ${data.track} side` : "";
}

function begun(data) {
  const spoken = data.language ? `, in ${language(data.language)}` : "";
  return `The words come from ${engineName(data.engine, data.model)}${spoken}.`;
}

/** At the end of a call it stops as it should: nothing to be explained. */
function stopped(data, call) {
  const withCall = data.reason === "leg_hung_up" || data.reason === "call_ended" || (data.reason === "media_stopped" && call.ended_at);
  return withCall ? "Transcription ended with the call." : `Transcription stopped${because(data)}.`;
}

function degraded(data) {
  if (!data.to) return `Words${of(data)} may come late${because(data)}.`;
  const left = data.engine ? `, not from ${engineName(data.engine, data.model)}` : "";
  return `Words${of(data)} come from ${engineName(data.to.engine, data.to.model)} now${left}${because(data)}.`;
}

function ended(data) {
  const who = { caller: "The caller hung up", callee: "The called party hung up" }[data.ended_by] ?? "The call ended";
  const cause = causeOf(data.cause);
  return cause ? `${who}: ${cause}.` : `${who}.`;
}

/** Return the place, kind and text of an event's note; null for events that need none. */
export function noteOf(type, data, call) {
  const made = NOTES[type]?.(data, call);
  if (!made) return null;
  const occurred = call.answered_at ? Date.parse(data.occurred_at) - Date.parse(call.answered_at) : null;
  const placed = data.start_ms ?? data.at_ms ?? null;
  return { atMs: placed ?? occurred, placed: placed !== null, kind: made[0], text: made[1] };
}
