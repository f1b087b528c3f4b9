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


@dataclass(slots=True, eq=False)
class Recording:
    """A recording of a leg, while it is made and after: an `AudioConsumer`."""

    leg: Leg
    id: str
    secret: str
    channels: str
    started_at: float
    base_url: str
    keep: Callable[["Recording"], None]
    clock: Callable[[], float]
    """By which its links die."""
    link_life_s: int
    error: str | None = None
    """Why it cannot be stored, if it cannot."""
    stops_in_silence: bool = False
    """Whether it was started with `timeout_secs`, which Telnyx does by transcribing."""
    paused: bool = False
    is_deleted: bool = False
    spans: list[tuple[int, int]] = field(default_factory=list)
    ended_at: float | None = None
    linked_at: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether the recording was stopped and saved."""
        return self.ended_at is not None

    async def push(self, start_ms: int, end_ms: int) -> None:
        """Record audio, unless paused."""
        if not self.paused:
            if self.spans and self.spans[-1][1] == start_ms:
                start_ms = self.spans.pop()[0]
            self.spans.append((start_ms, end_ms))

    async def finish(self) -> None:
        """Do nothing before the hang-up: the recording is saved after it."""

    def stop(self) -> None:
        """End the recording, keep it, and emit that it is saved."""
        self.leg.detach(self)
        self.ended_at = self.leg.timeline.stamp()
        if self.error is not None:
            self.leg.emit("call.recording.error", {"reason": self.error})
            return
        self.keep(self)
        details: dict[str, object] = {
            "channels": self.channels,
            "format": "wav",
            "public_recording_urls": {},
            "recording_ended_at": iso(self.ended_at),
            "recording_id": self.id,
            "recording_started_at": iso(self.started_at),
            "recording_urls": {"wav": self.link(self.clock())},
        }
        self.leg.emit("call.recording.saved", details)

    def link(self, now: float) -> str:
        """Return a new link, valid for some time from `now` (Unix seconds)."""
        self.linked_at = now
        query = f"X-Amz-Expires={self.link_life_s}&X-Amz-Signature={self.secret}"
        return f"{self.base_url}/recordings/{self.id}.wav?{query}"

    @property
    def duration_ms(self) -> int:
        """How much was recorded."""
        return sum(end - start for start, end in self.spans)

    def wav(self) -> bytes:
        """Return the file: the remote party of the leg is the first channel of two."""
        sides = [self._side(track) for track in get_args(Track)]
        if self.channels == "dual":
            return encode_wav(audio.join_channels(*sides), channels=2, rate_hz=audio.RATE_HZ)
        return encode_wav(audio.mix(*sides), channels=1, rate_hz=audio.RATE_HZ)

    def show(self, now: float) -> Mapping[str, object]:
        """Return the recording as `GET /v2/recordings/{id}` shows it, with a new link."""
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
            self.leg.audio.slice(track, PCMU, start, end).ljust(
                (end - start) * PCMU.bytes_per_ms, audio.SILENCE
            )
            for start, end in self.spans
        )
        return PCMU.decode(b"".join(cuts))
