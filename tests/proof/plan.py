"""Which trials are made: every fault by itself, and faults in pairs."""

from collections.abc import Sequence
from itertools import combinations, cycle, islice

from service.simulator.rng import Rng
from service.simulator.speech.coded_track import can_encode
from tests.proof.changes import BOTH, Fault, Source
from tests.proof.faults.catalogue import FAULTS, UNDECIDABLE
from tests.proof.trial import Trial, may_strike_at_once

Kind = tuple[Source, tuple[str, ...]]
"""A trial but for its seed."""


SINGLES_EACH = 3
"""How often the whole plan has each fault by itself."""


def whole_plan(seed: int) -> list[Trial]:
    """Return trials of all there is: each fault by itself, several times, and each pair once."""
    return _numbered(seed, [*(single_kinds() * SINGLES_EACH), *_pairs(seed)])


def plan(seed: int, runs: int) -> list[Trial]:
    """Return so many trials: half of them of single faults, by turns, the others of pairs."""
    singles = round(runs / 2)
    pairs = islice(cycle(_pairs(seed)), runs - singles)
    return _numbered(seed, [*islice(cycle(single_kinds()), singles), *pairs])


def plan_one(seed: int, runs: int, names: Sequence[str], sources: Sequence[Source]) -> list[Trial]:
    """Return so many trials of one fault, or of several at once, on each of the sources it has."""
    faults = [FAULTS[name] for name in names]
    kinds = [(source, tuple(names)) for source in sources if _is_of(source, *faults)]
    return [Trial(seed + number, *kind) for number in range(runs) for kind in kinds]


def playable(trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials whose codec can be encoded on this machine: one needs a system library."""
    return [trial for trial in trials if all(map(can_encode, _codecs_of(trial)))]


def _codecs_of(trial: Trial) -> list[str]:
    media = trial.change().scenario.get("media", {})
    return [media[key] for key in ("codec", "phone_codec") if key in media]


def single_kinds() -> list[Kind]:
    """Return each fault on each source that it can strike."""
    return [
        (source, (fault.name,))
        for fault in FAULTS.values()
        for source in BOTH
        if _is_of(source, fault)
    ]


def _numbered(seed: int, kinds: Sequence[Kind]) -> list[Trial]:
    return [Trial(seed + number, *kind) for number, kind in enumerate(kinds)]


def _pairs(seed: int) -> list[Kind]:
    """Return every pair once, in an order by the seed."""
    kinds: list[Kind] = [
        (source, (one.name, other.name))
        for one, other in combinations(list(FAULTS.values())[1:], 2)
        if may_strike_at_once(one, other) and frozenset({one.name, other.name}) not in UNDECIDABLE
        for source in BOTH
        if _is_of(source, one, other)
    ]
    return sorted(kinds, key=lambda kind: _draw(seed, kind))


def _draw(seed: int, kind: Kind) -> float:
    """Draw a pair's place by its name, so that one more or less leaves all others in theirs."""
    source, names = kind
    return Rng(f"pairs {seed} {source} {' '.join(names)}").between(0, 1)


def _is_of(source: Source, *faults: Fault) -> bool:
    return all(source in fault.sources for fault in faults)
