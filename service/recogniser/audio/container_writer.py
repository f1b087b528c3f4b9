"""Writes the messages of a container child, samples collected to a pipe's worth."""

import os
from typing import Final

from service.recogniser.audio import container_messages as messages

_OUT_BYTES: Final = 32 * 1024
_MAX_NOTES: Final = 20
SAMPLE_BYTES: Final = 2


class MessageWriter:
    """Collects a track's samples and writes them as messages; a full pipe makes it wait."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._track = 0
        self._notes = 0
        self.has_audio = False
        """Whether any came out of the input; silence that was put between is none."""

    def begin(self, track: int, rate_hz: int, channels: int) -> None:
        """Say what a track's samples are from here on."""
        self.flush()
        self.write(messages.FORMAT, messages.FORMAT_BODY.pack(track, rate_hz, channels))

    def add(self, track: int, samples: bytes) -> None:
        """Write samples of a track, soon."""
        if track != self._track:
            self.flush()
            self._track = track
        self._kept += samples
        if len(self._kept) >= _OUT_BYTES:
            self.flush()

    def add_silence(self, track: int, size_bytes: int) -> None:
        """Write so many bytes of silence."""
        for at in range(0, size_bytes, _OUT_BYTES):
            self.add(track, bytes(min(_OUT_BYTES, size_bytes - at)))

    def flush(self) -> None:
        """Write what is collected."""
        kept, self._kept = bytes(self._kept), bytearray()
        track = self._track.to_bytes(1, "little")
        for at in range(0, len(kept), _OUT_BYTES):
            self.write(messages.AUDIO, track + kept[at : at + _OUT_BYTES])

    def note(self, text: str) -> None:
        """Say what of the input is not in the audio as it was; the first twenty times."""
        self._notes += 1
        if self._notes <= _MAX_NOTES:
            self.write(messages.NOTE, text.encode("ascii"))

    def write(self, kind: bytes, body: bytes = b"") -> None:
        """Write one message."""
        message = messages.HEADER.pack(kind, len(body)) + body
        while message:
            message = message[os.write(1, message) :]
