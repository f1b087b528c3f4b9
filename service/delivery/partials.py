"""Which partials an endpoint gets, and when: its `partials` setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from service.calls.events import TranscriptFinal
from service.ids import CallId
from service.ports import Delivery, LivePartial, StoredEvent
from service.redaction.labels import Label
from service.words import count_words, spans_of, words_of

_MAX_UTTERANCES = 10_000
_HELD = f"[{Label.HELD}]"


@dataclass(frozen=True, slots=True)
class _Revision:
    """The last revision of an utterance: all its words, and those that were sent as stable."""

    words: list[str]
    sent: list[str]


def parse_partials(setting: str) -> tuple[str, float]:
    """Return the mode (all, stable, debounce or off) and for how many seconds a partial waits."""
    mode, _, delay = setting.partition(":")
    return mode, float(delay.removesuffix("ms") or 0) / 1000


class PartialFilter:
    """Turns each partial into what an endpoint gets of it.

    With `stable` it gets the words at the beginning that did not change since the revision
    before. That revision is remembered for 10,000 utterances; one more forgets the oldest, which
    begins anew if it goes on.
    """

    def __init__(self, setting: str) -> None:
        self._mode, self.delay_s = parse_partials(setting)
        self._revisions: dict[tuple[CallId, str | None], _Revision] = {}

    def choose(self, partial: LivePartial) -> Delivery | None:
        """Return what to deliver in place of this partial; None for nothing, or nothing new.

        With `debounce` the caller delivers the newest partial of an utterance once `delay_s` have
        passed without a newer one.
        """
        if self._mode == "off":
            return None
        return partial.delivery if self._mode != "stable" else self._stable(partial)

    def committed(self, event: StoredEvent) -> None:
        """Forget an utterance that has its final."""
        if self._revisions and event.type == TranscriptFinal.type:
            self._revisions.pop((event.call_id, event.subject.utterance_id), None)

    def forget(self, call_id: CallId) -> None:
        """Forget a call that was erased."""
        for key in [key for key in self._revisions if key[0] == call_id]:
            del self._revisions[key]

    def _stable(self, partial: LivePartial) -> Delivery | None:
        key, delivery = (partial.call_id, partial.utterance_id), partial.delivery
        body = msgspec.json.decode(delivery.body)
        words = words_of(_without_held(body["data"]["text"]))
        before = self._revisions.pop(key, _Revision([], []))
        stable = _common_prefix(before.words, words)
        self._revisions[key] = _Revision(words, stable or before.sent)
        if len(self._revisions) > _MAX_UTTERANCES:
            del self._revisions[next(iter(self._revisions))]
        if not stable or stable == before.sent:
            return None
        return Delivery(delivery.id, delivery.type, _shorten(body, len(stable)))


def _without_held(text: str) -> str:
    """Leave out the end that is held back: it stands for words that are not known yet."""
    return text.rstrip().removesuffix(_HELD)


def _common_prefix(before: list[str], words: list[str]) -> list[str]:
    same = 0
    for one, other in zip(before, words, strict=False):
        if one != other:
            break
        same += 1
    return words[:same]


def _shorten(body: dict[str, dict[str, object]], count: int) -> bytes:
    """Shorten the text to so many words, and the timed words and the end, where they are known."""
    data = body["data"]
    whole = str(data["text"])
    end = next(islice(spans_of(whole), count - 1, None)).end
    data["text"] = text = whole[:end]
    redactions = data.get("redactions")
    if isinstance(redactions, list):
        data["redactions"] = [one for one in redactions if one["end"] <= len(text)]
    timed = data.get("words")
    if isinstance(timed, list) and (kept := _timed_of(timed, text, whole, count)):
        data["words"], data["end_ms"] = timed[:kept], timed[kept - 1]["end_ms"]
    return msgspec.json.encode(body)


def _timed_of(timed: Sequence[dict[str, object]], text: str, whole: str, count: int) -> int:
    """Return how many timed words a text of so many words has: by its letters, if they differ.

    Where a script has no spaces, engines time other pieces than dictionaries know.
    """
    if len(timed) == count_words(whole.removesuffix(_HELD)):
        return count
    left = _letters(text)
    for kept, word in enumerate(timed):
        left -= _letters(str(word["text"]))
        if left < 0:
            return kept
    return len(timed)


def _letters(text: str) -> int:
    return len("".join(text.split()))
