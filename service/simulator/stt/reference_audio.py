"""Recognition by comparison: audio is found in the calls' own audio, and the script is read there.

What is recognised is what arrives: words whose audio was lost on the way are missing, audio that
comes twice is recognised twice, and audio of no call of this scenario is silence. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from service.ids import Track
from service.simulator.speech import audio
from service.simulator.speech.audio import Encoding
from service.simulator.speech.call_audio import CallAudio
from service.simulator.speech.script import Word
from service.simulator.speech.scripted_asr import AsrResult, ScriptedAsr
from service.simulator.stt.reference_tracks import ReferenceTrack, ReferenceTracks

SLICE_MS = 20
_MISSES_BEFORE_RARE_SEARCH = 100
_RARE_SEARCH = 25
_WIDTH_BYTES = 2
_SOUND_MS = 100
_LIKE_SEARCH = 10
"""In how many pieces one search by the sound is made."""
_MAX_UNKNOWN_MS = 1000
_SURE_LIKENESS = 0.95


class ReferenceAudio:
    """Every track of every call in the format of a session: made when first needed, and kept."""

    def __init__(self, calls: Iterable[CallAudio]) -> None:
        self._calls = list(dict.fromkeys(calls))
        self._made: dict[tuple[str, int, Encoding], list[ReferenceTrack]] = {}
        self._tracks: dict[tuple[str, int, tuple[Encoding, ...]], ReferenceTracks] = {}

    def tracks(
        self, input_format: str, rate_hz: int, streamed: Iterable[Encoding]
    ) -> ReferenceTracks:
        """Return the tracks as they arrive if they were streamed in one of these encodings."""
        encodings = tuple(sorted(streamed, key=lambda one: (one.name != "PCMU", one.name)))
        key = (input_format, rate_hz, encodings)
        if key not in self._tracks:
            tracks = [track for one in encodings for track in self._of(input_format, rate_hz, one)]
            self._tracks[key] = ReferenceTracks(tracks, SLICE_MS * _scale_of(input_format, rate_hz))
        return self._tracks[key]

    def _of(self, *key: *tuple[str, int, Encoding]) -> list[ReferenceTrack]:
        if key not in self._made:
            self._made[key] = list(self._make(*key))
        return self._made[key]

    def _make(
        self, input_format: str, rate_hz: int, encoding: Encoding
    ) -> Iterable[ReferenceTrack]:
        is_resampled = rate_hz != encoding.decoded_rate_hz
        if is_resampled and input_format != "linear16":
            return
        for call_audio in self._calls:
            for track in ("inbound", "outbound"):
                data = _as_format(input_format, encoding, call_audio, track)
                if data and is_resampled:
                    data = audio.change_rate(data, encoding.decoded_rate_hz, rate_hz)
                if data:
                    is_lossy = is_resampled or encoding.is_lossy
                    yield ReferenceTrack(call_audio, track, data, is_lossy)


class Place(NamedTuple):
    """Where a piece of audio was found; from `begin` on what led up to it was there, too."""

    reference: ReferenceTrack
    begin: int
    at: int


@dataclass(frozen=True, slots=True)
class TimedResult:
    """A result, and how far the session's clock was ahead of the call audio's at each word."""

    result: AsrResult
    aheads_ms: tuple[int, ...]

    @property
    def ahead_ms(self) -> int:
        """How far it was ahead at the last word, in milliseconds."""
        return self.aheads_ms[-1]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words by the session's clock: what was heard before a hole stays where it was."""
        return tuple(
            Word(word.text, word.start_ms + ahead_ms, word.end_ms + ahead_ms)
            for word, ahead_ms in zip(self.result.words, self.aheads_ms, strict=True)
        )


