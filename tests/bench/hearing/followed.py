"""Single utterances, and how soon something was there to read of each, and was settled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.recogniser.speech.segmenter import FRAME_S, Ending, Segment
from tests.bench.hearing.conditions import PHONE_HZ, from_mulaw
from tests.bench.hearing.engines.following import Ear, load_detector
from tests.bench.hearing.figures import percentile
from tests.bench.hearing.recordings import Recording
from tests.bench.hearing.scoring import changed_words
from tests.bench.hearing.work import Text

LEAD_S: Final = 0.3
TAIL_S: Final = 0.2
SILENCE_S: Final = 1.5
"""After each utterance: more than any engine waits before it takes it to be over."""
MIN_S, MAX_S = 1.0, 10.0
_SILENT: Final = b"\xff"


@dataclass(frozen=True, slots=True)
class Utterance:
    """Someone begins to speak at `LEAD_S`, stops at `end_s`, and says nothing for `SILENCE_S`."""

    phone: bytes
    end_s: float

    @property
    def length_s(self) -> float:
        """With the silence."""
        return len(self.phone) / PHONE_HZ


@dataclass(frozen=True, slots=True)
class Delays:
    """Over all utterances, in seconds; `changed` is the share of words shown and then changed."""

    first_p50_s: float
    first_p95_s: float
    final_p50_s: float
    final_p95_s: float
    changed: float


def cut(recordings: Sequence[Recording], *, seconds: float) -> list[Utterance]:
    """Return utterances of people on the phone, at most so many seconds of them.

    Where they begin and end is what the voice detector says of the recording as a whole.
    """
    detector = load_detector()
    found: list[Utterance] = []
    for recording in recordings:
        audio = from_mulaw(recording.phone + _SILENT * int(SILENCE_S * PHONE_HZ))
        for segment, _ in Ear(detector, PHONE_HZ).hear(np.asarray(audio)):
            found += _utterance(recording.phone, segment)
    while sum(one.length_s for one in found) > seconds:
        found.pop()
    return found


def delays(texts: Mapping[int, Sequence[Text]], utterances: Sequence[Utterance]) -> Delays:
    """Return how soon the texts of these utterances came; times are of each utterance's audio."""
    heard = [(utterances[at], [one for one in said if one.text]) for at, said in texts.items()]
    first = [said[0].at_s - LEAD_S for _, said in heard if said]
    final = [
        max(one.at_s for one in said if one.is_final) - utterance.end_s
        for utterance, said in heard
        if any(one.is_final for one in said)
    ]
    counts = [changed_words(*stretch) for _, said in heard for stretch in _stretches(said)]
    shown = sum(count for _, count in counts)
    return Delays(
        percentile(first, 50),
        percentile(first, 95),
        percentile(final, 50),
        percentile(final, 95),
        sum(count for count, _ in counts) / shown if shown else 0.0,
    )


def _utterance(phone: bytes, segment: Segment) -> Iterator[Utterance]:
    start = int(segment.voice_start * FRAME_S * PHONE_HZ)
    end = int(segment.voice_end * FRAME_S * PHONE_HZ)
    length_s = (end - start) / PHONE_HZ
    if segment.ending is not Ending.SILENCE or not MIN_S <= length_s <= MAX_S:
        return
    lead, tail, silence = (int(s * PHONE_HZ) for s in (LEAD_S, TAIL_S, SILENCE_S))
    before = phone[max(0, start - lead) : start].rjust(lead, _SILENT)
    after = phone[end : end + tail].ljust(silence, _SILENT)
    yield Utterance(before + phone[start:end] + after, LEAD_S + length_s)


def _stretches(said: Sequence[Text]) -> Iterator[tuple[list[str], str]]:
    """Return each final with the partials before it."""
    partials: list[str] = []
    for one in said:
        if one.is_final:
            yield partials, one.text
            partials = []
        else:
            partials.append(one.text)
