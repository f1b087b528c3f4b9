"""Which partials an endpoint gets, and when: its `partials` setting."""

import msgspec

from service.ids import CallId
from service.ports import Delivery, StoredEvent

_MAX_UTTERANCES = 10_000


class _Utterance(msgspec.Struct):
    utterance_id: str


class _Final(msgspec.Struct):
    data: _Utterance


def parse_partials(setting: str) -> tuple[str, float]:
    """Return the mode (all, stable, debounce or off) and for how many seconds a partial waits."""
    mode, _, delay = setting.partition(":")
    return mode, float(delay.removesuffix("ms") or 0) / 1000


class PartialFilter:
    """Turns each partial into what an endpoint is to have of it.

    With `stable` those are the words at the beginning that the revision before had as well.
    What it remembers for this is bounded: beyond 10,000 utterances the oldest is forgotten,
    and begins anew if it goes on.
    """

    def __init__(self, setting: str) -> None:
        self._mode, self.delay_s = parse_partials(setting)
        self._heard: dict[tuple[CallId, str], tuple[list[str], list[str]]] = {}

    def choose(self, call_id: CallId, utterance_id: str, delivery: Delivery) -> Delivery | None:
        """Return what to deliver in place of this partial; None if it is nothing, or nothing new.

        With `debounce`, the newest partial of an utterance goes out once `delay_s` have passed
        without a newer one: the caller waits.
        """
        if self._mode == "off":
            return None
        if self._mode != "stable":
            return delivery
        return self._stable(call_id, utterance_id, delivery)

    def committed(self, event: StoredEvent) -> None:
        """Forget an utterance that has its final."""
        if self._heard and event.type == "transcript.final":
            final = msgspec.json.decode(event.body, type=_Final)
            self._heard.pop((event.call_id, final.data.utterance_id), None)

    def forget(self, call_id: CallId) -> None:
        """Forget a call that was erased."""
        for heard in [heard for heard in self._heard if heard[0] == call_id]:
            del self._heard[heard]

    def _stable(self, call_id: CallId, utterance_id: str, delivery: Delivery) -> Delivery | None:
        body = msgspec.json.decode(delivery.body)
        words = body["data"]["text"].split()
        before, sent = self._heard.pop((call_id, utterance_id), ([], []))
        stable = _shared_start(before, words)
        self._heard[call_id, utterance_id] = (words, stable or sent)
        if len(self._heard) > _MAX_UTTERANCES:
            del self._heard[next(iter(self._heard))]
        if not stable or stable == sent:
            return None
        return Delivery(delivery.id, delivery.type, _cut(body, stable))


def _shared_start(before: list[str], words: list[str]) -> list[str]:
    same = 0
    for one, other in zip(before, words, strict=False):
        if one != other:
            break
        same += 1
    return words[:same]


def _cut(body: dict[str, dict[str, object]], stable: list[str]) -> bytes:
    """Shorten the text, and with it the timed words and the end, if those are known."""
    data = body["data"]
    data["text"] = " ".join(stable)
    timed = data.get("words")
    if isinstance(timed, list) and len(timed) >= len(stable):
        data["words"] = timed[: len(stable)]
        data["end_ms"] = timed[len(stable) - 1]["end_ms"]
    return msgspec.json.encode(body)
