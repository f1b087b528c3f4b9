"""One call's webhooks on their way out: what goes when, and what goes wrong on purpose. Pure.

Times are seconds of the call's timeline. The rng of an event come from its type and how many of
that type there were before, so that the same seed gives it the same faults whatever else happens.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import count

import msgspec

from service.simulator.legs.timeline import iso
from service.simulator.rng import Rng
from service.simulator.scenario.fault_settings import WebhookFault, WebhookSettings

MAX_LETTERS = 10_000
_encode = msgspec.json.Encoder(order="sorted").encode
_UNHEARD_OF = ("call.quality.sampled", "call.weather_changed", "line.tested")
_NO_FAULT = WebhookFault()


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact that Telnyx tells about: `data` of a webhook. `occurred_at` in Unix seconds."""

    id: str
    event_type: str
    occurred_at: float
    payload: Mapping[str, object]

    def body(self, *, attempt: int, url: str, underscores: bool) -> bytes:
        """Write the webhook's body with alphabetical keys, as seen live."""
        name = self.event_type.replace(".", "_") if underscores else self.event_type
        data = {
            "event_type": name,
            "id": self.id,
            "occurred_at": iso(self.occurred_at),
            "payload": self.payload,
            "record_type": "event",
        }
        return _encode({"data": data, "meta": {"attempt": attempt, "delivered_to": url}})


@dataclass(slots=True, eq=False)
class Letter:
    """One webhook to be delivered, maybe again."""

    happening: Happening
    urls: tuple[str, ...]
    """Where to; what is after the first is tried when the one before has failed for good."""
    retries_s: tuple[float, ...]
    attempt: int = 1
    stamp_s: int | None = None
    """The first attempt's signature time, Unix seconds."""
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """Where a letter is in the queue; a held one is moved behind the next that comes."""

    due_s: float
    number: int
    letter: Letter
    gone: bool = False

    def __lt__(self, other: "_Place") -> bool:
        return (self.due_s, self.number) < (other.due_s, other.number)


class Outbox:
    """The letters of one call in the order they go. Full at 10 000: a new one is then dropped."""

    def __init__(self, settings: WebhookSettings, rng: Rng) -> None:
        self._settings = settings
        self._rng = rng
        self._posted: Counter[str] = Counter()
        self._queue: list[_Place] = []
        self._numbers = count()
        self._held: list[_Place] = []

    def __len__(self) -> int:
        return sum(not place.gone for place in self._queue)

    def post(
        self, happening: Happening, urls: Sequence[str], retries_s: Sequence[float], now_s: float
    ) -> list[Letter]:
        """Queue an event as the settings want it; return its letters, one for each delivery.

        A letter that is not queued has `"dropped"` in its `faults`.
        """
        self._posted[happening.event_type] += 1
        rng = self._rng.derive(f"{happening.event_type} {self._posted[happening.event_type]}")
        strange = rng.derive("unknown")
        letter = Letter(self._odd(happening, strange), tuple(urls), tuple(retries_s))
        letters = self._post(letter, now_s, rng)
        if strange.chance(self._settings.unknown_events):
            stranger = Letter(_stranger(happening, strange), tuple(urls), tuple(retries_s))
            stranger.faults.append("unknown")
            self._push([stranger], now_s)
            letters.append(stranger)
        return letters

    def pop(self, now_s: float) -> Letter | None:
        """Take the next letter that is due, or None."""
        while self._queue and (self._queue[0].gone or self._queue[0].due_s <= now_s):
            place = heapq.heappop(self._queue)
            if not place.gone:
                place.gone = True
                return place.letter
        return None

    def next_due_s(self) -> float | None:
        """Return when the next letter is due, or None if there is none."""
        return min((place.due_s for place in self._queue if not place.gone), default=None)

    def retry(self, letter: Letter, now_s: float) -> bool:
        """Queue the next attempt, at the failover address after the last; False if that was it."""
        wait_s = 0.0
        if letter.attempt <= len(letter.retries_s):
            wait_s = letter.retries_s[letter.attempt - 1]
            letter.attempt += 1
        elif len(letter.urls) > 1:
            letter.attempt, letter.urls = 1, letter.urls[1:]
        else:
            return False
        self._push([letter], now_s + wait_s)
        return True

    def _post(self, letter: Letter, now_s: float, rng: Rng) -> list[Letter]:
        fault = self._fault_of(letter.happening.event_type)
        dropped, late, swapped, twice = (
            rng.chance(chance)
            for chance in (fault.drop, fault.delay, fault.reorder, fault.duplicate)
        )
        late_s = rng.between(*fault.delay_s)
        if dropped or len(self._queue) >= MAX_LETTERS:
            letter.faults.append("dropped")
            return [letter]
        happened = {"delayed": late, "reordered": swapped and not late, "duplicated": twice}
        letter.faults += [name for name, happens in happened.items() if happens]
        letters = [letter, replace(letter, faults=["duplicate"])] if twice else [letter]
        if happened["reordered"]:
            self._push(letters, now_s + fault.reorder_within_s, hold=True)
        else:
            self._push(letters, now_s + late_s if late else now_s)
        return letters

    def _odd(self, happening: Happening, rng: Rng) -> Happening:
        if not rng.chance(self._settings.unknown_fields):
            return happening
        extra = {"experimental_score": 0.5, "route_hints": [{"seen": None}], "via": {"hops": 3}}
        return replace(happening, payload={**happening.payload, **extra})

    def _fault_of(self, event_type: str) -> WebhookFault:
        for fault in self._settings.fault:
            if any(fnmatchcase(event_type, pattern) for pattern in fault.events):
                return fault
        return _NO_FAULT

    def _push(self, letters: Sequence[Letter], due_s: float, *, hold: bool = False) -> None:
        places = [_Place(due_s, next(self._numbers), letter) for letter in letters]
        for place in places:
            heapq.heappush(self._queue, place)
        self._release(due_s)
        if hold:
            self._held += places

    def _release(self, due_s: float) -> None:
        """Put what is held right behind the letter that has just been queued for `due_s`."""
        waiting, self._held = [place for place in self._held if not place.gone], []
        for place in waiting:
            if due_s > place.due_s:
                self._held.append(place)
                continue
            place.gone = True
            heapq.heappush(self._queue, _Place(due_s, next(self._numbers), place.letter))


def _stranger(happening: Happening, rng: Rng) -> Happening:
    kind = _UNHEARD_OF[int(rng.between(0, len(_UNHEARD_OF))) % len(_UNHEARD_OF)]
    return replace(happening, id=rng.uuid(), event_type=kind)
