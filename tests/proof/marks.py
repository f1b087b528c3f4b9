"""Marks: where the service says that it cannot tell whether words are missing (`seam_uncertain`).

A session was lost for good in the midst of a text that has no times. How far it goes nobody
knows: it may be all of what was said there, and only its final be missing, or half. Whoever told
the rest as a gap would tell words as lost that were heard; whoever said nothing would lose words
silently. So the event says from where on words may be missing, and only the end of that one
utterance may be, or what was said up to where the next session heard again.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from service.ids import Track
from service.simulator.speech.script import Word
from tests.proof.receiver import Delivery

_REASON = "seam_uncertain"


def marks_of(deliveries: Iterable[Delivery], track: Track) -> list[int]:
    """Return where a track is marked, in milliseconds of the call's clock: where finals end."""
    return [
        one.data["start_ms"]
        for one in deliveries
        if one.type == "transcription.degraded"
        and (one.data["reason"], one.data["track"]) == (_REASON, track)
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
