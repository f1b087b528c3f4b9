"""A recogniser that knows the audio: it finds where in a recording it is, and reads the script.

What it hears is what arrives: audio that was lost on the way is not heard, audio that is played
again is heard again, and audio of no recording here is silence. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.ids import Track
from service.simulator.speech import audio
from service.simulator.speech.audio import Encoding
from service.simulator.speech.call_audio import Recording
from service.simulator.speech.script import Ear, Heard

SLICE_MS = 20
_PATIENCE = 100
_SELDOM = 25
_WIDTH_BYTES = 2


@dataclass(frozen=True, slots=True)
class Reel:
    """One track of one recording, as its bytes come in over a session."""

    recording: Recording
    track: Track
    data: bytes


class KnownAudio:
    """Every track there is, in the format of one session: made when first asked for, and kept."""

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._recordings = list(dict.fromkeys(recordings))
        self._reels: dict[tuple[str, int, Encoding], list[Reel]] = {}

    def reels(self, input_format: str, rate_hz: int, streamed: Iterable[Encoding]) -> list[Reel]:
        """Return the tracks as they would arrive, if they went out in one of these encodings."""
        found: list[Reel] = []
        for encoding in sorted(streamed, key=lambda one: (one.name != "PCMU", one.name)):
            key = (input_format, rate_hz, encoding)
            if key not in self._reels:
                self._reels[key] = list(self._make(*key))
            found += self._reels[key]
        return found

    def _make(self, input_format: str, rate_hz: int, encoding: Encoding) -> Iterable[Reel]:
        if rate_hz != encoding.rate_hz:
            return
        for recording in self._recordings:
            for track in ("inbound", "outbound"):
                data = _as_format(input_format, encoding, recording.audio(track, encoding))
                if data:
                    yield Reel(recording, track, data)


@dataclass(frozen=True, slots=True)
class Placed:
    """Words, and how far the session's clock is ahead of the recording's, in milliseconds."""

    heard: Heard
    ahead_ms: int


class Follower:
    """One session's hearing: audio in any pieces in, words out."""

    def __init__(
        self, reels: Sequence[Reel], input_format: str, rate_hz: int, *, endpointing_ms: int
    ) -> None:
        self._reels = reels
        width = _WIDTH_BYTES if input_format == "linear16" else 1
        self._scale = max(1, rate_hz // 1000) * width
        self._endpointing_ms = endpointing_ms
        self._rest = b""
        self._reel: Reel | None = None
        self._at = 0
        self._ear: Ear | None = None
        self._missed = 0
        self._ahead_ms = 0
        self.elapsed_ms = 0
        self.unknown_ms = 0

    def take(self, data: bytes) -> list[Placed]:
        """Hear the next audio of the session."""
        size = SLICE_MS * self._scale
        data = self._rest + data
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        found: list[Placed] = []
        for start in range(0, whole, size):
            found += self._hear(data[start : start + size])
        return found

    def settle(self) -> list[Placed]:
        """Make final what is heard of the open utterance."""
        return self._place(self._ear.settle() if self._ear else [])

    def _hear(self, piece: bytes) -> list[Placed]:
        found: list[Placed] = []
        known = self._reel is not None and self._reel.data.startswith(piece, self._at)
        if not known:
            place = self._locate(piece)
            if place is not None:
                found += self._move(*place)
                known = True
        start_ms = self._at // self._scale
        self._at += len(piece)
        end_ms = self._at // self._scale
        if known:
            self._missed = 0
            self._ahead_ms = self.elapsed_ms - start_ms
        else:
            self._missed += 1
            self.unknown_ms += SLICE_MS
            start_ms = end_ms  # time passes, and no word is heard
        if self._ear:
            found += self._place(self._ear.hear(start_ms, end_ms))
        self.elapsed_ms += SLICE_MS
        return found

    def _locate(self, piece: bytes) -> tuple[Reel, int] | None:
        """Find a piece that is in one place only; after many misses, look only now and then."""
        if self._missed > _PATIENCE and self._missed % _SELDOM:
            return None
        if piece == piece[:_WIDTH_BYTES] * (len(piece) // _WIDTH_BYTES):  # silence is everywhere
            return None
        for reel in self._reels:
            at = reel.data.find(piece)
            if at >= 0 and reel.data.find(piece, at + 1) < 0:
                return reel, at
        return None

    def _move(self, reel: Reel, at: int) -> list[Placed]:
        found: list[Placed] = []
        if self._reel is not reel:
            found = self.settle()
            spoken = reel.recording.spoken(reel.track)
            self._ear = Ear(spoken, endpointing_ms=self._endpointing_ms)
        self._reel, self._at = reel, at
        return found

    def _place(self, heard: list[Heard]) -> list[Placed]:
        return [Placed(one, self._ahead_ms) for one in heard]


def _as_format(input_format: str, encoding: Encoding, data: bytes) -> bytes | None:
    same = {"mulaw": "PCMU", "alaw": "PCMA"}
    if same.get(input_format) == encoding.name:
        return data
    pcm = encoding.decode(data)
    if input_format == "linear16":
        return pcm
    if encoding.rate_hz != audio.RATE_HZ:
        return None
    return audio.to_mulaw(pcm) if input_format == "mulaw" else audio.to_alaw(pcm)
