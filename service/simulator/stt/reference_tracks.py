"""The tracks of the calls, and where in them a piece of audio is: found by some bytes of it."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.ids import Track
from service.simulator.speech import audio
from service.simulator.speech.call_audio import CallAudio

_MIN_LIKENESS = 0.5
"""Of a piece and what was sent, after frames of a lossy encoding were lost before it."""
_STEP, _KEY = 2, 4
"""Every half of a piece some bytes are taken for a key, a quarter of one: each piece holds one."""
_PLACE_BITS, _HASH_BITS = 28, 35
"""One number has a key's hash and its place: 28 bits are weeks of audio."""


@dataclass(frozen=True, slots=True)
class ReferenceTrack:
    """One track of one call, as its bytes arrive in a session."""

    call_audio: CallAudio
    track: Track
    data: bytes
    is_lossy: bool = False
    """Whether what arrives may be only much like this: after a loss, or resampled otherwise."""

    def has(self, piece: bytes, at: int) -> bool:
        """Say whether it has a piece there; if it is lossy, whether it sounds like that there."""
        if self.data.startswith(piece, at):
            return True
        expected = self.data[at : at + len(piece)]
        if not self.is_lossy or len(expected) < len(piece):
            return False
        return audio.likeness(piece, expected) >= _MIN_LIKENESS

    def only(self, piece: bytes) -> int | None:
        """Return where a piece occurs, if that is once."""
        at = self.data.find(piece)
        return at if at >= 0 and self.data.find(piece, at + 1) < 0 else None


class ReferenceTracks:
    """Tracks of one format, in which pieces of `piece_bytes` are found without reading them all.

    A stream that stood still is looked for again with every session that it has, and while what
    comes is of no call it is looked for all the time: tracks are hours long.
    """

    def __init__(self, tracks: Sequence[ReferenceTrack], piece_bytes: int) -> None:
        self._tracks = tracks
        self.lossy = [track for track in tracks if track.is_lossy]
        self._piece_bytes = piece_bytes
        self._keys: array[int] | None = None
        self._first_places: list[int] = []
        """The number of the first key of each track."""

    def find(self, piece: bytes) -> tuple[ReferenceTrack, int] | None:
        """Return the first track in which a piece occurs, and where, if that is once."""
        is_common = False
        for begin in range(self._piece_bytes // _STEP):
            places = self._places(piece[begin : begin + self._piece_bytes // _KEY])
            if len(places) > 1:  # silence, or what two calls have in common
                is_common = True
                continue
            for track, at in places:
                if track.only(piece) == at - begin:
                    return track, at - begin
        return self._search(piece) if is_common else None

    def _search(self, piece: bytes) -> tuple[ReferenceTrack, int] | None:
        for track in self._tracks:
            at = track.only(piece)
            if at is not None:
                return track, at
        return None

    def _places(self, key: bytes) -> list[tuple[ReferenceTrack, int]]:
        """Return where a key may be: nowhere, in one place, or the first two of many."""
        if self._keys is None:
            self._keys = array("q", sorted(self._make_keys()))
        begins = _hash_of(key) << _PLACE_BITS
        first = bisect_left(self._keys, begins)
        found = self._keys[first : first + 2]
        return [self._place(one - begins) for one in found if one - begins < 1 << _PLACE_BITS]

    def _make_keys(self) -> Iterator[int]:
        step, size, number = self._piece_bytes // _STEP, self._piece_bytes // _KEY, 0
        for track in self._tracks:
            self._first_places.append(number)
            for at in range(0, len(track.data) - size + 1, step):
                yield _hash_of(track.data[at : at + size]) << _PLACE_BITS | number
                number += 1

    def _place(self, number: int) -> tuple[ReferenceTrack, int]:
        nth = bisect_right(self._first_places, number) - 1
        return self._tracks[nth], (number - self._first_places[nth]) * self._piece_bytes // _STEP


def _hash_of(key: bytes) -> int:
    return hash(key) & ((1 << _HASH_BITS) - 1)
