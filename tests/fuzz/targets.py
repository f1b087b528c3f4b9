"""What is fuzzed: functions of bytes that raise only what a defect raises, and seeds for each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from service.api.feed.query import Message as FeedMessage
from service.errors import BadInputError, RecognitionError
from service.feed.filter import check_types
from service.ids import CallId
from service.ingress.jitter.jitter_buffer import JitterBuffer
from service.stt.formats import WireFormat
from service.stt.results import fault_in, read_result
from service.stt.track import Track
from service.wire import amr_wb, opus
from service.wire.audio import payload_timing
from service.wire.media import TRACKS, Message, parse_message
from service.wire.webhooks import Ignored, parse_webhook
from tests.ingress.peers import RecordingFeed
from tests.stt.builders import plan

FIXTURES: Final = Path(__file__).parents[2] / "fixtures"
_NOW: Final = 1_795_341_600.0
_FRAME_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Target:
    """One parser, with what follows from what it read."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    words: tuple[str, ...]
    """What its inputs are made of: a fuzzer would hardly find these by itself."""


def read_webhook(data: bytes) -> None:
    """Read a body that Telnyx posted; what is read can be kept and compared."""
    try:
        read = parse_webhook(data, _NOW)
    except BadInputError:
        return
    assert read == parse_webhook(data, _NOW)
    if isinstance(read, Ignored):
        assert len(read.event_type) <= 64
        assert read.event_type.isprintable()
    else:
        assert read.input_id
        str(read).encode()


def read_media(data: bytes) -> None:
    """Play the lines of a media socket: messages, frames put in order, payloads taken apart."""
    feed = RecordingFeed()
    buffer = JitterBuffer(feed, payload_timing("PCMU", 8000), now=0.0)
    now = 0.0
    for line in data.split(b"\n"):
        now += _FRAME_S
        for text in (line, line.decode(errors="replace")):
            try:
                message = parse_message(text)
            except BadInputError:
                continue
            _take_media(message, buffer, now)
    buffer.flush(now)
    pushed = [one for track in feed.heard.values() for one in track if isinstance(one, bytes)]
    assert len(pushed) <= buffer.counts.frames


def read_stt(data: bytes) -> None:
    """Take the lines of an engine: results, faults, and words on a track that was sent audio."""
    track = Track(plan(), keep_ms=10_000)
    track.push(bytes(8000))
    stint, _ = track.begin(WireFormat("mulaw", 8000), 0.0)
    while track.next_chunk(stint, 0.0) is not None:
        pass
    now = 0.0
    for line in data.split(b"\n"):
        now += _FRAME_S
        try:
            result = read_result(line)
        except BadInputError:
            continue
        fault = fault_in(result)
        assert fault is None or isinstance(fault, RecognitionError)
        if fault is None:
            track.receive(stint, result, now)
    track.end()
    track.close(stint)
    track.finish("engine_away")


def read_feed(data: bytes) -> None:
    """Read what a client of the feed says; what is asked for can be used."""
    try:
        message = FeedMessage.model_validate_json(data)
    except ValidationError as error:
        json.dumps(error.errors(include_url=False, include_context=False, include_input=False))
    else:
        if message.subscribe is not None:
            wanted = message.subscribe.to_filter(None)
            wanted.matches("transcript.final", "customer")
            wanted.matches_call(None)
            message.subscribe.to_filter(CallId("call")).matches("call.ended", None)
    try:
        check_types(data.decode(errors="replace").split(","))
    except BadInputError:
        return


def _take_media(message: Message, buffer: JitterBuffer, now: float) -> None:
    media = message.media
    track = None if media is None else TRACKS.get(media.track)
    if media is None or track is None:
        buffer.count_message(message.sequence_number, now)
        return
    opus.read_packet(media.payload)
    amr_wb.PayloadReader().read(media.payload)
    numbers = {"chunk": media.chunk, "sequence_number": message.sequence_number}
    wake_at = buffer.push(track, media.payload, now=now, **numbers)
    if wake_at is not None and wake_at <= now:
        buffer.wake(now)


def _files(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(FIXTURES.glob(pattern))]


def _media_seeds() -> list[bytes]:
    """Return the beginnings of golden sockets: whole ones are more than a fuzzer can handle."""
    return [b"\n".join(text.splitlines()[:12]) for text in _files("media/*.jsonl")]


def _stt_seeds() -> list[bytes]:
    word = {"word": "hello", "start": 0.1, "end": 0.4, "confidence": 0.9}
    final = {"transcript": "hello there", "is_final": True, "confidence": 0.9, "words": [word]}
    partial = {"transcript": "hello", "is_final": False, "start_time": 0.1, "duration": 0.3}
    error = {"errors": [{"code": "40001", "title": "bad", "detail": "model"}]}
    end = {"utterance_end": True, "type": "UtteranceEnd"}
    lines = [json.dumps(one).encode() for one in (partial, final, end, error)]
    return [*lines, b"\n".join(lines)]


def _feed_seeds() -> list[bytes]:
    asked = {"id": "a", "call_id": "c", "after": 1, "types": ["transcript.*"], "role": "agent"}
    more = {"id": "b", "number": "+1312*", "metadata": {"queue": "billing"}, "partials": False}
    messages = [{"subscribe": asked}, {"subscribe": more}, {"unsubscribe": "a"}]
    return [*(json.dumps(one).encode() for one in messages), b"transcript.*,call.ended"]


_WEBHOOK_WORDS: Final = (
    "data", "event_type", "payload", "occurred_at", "call_control_id", "call_session_id",
    "call_leg_id", "client_state", "transcription_data", "transcript", "is_final", "confidence",
    "transcription_track", "call.transcription", "call.hangup", "hangup_cause", "record_type",
    "streaming.failed", "stream_id", "failure_reason", "custom_headers", "\\ud800", "1e999",
)  # fmt: skip
_MEDIA_WORDS: Final = (
    "event", "start", "media", "stop", "error", "dtmf", "track", "inbound", "outbound", "payload",
    "chunk", "timestamp", "sequence_number", "stream_id", "media_format", "encoding",
    "sample_rate", "channels", "999999999999999999", "-1", "1e999",
)  # fmt: skip
_STT_WORDS: Final = (
    "transcript", "is_final", "speech_final", "confidence", "words", "word", "start", "end",
    "duration", "errors", "code", "title", "detail", "type", "utterance_end", "start_time",
    "1e308", "-1", "true", "null",
)  # fmt: skip
_FEED_WORDS: Final = (
    "subscribe", "unsubscribe", "id", "call_id", "after", "types", "role", "customer", "agent",
    "number", "metadata", "partials", "transcript.*", "9223372036854775807", "-1",
)  # fmt: skip

TARGETS: Final[Mapping[str, Target]] = {
    "webhook": Target(read_webhook, lambda: _files("webhooks/*.json"), _WEBHOOK_WORDS),
    "media": Target(read_media, _media_seeds, _MEDIA_WORDS),
    "stt": Target(read_stt, _stt_seeds, _STT_WORDS),
    "feed": Target(read_feed, _feed_seeds, _FEED_WORDS),
}