class AudioMatcher:
    """Recognises the audio of one session, which may come in pieces of any size."""

    def __init__(
        self,
        tracks: ReferenceTracks,
        input_format: str,
        rate_hz: int,
        *,
        endpointing_ms: int,
    ) -> None:
        self._tracks = tracks
        self._scale = _scale_of(input_format, rate_hz)
        self._endpointing_ms = endpointing_ms
        self._rest = b""
        self._reference: ReferenceTrack | None = None
        self._at = 0
        self._asr: ScriptedAsr | None = None
        self._missed = 0
        self._unknown = b""
        self._ahead_ms = 0
        self._aheads_ms: list[int] = []
        """What it was at each word of the open utterance."""
        self._elapsed_ms = 0
        self.unknown_ms = 0
        """How much of the audio is of no call of this scenario."""

    def push(self, data: bytes) -> list[TimedResult]:
        """Take the next audio of the session; return the results it leads to."""
        size = SLICE_MS * self._scale
        data = self._rest + data
        whole = len(data) - len(data) % size
        self._rest = data[whole:]
        found: list[TimedResult] = []
        for start in range(0, whole, size):
            found += self._push(data[start : start + size])
        return found

    def finalize(self) -> list[TimedResult]:
        """Make the open utterance final."""
        return self._timed(self._asr.finalize() if self._asr else [])

    def _push(self, piece: bytes) -> list[TimedResult]:
        found: list[TimedResult] = []
        known, begin = self._is_expected(piece), self._at
        if not known:
            place = self._find(piece) or self._find_like(piece)
            if place is not None:
                found += self._move_to(place)
                known, begin = True, place.begin
        start_ms, at_ms = begin // self._scale, self._at // self._scale
        self._at += len(piece)
        end_ms = self._at // self._scale
        if known:
            self._missed, self._unknown = 0, b""
            self._ahead_ms = self._elapsed_ms - at_ms
        else:
            self._missed += not _is_silence(piece)  # who was silent for long may begin any time
            self._unknown = (self._unknown + piece)[-_MAX_UNKNOWN_MS * self._scale :]
            self.unknown_ms += SLICE_MS
            start_ms = end_ms  # time passes, and no word is recognised
        if self._asr:
            found += self._timed(self._asr.push(start_ms, end_ms))
        self._elapsed_ms += SLICE_MS
        return found

    def _is_expected(self, piece: bytes) -> bool:
        """Say whether this is what comes next in the track that was found."""
        return self._reference is not None and self._reference.has(piece, self._at)

    def _find(self, piece: bytes) -> Place | None:
        """Find a piece that occurs once; after many misses in a row, search only now and then."""
        if self._missed > _MISSES_BEFORE_RARE_SEARCH and self._missed % _RARE_SEARCH:
            return None
        if _is_silence(piece):  # it is everywhere
            return None
        found = self._tracks.find(piece)
        return found and Place(found[0], self._begin_of(*found), found[1])

    def _begin_of(self, reference: ReferenceTrack, at: int) -> int:
        """Return where what led up to this began to be the track: silence, or what occurs twice.

        Or, of a lossy encoding, what a decoder gave that did not know yet what had been before.
        """
        size = SLICE_MS * self._scale
        begin, end = at, len(self._unknown)
        while begin >= size and end >= size:
            if not reference.has(self._unknown[end - size : end], begin - size):
                break
            begin, end = begin - size, end - size
        return begin

    def _find_like(self, piece: bytes) -> Place | None:
        """Find a tenth of a second of a lossy encoding by its sound, as after a new start of it.

        Until a decoder that knows nothing of what was before gives the same sound, some more may
        pass. It takes long, so every other tenth is tried.
        """
        lossy = self._tracks.lossy
        if not lossy:
            return None
        size = _SOUND_MS * self._scale
        sound = (self._unknown + piece)[-size:]
        if len(sound) < size or self._missed % _LIKE_SEARCH or audio.is_quiet(sound):
            return None
        places = [(reference, audio.best_fit(reference.data, sound)) for reference in lossy]
        best, likeness, at = max(
            (
                (each, audio.likeness(sound, each.data[at : at + len(sound)]), at)
                for each, at in places
            ),
            key=lambda place: place[1],
        )
        if likeness < _SURE_LIKENESS:
            return None
        at += len(sound) - len(piece)
        return Place(best, self._begin_of(best, at), at)

    def _move_to(self, place: Place) -> list[TimedResult]:
        found: list[TimedResult] = []
        if self._reference is not place.reference:
            found = self.finalize()
            spoken = place.reference.call_audio.utterances(place.reference.track)
            self._asr = ScriptedAsr(spoken, endpointing_ms=self._endpointing_ms)
        self._reference, self._at = place.reference, place.at
        return found

    def _timed(self, results: list[AsrResult]) -> list[TimedResult]:
        timed: list[TimedResult] = []
        for result in results:
            self._aheads_ms += [self._ahead_ms] * (len(result.words) - len(self._aheads_ms))
            timed.append(TimedResult(result, tuple(self._aheads_ms)))
            if result.is_final:
                self._aheads_ms.clear()
        return timed


def _scale_of(input_format: str, rate_hz: int) -> int:
    """Return how many bytes a millisecond has."""
    return max(1, rate_hz // 1000) * (_WIDTH_BYTES if input_format == "linear16" else 1)


def _is_silence(piece: bytes) -> bool:
    return piece == piece[:_WIDTH_BYTES] * (len(piece) // _WIDTH_BYTES)


def _as_format(
    input_format: str, encoding: Encoding, call_audio: CallAudio, track: Track
) -> bytes | None:
    same = {"mulaw": "PCMU", "alaw": "PCMA"}
    if same.get(input_format) == encoding.name:
        return call_audio.encoded(track, encoding)
    pcm = call_audio.decoded(track, encoding)
    if input_format == "linear16":
        return pcm
    if encoding.decoded_rate_hz != audio.RATE_HZ:
        return None
    return audio.to_mulaw(pcm) if input_format == "mulaw" else audio.to_alaw(pcm)
