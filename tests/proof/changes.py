"""What a fault changes of a run, and how several changes are one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from service.simulator.rng import Rng
from tests.proof.world import Act

Tree = Mapping[str, Any]
Source = Literal["media", "in_call"]
MEDIA: Source = "media"
IN_CALL: Source = "in_call"
BOTH: tuple[Source, ...] = (MEDIA, IN_CALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is other than in a run without faults."""

    scenario: Tree = field(default_factory=dict)
    route: Tree = field(default_factory=dict)
    acts: Sequence[Act] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, or is otherwise than usual."""

    name: str
    make: Callable[[Rng], Change]
    sources: tuple[Source, ...] = (MEDIA,)
    loses: bool = False
    """Whether it may cost words: their audio never came, or it outlasts every buffer. They have
    to be told as a gap, no more and no less."""
    unheard: bool = False
    """Whether the audio it costs is just what never came, so that a gap's ends can be measured."""
    deafens: bool = False
    """Whether Telnyx may be told nothing for a while. What it then transcribes through a pause is
    begun anew after it, lest the pause be heard: until then words that came are told as lost."""
    alarms: bool = True
    """Whether words may rightly be said to come late, or not at all."""
    bound_ms: int = 0
    """How much further than usual an offset may be off."""
    duration_s: float = 36.0


def merged(one: Tree, other: Tree) -> dict[str, Any]:
    """Return two trees in one: tables are joined, lists follow each other, the last counts."""
    result = dict(one)
    for key, value in other.items():
        before = result.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            result[key] = merged(before, value)
        elif key in _LISTS and isinstance(before, Sequence):
            result[key] = [*before, *value]
        else:
            result[key] = value
    return result


def clash(one: Tree, other: Tree) -> bool:
    """Say whether two trees want different things of the same key."""
    for key in one.keys() & other.keys():
        if isinstance(one[key], Mapping) and isinstance(other[key], Mapping):
            if clash(one[key], other[key]):
                return True
        elif key not in _LISTS and one[key] != other[key]:
            return True
    return False


_LISTS = {"fault", "away", "missing_ms", "bursts_ms"}
