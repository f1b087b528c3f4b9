"""Recordings made of a call (`record_start`): WAV files behind links that expire, as on S3."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from service.ids import Track
from service.simulator.legs.leg import Leg
from service.simulator.legs.timeline import iso
from service.simulator.speech import audio
from service.simulator.speech.audio import PCMU
from service.simulator.speech.riff import encode_wav

LINK_LIFE_S = 600
"""`X-Amz-Expires` of the links in the docs' samples."""


@dataclass(slots=True, eq=False)
class Tape:
    """A recording in the making: a `Listener`."""

    leg: Leg
    id: str
    secret: str
    channels: str
    started_at: float
    base_url: str
    keep: Callable[["Tape"], None]
    stops_in_silence: bool = False
    """It was started with `timeout_secs`, which Telnyx does by transcribing."""
    paused: bool = False
    pieces: list[tuple[int, int]] = field(default_factory=list)
    ended_at: float | None = None
    linked_at: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether it is stopped and saved."""
        return self.ended_at is not None

    async def hear(self, start_ms: int, end_ms: int) -> None:
        """Record a piece of the talk, unless paused."""
        if not self.paused:
            if self.pieces and self.pieces[-1][1] == start_ms:
                start_ms = self.pieces.pop()[0]
            self.pieces.append((start_ms, end_ms))

    async def finish(self) -> None:
        """Nothing to say before the hang-up: the recording is saved after it."""

    def stop(self) -> None:
        """End the recording and tell that it is saved."""
        self.leg.leave(self)
        self.ended_at = self.leg.timeline.stamp()
        self.keep(self)
        facts: dict[str, object] = {
            "channels": self.channels,
            "format": "wav",
            "public_recording_urls": {},
            "recording_ended_at": iso(self.ended_at),
            "recording_id": self.id,
            "recording_started_at": iso(self.started_at),
            "recording_urls": {"wav": self.link(self.ended_at)},
        }
        self.leg.emit("call.recording.saved", facts)

    def link(self, now: float) -> str:
        """Return a fresh link, good for ten minutes from `now` (Unix seconds)."""
        self.linked_at = now
        query = f"X-Amz-Expires={LINK_LIFE_S}&X-Amz-Signature={self.secret}"
        return f"{self.base_url}/recordings/{self.id}.wav?{query}"

    @property
    def duration_ms(self) -> int:
        """How much was recorded."""
        return sum(end - start for start, end in self.pieces)

    def wav(self) -> bytes:
        """Write the file: the first leg's remote party is the first channel of two."""
        sides = [self._side(track) for track in get_args(Track)]
        if self.channels == "dual":
            return encode_wav(audio.join_channels(*sides), channels=2, rate_hz=audio.RATE_HZ)
        return encode_wav(audio.mix(*sides), channels=1, rate_hz=audio.RATE_HZ)

    def show(self, now: float) -> Mapping[str, object]:
        """Return it as `GET /v2/recordings/{id}` does, with a fresh link."""
        ended_at = self.ended_at or now
        return {
            "call_control_id": self.leg.id.control_id,
            "call_leg_id": self.leg.id.leg_id,
            "call_session_id": self.leg.id.session_id,
            "channels": self.channels,
            "connection_id": self.leg.id.connection_id,
            "created_at": iso(ended_at),
            "download_urls": {"wav": self.link(now)},
            "duration_millis": self.duration_ms,
            "from": self.leg.id.from_number,
            "id": self.id,
            "initiated_by": "StartCallRecordingAPI",
            "record_type": "recording",
            "recording_ended_at": iso(ended_at),
            "recording_started_at": iso(self.started_at),
            "source": "call",
            "status": "completed",
            "to": self.leg.id.to_number,
            "updated_at": iso(ended_at),
        }

    def _side(self, track: Track) -> bytes:
        cuts = (
            self.leg.recording.cut(track, PCMU, start, end).ljust(
                (end - start) * PCMU.bytes_per_ms, audio.SILENCE
            )
            for start, end in self.pieces
        )
        return PCMU.decode(b"".join(cuts))
