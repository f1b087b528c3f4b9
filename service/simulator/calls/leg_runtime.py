"""A leg, and what runs on it at the application's wish: a stream, a transcription, a tape."""

from service.simulator.legs.leg import Leg
from service.simulator.media.recording import Tape
from service.simulator.media.stream import MediaStream
from service.simulator.media.transcription import Transcription


class Line:
    """One leg with at most one stream, one transcription and one tape at a time."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.transcription: Transcription | None = None
        self.streams_asked = 0
        self._stream: MediaStream | None = None
        self._tape: Tape | None = None

    @property
    def stream(self) -> MediaStream | None:
        """The stream that connects or plays; None once it has ended by itself or was stopped."""
        return None if self._stream is None or self._stream.ended else self._stream

    @stream.setter
    def stream(self, stream: MediaStream) -> None:
        self._stream = stream

    @property
    def tape(self) -> Tape | None:
        """The tape that records or pauses; None once it is stopped."""
        return None if self._tape is None or self._tape.ended else self._tape

    @tape.setter
    def tape(self, tape: Tape) -> None:
        self._tape = tape

    async def finish(self) -> None:
        """Let everybody who hears the call say their last words before the hang-up is told."""
        for listener in tuple(self.leg.listeners):
            await listener.finish()
        if self.stream is not None:  # it may still be connecting
            await self.stream.stop()

    def conclude(self) -> None:
        """Say what comes after the hang-up, in the order seen live."""
        if self.transcription is not None:
            self.transcription.tell_late()
        if self.tape is not None:
            self.tape.stop()
