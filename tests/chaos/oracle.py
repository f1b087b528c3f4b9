"""Judges what came against what was acknowledged. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.receiver import Arrival
from tests.chaos.telnyx import number_of


class SkippedError(Exception):
    """A fault cannot be played here; it says why."""


@dataclass(slots=True)
class Verdict:
    """What became of the finals of one fault. Recoveries are in seconds."""

    fault: str
    rounds: int
    acknowledged: int = 0
    lost: int = 0
    reordered: int = 0
    same_id: int = 0
    other_id: int = 0
    recoveries: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    in_gaps: int | None = None
    """Words that were lost and told; None where no audio came."""
    untold_ms: int | None = None
    """How long the words are that were lost, and not told."""
    must_lose: bool = False
    """It is a control: the proof notices what is wrong."""
    skipped: str = ""
    """Why it was not played."""

    @property
    def failed(self) -> bool:
        """Whether this is not as it has to be; what was not played says nothing."""
        if self.skipped:
            return False
        if self.must_lose:
            return not self.lost
        return bool(self.lost or self.reordered or self.other_id or self.untold_ms or self.problems)


def judge(
    verdict: Verdict,
    acknowledged: Mapping[str, str],
    completed: Collection[str],
    arrivals: Sequence[Arrival],
    *,
    in_sequence: bool = True,
) -> None:
    """Count what is wrong with the arrivals at one endpoint.

    `acknowledged` has the call of each text, `completed` the calls whose hang-up was taken, too.
    Their words were posted one after the other if `in_sequence`, and have to come so; then no text
    was said twice, whatever the call.
    """
    first, repeats, others = _sort_out(arrivals, unlike=in_sequence)
    verdict.same_id += repeats
    verdict.other_id += others
    verdict.acknowledged += len(acknowledged)
    verdict.lost += len(set(acknowledged) - {one.text for one in first})
    whole = {one.call_id for one in first if one.type == "transcript.completed"}
    verdict.lost += len(set(completed) - whole)
    calls: dict[str, list[Arrival]] = {}
    for one in first:
        calls.setdefault(one.call_id, []).append(one)
    for call in calls.values():
        numbers = {one.seq for one in call}
        verdict.lost += max(numbers) - len(numbers)  # numbers have no holes
        in_lane = list(_in_lane(call))
        verdict.reordered += _falls([one.seq for one in in_lane])
        if in_sequence:
            finals = [number_of(one.text) for one in in_lane if one.type == "transcript.final"]
            verdict.reordered += _falls(finals)


def _sort_out(arrivals: Sequence[Arrival], *, unlike: bool) -> tuple[list[Arrival], int, int]:
    """Return what came first of each id, how often it came again, and what came again otherwise.

    In no call is a text said twice; if they are `unlike`, not in two calls either.
    """
    by_id: dict[str, Arrival] = {}
    places: set[tuple[str, int]] = set()
    texts: set[tuple[str, str]] = set()
    first: list[Arrival] = []
    repeats = others = 0
    for one in arrivals:
        known = by_id.get(one.webhook_id)
        if known is not None:
            repeats += known.digest == one.digest
            others += known.digest != one.digest
            continue
        by_id[one.webhook_id] = one
        is_final = one.type == "transcript.final"
        text = "" if unlike else one.call_id, one.text
        others += (one.call_id, one.seq) in places or (is_final and text in texts)
        places.add((one.call_id, one.seq))
        if is_final:
            texts.add(text)
        first.append(one)
    return first, repeats, others


def _in_lane(call: Sequence[Arrival]) -> Iterator[Arrival]:
    """Yield what came of a call, but for what was said to be given up, and was sent by hand."""
    skipped: set[int] = set()
    for one in call:
        if one.seq not in skipped:
            yield one
        skipped |= one.skipped


def _falls(numbers: Sequence[int]) -> int:
    """Count the numbers that came after a greater one."""
    highest, falls = -1, 0
    for number in numbers:
        falls += number < highest
        highest = max(highest, number)
    return falls
