"""A leg and what the application has running on it: a stream, a transcription, a recording."""

from service.simulator.legs.leg import Leg
from service.simulator.media.recording import Recording
from service.simulator.media.stream import MediaStream
from service.simulator.media.transcription import Transcription


class LegRuntime:
    """One leg, with at most one stream, one transcription and one recording at a time."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.transcription: Transcription | None = None
        self.streams_started = 0
        self._stream: MediaStream | None = None
        self._recording: Recording | None = None

    @property
    def stream(self) -> MediaStream | None:
        """The stream that connects or plays; None once it has ended."""
        return None if self._stream is None or self._stream.ended else self._stream

    @stream.setter
    def stream(self, stream: MediaStream) -> None:
        self._stream = stream

    @property
    def recording(self) -> Recording | None:
        """The recording that goes on, maybe paused; None once it was stopped."""
        return None if self._recording is None or self._recording.ended else self._recording

    @recording.setter
    def recording(self, recording: Recording) -> None:
        self._recording = recording

    async def finish(self) -> None:
        """Let every consumer emit what is left, before `call.hangup` is emitted."""
        for consumer in tuple(self.leg.consumers):
            await consumer.finish()
        if self.stream is not None:  # it may still be connecting
            await self.stream.stop()

    async def finish_own(self) -> None:
        """Let what runs on this leg alone emit what is left, and stop: others talk on."""
        if self.transcription is not None:
            await self.transcription.finish()
            self.transcription.stop()
        if self.stream is not None:
            await self.stream.stop()

    def conclude(self) -> None:
        """Emit what comes after `call.hangup`, in the order seen live."""
        if self.transcription is not None:
            self.transcription.emit_held()
        if self.recording is not None:
            self.recording.stop()
        if self.leg.link.meeting is not None:
            self.leg.link.meeting.left(self.leg)
