// Why something happened, in words: what events give as a slug, people are never shown.

import { plain } from "./words.js";

const REASONS = {
  // who asked
  "api": "somebody asked for it",
  "asked": "somebody asked for it",
  "operator": "the operator asked for it",
  "retention": "it was kept as long as it was to be kept",
  "phrase": "somebody said a phrase that pauses it",
  "resume_phrase": "somebody said a phrase that resumes it",
  "pause_not_placed": "it cannot be told from what was said in the pause",
  // the call and its line
  "busy": "they were busy",
  "rejected": "they rejected the call",
  "failed": "the call to them failed",
  "call_ended": "the call had ended",
  "leg_hung_up": "the line was hung up",
  "media_stopped": "the line's sound ended",
  "media_dropped": "the line's sound broke off",
  "media_replaced": "the line's sound came anew from elsewhere",
  "media_stalled": "the line's sound came to a halt",
  "media_started_late": "the line's sound began late",
  "transcription_started_late": "it began late",
  "transcription_restarted": "transcription was begun again for one side",
  "streaming_failed": "Telnyx could not send the line's sound",
  "unsupported_codec": "the line's sound is coded in a way nobody here can decode",
  "frames_lost": "some of the line's sound was lost on its way",
  "source_replaced": "another source took over",
  // this service
  "service_stopped": "the service was stopped",
  "service_restarted": "the service was started anew",
  "internal_error": "something failed in the service, and is in its log",
  "journal_unavailable": "the service's database did not answer",
  "buffer_full": "the recogniser did not answer for too long",
  "erased": "it was erased",
  // who recognises speech
  "no_words": "no words come",
  "not_answered": "the recogniser did not answer",
  "unanswered": "the recogniser does not answer",
  "recognition_failed": "no recogniser could be reached",
  "cut_short": "there was no time to wait for it",
  "stalled": "the recogniser hears, and says nothing",
  "write_stalled": "the recogniser takes no more sound",
  "late": "the recogniser is too far behind",
  "falling_behind": "the recogniser is falling behind",
  "seam_uncertain": "it was interrupted, and words may be there twice, missing or out of place",
  "garbage": "the recogniser's answers make no sense",
  "circuit_open": "the recogniser failed just before",
  "connect_failed": "the recogniser cannot be reached",
  "connection_lost": "the connection to the recogniser broke off",
  "engine_error": "the recogniser reports an error",
  "refused_by_engine": "the recogniser refused",
  "refused_at_upgrade": "the recogniser refused the connection",
  "no_local_recogniser": "no recogniser of one's own is set up",
  "bad_url": "the recogniser's address cannot be used",
  "already_transcribing": "Telnyx transcribes the call already, as somebody else asked",
  "is_final_missing": "Telnyx does not say which words are final",
  // endpoints
  "gone": "it said it is gone for good (410)",
  "failing": "it took nothing for days",
  "by_hand": "somebody switched it off",
  "refused": "it refused this for good",
  "gave_up": "it was tried for days in vain",
  "skipped": "it failed at this again and again, and the events after it were not to wait",
  "no_endpoint": "its endpoint was configured no more",
  // after the call
  "recording_unreadable": "the recording cannot be read",
  "no_recording": "there is no recording",
  "too_large": "it is larger than anybody takes",
  "unknown_host": "its link leads to nobody who is known",
  "no_wav": "it is no WAV",
  "unreadable": "it is nothing that can be read",
  "link_refused": "its link was refused",
  "link_expired": "its link died",
  "redirected": "its link leads somewhere else",
  "not_written": "the disk did not take it",
  "nobody_keeps": "nobody is there to keep it",
  "never_saved": "Telnyx never told of it",
  "storage_unauthorized": "the storage does not let Telnyx in",
  "storage_credentials": "Telnyx cannot use its keys for the storage",
  "storage_unsupported": "Telnyx does not know this kind of storage",
  "nobody_hears": "nobody is there to transcribe it",
  "unreachable": "nobody answers there",
  "timed_out": "it took too long",
  "not_found": "there is no such bucket",
  "not_permitted": "its keys are not taken",
  "something_else_is_there": "something else is there under that name",
  "not_erased": "something is left of it",
};
const COMMANDS = {
  "answer": "to answer the call",
  "dial": "to dial whom the caller is connected with",
  "speak": "to say the notice",
  "bridge": "to connect the two",
  "hang_up": "to hang up",
  "start_transcription": "to transcribe",
  "stop_transcription": "to end the transcription",
  "start_streaming": "to send the line's sound",
  "stop_streaming": "to end the line's sound",
  "start_recording": "to record",
  "stop_recording": "to end the recording",
};
const FAILURES = {
  "refused": "refused",
  "unreachable": "could not be asked",
};
const CAUSES = {
  "call_rejected": "it was rejected",
  "originator_cancel": "the caller gave up",
  "no_answer": "nobody answered",
  "timeout": "nobody answered in time",
  "time_limit": "it reached its time limit",
  "user_busy": "the line was busy",
  "not_found": "there is no such number",
  "unallocated_number": "there is no such number",
  "media_timeout": "no sound came any more",
  "hang_up_never_seen": "Telnyx never told of it",
  "unspecified": "Telnyx does not say why",
};

/** Why, from a slug; one that nobody foresaw is at least written as words. */
export function why(slug) {
  if (Object.hasOwn(REASONS, slug ?? "")) return REASONS[slug];
  for (const [command, wanted] of Object.entries(COMMANDS)) {
    if (!slug?.startsWith(`${command}_`)) continue;
    const failure = slug.slice(command.length + 1);
    const told = FAILURES[failure];
    return told ? `Telnyx ${told} ${wanted}` : `${REASONS[failure] ?? plain(failure)} when it was ${wanted}`;
  }
  return plain(slug);
}

/** Why a call ended, from Telnyx's cause; nothing for what is as it should be. */
export function causeOf(cause) {
  if (!cause || cause === "normal_clearing") return "";
  return CAUSES[cause] ?? plain(cause);
}
