"""A file's transcript as it was asked for: JSON, text, or subtitles.

Source: TELNYX.md §6.4; subtitles are OpenAI's addition, and so is what a segment of
`verbose_json` says of its decoding.
"""

import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from service.recogniser.api.languages import LANGUAGE
from service.recogniser.files.forms import FileSettings
from service.recogniser.files.transcription import Transcript, TranscriptSegment
from service.recogniser.models.hypothesis import TimedWord

_MARKS: Final = ".,;:!?\"'()-"
CONTENT_TYPES: Final = {
    "json": "application/json",
    "verbose_json": "application/json",
    "text": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
}
_BARE: Final = frozenset({"duration", "segments", "words"})
_NOT_AT_TELNYX: Final[Mapping[str, frozenset[str]]] = {
    "openai/": _BARE,
    "nvidia/": _BARE,
    "omi-health/": _BARE,
    "distil-whisper/": frozenset({"words"}),
}
"""By owner: what Telnyx's answer leaves out of `verbose_json`, and ours does not."""
_SEEK_PER_S: Final = 100


def beyond(settings: FileSettings) -> list[str]:
    """Return the fields of the answer that the model asked for would not give at Telnyx."""
    if settings.response_format != "verbose_json":
        return []
    given = {"duration", "segments"} | ({"words"} if settings.words else set())
    owner = settings.model.partition("/")[0] + "/"
    return sorted(given & _NOT_AT_TELNYX.get(owner, frozenset()))


def render(transcript: Transcript, settings: FileSettings) -> bytes:
    """Return the body of the answer, UTF-8."""
    match settings.response_format:
        case "text":
            return f"{transcript.text}\n".encode()
        case "srt":
            cues = enumerate(transcript.segments, start=1)
            return "\n".join(f"{number}\n{_cue(one, ',')}" for number, one in cues).encode()
        case "vtt":
            cues_only = (_cue(one, ".") for one in transcript.segments)
            return "\n".join(["WEBVTT\n", *cues_only]).encode()
        case "verbose_json":
            return msgspec.json.encode(_verbose(transcript, settings))
        case _:
            return msgspec.json.encode({"text": transcript.text})


def _verbose(transcript: Transcript, settings: FileSettings) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": LANGUAGE,
        "duration": transcript.duration_s,
        "text": transcript.text,
        "segments": [_segment(number, one) for number, one in enumerate(transcript.segments)],
    }
    if settings.words:
        body["words"] = [_word(word) for one in transcript.segments for word in one.words]
    return body


def _segment(number: int, segment: TranscriptSegment) -> dict[str, Any]:
    """Return what Telnyx documents of a segment, and what OpenAI's clients require.

    Of the latter, `seek` is where the audio began that the engine was given, in hundredths of a
    second as Whisper counts; `tokens` are our engine's own, not Whisper's; `temperature` 0 says
    that nothing was left to chance. Our engine gives no `no_speech_prob`: 0.0 says nothing of it.
    """
    text = segment.text.encode()
    body: dict[str, Any] = {
        "id": number,
        "text": segment.text,
        "start": segment.start_s,
        "end": segment.end_s,
        "confidence": round(segment.confidence, 4),
        "seek": round(segment.decoded_from_s * _SEEK_PER_S),
        "tokens": segment.tokens,
        "temperature": 0.0,
        "avg_logprob": round(math.log(segment.confidence), 4) if segment.confidence else 0.0,
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 4),
        "no_speech_prob": 0.0,
    }
    if segment.channel is not None:
        body["channel"] = segment.channel
    if segment.words:
        body["words"] = [_word(word) for word in segment.words]
    return body


def _word(word: TimedWord) -> dict[str, Any]:
    """Like Deepgram: bare in `word`, as it was written in `punctuated_word`."""
    return {
        "word": word.text.strip(_MARKS).lower() or word.text,
        "start": round(word.start_s, 3),
        "end": round(word.end_s, 3),
        "confidence": round(word.confidence, 4),
        "punctuated_word": word.text,
    }


def _cue(segment: TranscriptSegment, point: str) -> str:
    times = f"{_clock(segment.start_s, point)} --> {_clock(segment.end_s, point)}"
    return f"{times}\n{segment.text.replace('-->', '→')}\n"


def _clock(time_s: float, point: str) -> str:
    minutes, ms = divmod(round(time_s * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}{point}{ms % 1000:03}"
