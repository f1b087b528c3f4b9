"""The words of a whole run: of each call, and in sum. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.simulator.report import CallReport
from service.simulator.words.compare import count_words
from service.simulator.words.count import Count
from service.simulator.words.records import Completed, Final, Gap, Record


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted."""

    calls: Mapping[int, Count]
    """By the number of the call in the report, from 1; calls in which nothing was said are not."""
    strangers: int
    """Finals and gaps of no call of the report."""

    @property
    def total(self) -> Count:
        """The sum of all calls."""
        total = Count()
        for count in self.calls.values():
            total.add(count)
        return total


def tally(calls: Sequence[CallReport], records: Iterable[Record], *, max_shift_ms: int) -> Tally:
    """Count every call in which something was said; a final may be off by `max_shift_ms`."""
    finals: dict[int, list[Final]] = defaultdict(list)
    gaps: dict[int, list[Gap]] = defaultdict(list)
    records = list(records)
    names, strangers = _Names(calls, records), 0
    for record in records:
        number = names.find(record.call)
        match record:
            case Final() | Gap() if number is None:
                strangers += 1
            case Final():
                finals[number or 0].append(record)
            case Gap():
                gaps[number or 0].append(record)
    counts = {
        number: count_words(call, finals[number], gaps[number], max_shift_ms=max_shift_ms)
        for number, call in _spoken(calls).items()
    }
    return Tally(counts, strangers)


def are_complete(calls: Sequence[CallReport], records: Iterable[Record]) -> bool:
    """Say whether the application has said of every call that nothing more comes."""
    records = list(records)
    names = _Names(calls, records)
    told = {names.find(record.call) for record in records if isinstance(record, Completed)}
    return _spoken(calls).keys() <= told


def _spoken(calls: Sequence[CallReport]) -> dict[int, CallReport]:
    """Return the calls in which something was said; a bridged one is its first leg's."""
    return {number: call for number, call in enumerate(calls, start=1) if call.said}


class _Names:
    """Knows the calls by their ids; both legs of a bridged one are one call.

    An application may have ids of its own for calls that it dialled: the legs say which they are.
    """

    def __init__(self, calls: Sequence[CallReport], records: Iterable[Record]) -> None:
        spoken = _spoken(calls)
        self._only = next(iter(spoken)) if len(spoken) == 1 else None
        by_call = {call.call_id: number for number, call in spoken.items()}
        self._numbers = by_call | {
            call.leg_id: by_call[call.call_id] for call in calls if call.call_id in by_call
        }
        for record in records:
            if not isinstance(record, Completed) and record.call and record.leg in self._numbers:
                self._numbers.setdefault(record.call, self._numbers[record.leg])

    def find(self, name: str | None) -> int | None:
        """Return the number of a call; without a name it is the only one, if there is one only."""
        return self._only if name is None else self._numbers.get(name)
