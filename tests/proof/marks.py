"""Marks: where the service says that it cannot tell whether words are missing (`seam_uncertain`).

A session was lost for good in the midst of a text that has no times. How far it goes nobody
knows: it may be all of what was said there, and only its final be missing, or half. Whoever told
the rest as a gap would tell words as lost that were heard; whoever said nothing would lose words
silently. So the event says from where on words may be missing, and only the end of that one
utterance may be, or what was said up to where the next session heard again.

So it is where audio never came while somebody spoke, and a text without times is as long as what
was said before that, or behind it, or both: on which side of the hole it was said nobody knows.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from service.ids import Track
from service.simulator.speech.script import Word
from service.simulator.words.spans import Span
from service.simulator.words.untold import TOLERANCE_MS
from tests.proof.receiver import Delivery

REASON = "seam_uncertain"


def marks_of(deliveries: Iterable[Delivery], track: Track) -> list[int]:
    """Return where a track is marked, in milliseconds of the call's clock: where finals end."""
    return [
        one.data["start_ms"]
        for one in deliveries
        if one.type == "transcription.degraded"
        and (one.data["reason"], one.data["track"]) == (REASON, track)
    ]


def behind_marks(
    utterances: Iterable[Sequence[Word]], heard: Iterable[Word], marked: Iterable[Word]
) -> Iterator[Word]:
    """Give the words that nobody heard behind the last word of a final that is marked there."""
    there, last = {id(word) for word in heard}, {id(word) for word in marked}
    for words in utterances:
        for nth, word in enumerate(words, 1):
            if id(word) in last:
                yield from takewhile(lambda behind: id(behind) not in there, words[nth:])


def unscrambled(
    finals: Sequence[Mapping[str, Any]], marks_ms: Collection[int], words: Sequence[Word]
) -> list[Mapping[str, Any]]:
    """Return finals with their texts as they were said, where one that is marked goes on.

    Of two that came in the same moment nobody knows which was said first.
    """
    places = {word.text: place for place, word in enumerate(words)}
    found: list[Mapping[str, Any]] = []
    group: list[Mapping[str, Any]] = []
    for nth, final in enumerate(finals, 1):
        group.append(final)
        if final["end_ms"] in marks_ms and nth < len(finals):
            continue
        texts = sorted(
            (one["text"] for one in group),
            key=lambda text: places.get(text.partition(" ")[0], len(places)),
        )
        found += [{**one, "text": text} for one, text in zip(group, texts, strict=True)]
        group = []
    return found


def ends_known(
    final: Span, words: Sequence[Word], holes: Iterable[Span], marks_ms: Iterable[int]
) -> Span:
    """Return the ends of a final; where a mark leaves one open, that of its words.

    Where it is marked at its end, that is not known. Where it is marked in its midst, and a hole
    begins there, it was said on one side of that, or on both.
    """
    start_ms, end_ms = final
    at_holes = [hole.start for hole in holes]
    for mark_ms in marks_ms:
        is_split = any(abs(at_ms - mark_ms) <= TOLERANCE_MS for at_ms in at_holes)
        is_inside = is_split and final.start < mark_ms < final.end
        if mark_ms == final.end or (is_inside and words[-1].end_ms <= mark_ms):
            end_ms = words[-1].end_ms
        if is_inside and words[0].start_ms >= mark_ms:
            start_ms = words[0].start_ms
    return Span(start_ms, end_ms)
