"""What a frame costs by its codec: from the message to what the engine is sent, without sockets."""

import base64
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.calls.engines import find_engine
from service.calls.inputs import Input, TrackRef
from service.calls.routes import Route
from service.ids import CallId, LegId, StreamId
from service.ingress.decoding_feed import DecodingFeed
from service.ingress.jitter.jitter_buffer import JitterBuffer
from service.ports import AudioFeed, RecognitionPlan, StreamStart
from service.runtime.media_stream import MediaStream
from service.simulator.speech.amr_wb import pack_tightly
from service.simulator.speech.audio import Encoding, to_mulaw
from service.stt.formats import choose_format
from service.stt.stint import Stint
from service.stt.track import Track
from service.wire.audio import AudioFormat, carried, payload_timing
from service.wire.media import parse_message
from tests.bench.table import Row
from tests.wire.speech import amr_wb_frames, opus_packets, spoken

FRAME_S = 0.02
CALL, LEG, STREAM = CallId("call"), LegId("leg"), StreamId("stream")


def _frames(encoding: Encoding) -> list[bytes]:
    coded, size = encoding.encode(to_mulaw(spoken(), 16_000)), encoding.bytes_per_ms * 20
    return [coded[at : at + size] for at in range(0, len(coded) - size, size)]


def _amr_wb() -> list[bytes]:
    return [pack_tightly([frame]) for frame in amr_wb_frames("jfk")]


_CODECS: Sequence[tuple[AudioFormat, str, Callable[[], list[bytes]]]] = (
    (AudioFormat("PCMU", 8000), "Deepgram", lambda: _frames(Encoding("PCMU"))),
    (AudioFormat("PCMU", 8000), "Telnyx", lambda: _frames(Encoding("PCMU"))),
    (AudioFormat("PCMU", 8000), "Parakeet", lambda: _frames(Encoding("PCMU"))),
    (AudioFormat("PCMA", 8000), "Telnyx", lambda: _frames(Encoding("PCMA"))),
    (AudioFormat("L16", 16_000), "Parakeet", lambda: _frames(Encoding("L16", 16_000, True))),
    (AudioFormat("G722", 8000), "Telnyx", lambda: _frames(Encoding("G722"))),
    (AudioFormat("OPUS", 16_000), "Telnyx", opus_packets),
    (AudioFormat("AMR-WB", 16_000), "Telnyx", _amr_wb),
)


class _Call:
    """A call that nobody tells anything."""

    call_id = CALL

    def post(self, item: Input) -> None:
        """Forget it."""

    async def tell(self, item: Input) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True)
class _Hearing:
    """A recognition whose engine takes everything, and never answers."""

    track: Track
    stint: Stint

    def send(self, payload: bytes) -> None:
        """Take audio and send what there is."""
        if self.track.push(payload):
            while self.track.next_chunk(self.stint, 0.0):
                pass

    def skip(self, duration_ms: int, reason: str = "frames_lost") -> None:
        """Move on."""
        self.track.skip(duration_ms, reason)

    async def finish(self, *, timeout_s: float) -> None:
        """Do nothing."""
        del timeout_s


def _hearing(audio: AudioFormat, engine_name: str) -> _Hearing:
    engine = find_engine(engine_name)
    assert engine is not None
    plan = RecognitionPlan(
        call_id=CALL,
        ref=TrackRef(LEG, STREAM, "inbound"),
        route=Route(engine=engine_name),
        encoding=audio.encoding,
        sample_rate_hz=audio.sample_rate_hz,
    )
    track = Track(plan, keep_ms=5_000)
    stint, _ = track.begin(choose_format(engine, *audio), 0.0)
    return _Hearing(track, stint)


def _messages(payloads: Sequence[bytes], count: int) -> list[str]:
    return [
        json.dumps(
            {
                "event": "media",
                "sequence_number": str(number),
                "stream_id": STREAM,
                "media": {
                    "track": "inbound",
                    "chunk": str(number),
                    "timestamp": str(number * 20),
                    "payload": base64.b64encode(payloads[number % len(payloads)]).decode(),
                },
            }
        )
        for number in range(1, count + 1)
    ]


def _play(audio: AudioFormat, engine: str, messages: Sequence[str]) -> float:
    """Return how many microseconds of CPU a frame took."""
    heard = carried(*audio)
    start = StreamStart(
        leg_id=LEG, stream_id=STREAM, encoding=heard.encoding, sample_rate_hz=heard.sample_rate_hz
    )
    feed: AudioFeed = MediaStream(
        start, _Call(), lambda: 0.0, 0.0, {"inbound": _hearing(heard, engine)}
    )
    if heard != audio:
        feed = DecodingFeed(feed, audio.encoding)
    buffer = JitterBuffer(feed, payload_timing(*audio), now=0.0)
    began = time.process_time()
    for number, text in enumerate(messages, start=1):
        message = parse_message(text)
        assert message.media is not None
        buffer.push(
            "inbound",
            message.media.payload,
            chunk=message.media.chunk,
            sequence_number=message.sequence_number,
            now=number * FRAME_S,
        )
    return (time.process_time() - began) / len(messages) * 1e6


def measure(*, frames: int, rounds: int) -> list[Row]:
    """Play speech in every codec. The first row, which passes through, is what all are beside."""
    rows: list[Row] = []
    first_us = 0.0
    for audio, engine, make in _CODECS:
        messages = _messages(make(), frames)
        took_us = min(_play(audio, engine, messages) for _ in range(rounds))
        first_us = first_us or took_us
        what = f"a frame of {audio.encoding} for {engine}"
        rows.append(Row(what, f"{took_us:.1f} us", f"{first_us:.1f} us", took_us / first_us, ""))
    return rows
