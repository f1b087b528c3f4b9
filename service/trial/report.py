"""What Telnyx did beside what the simulator did, as text that may be sent to anybody. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.trial.facts import Fact, Facts

_WIDTH = 34


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the call: what does not work, and how much differs from the simulator."""

    faults: tuple[tuple[str, str], ...]
    """Each a subject, and what to do about it."""
    differing: int


def compare(here: Facts, simulated: Facts) -> Iterator[str]:
    """Yield a line for each fact; where the simulator did otherwise, a second one says how."""
    for fact in {**here.seen, **simulated.seen}:
        ours, theirs = here.seen.get(fact), simulated.seen.get(fact)
        took = f"  [{here.took_ms[fact]} ms]" if fact in here.took_ms else ""
        if ours == theirs:
            yield f"  {fact:<{_WIDTH}} {_show(ours)}{took}"
        elif isinstance(ours, tuple) and isinstance(theirs, tuple):
            yield f"  {fact:<{_WIDTH}} {_show(ours)}{took}"
            yield f"! {'':<{_WIDTH}} {_difference(ours, theirs)}"
        else:
            yield f"  {fact:<{_WIDTH}} {_show(ours)}{took}"
            yield f"! {'':<{_WIDTH}} the simulator: {_show(theirs)}"


def judge(here: Facts, simulated: Facts) -> Outcome:
    """Say what does not work, in the order in which it would have been needed."""
    seen = here.seen
    facts = dict.fromkeys([*here.seen, *simulated.seen])
    differing = sum(seen.get(fact) != simulated.seen.get(fact) for fact in facts)
    return Outcome(tuple(_faults(seen)), differing)


def _faults(seen: dict[str, Fact]) -> Iterator[tuple[str, str]]:
    if not str(seen.get("dial", "")).startswith("2"):
        said = f"HTTP {seen.get('dial')}: look the code up in Telnyx's list of errors"
        yield "call", f"Telnyx does not place it, {said}"
        return
    signature = str(seen.get("webhook.signature"))
    if signature == "none came":
        yield "webhooks", "none came; lead public_url to where this listens"
        return
    if signature != "good":
        yield "webhooks", f"{signature} of TELNYX_PUBLIC_KEY; copy it from the portal again"
    if seen.get("answered") != "yes":
        yield "call", f"nobody answered it ({seen.get('answered')}); try again"
        return
    if seen.get("codec.PCMU") == "no stream came":
        yield "media", "no stream came; have the proxy pass WebSockets at /media/"
    for fact, outcome in seen.items():
        if fact.endswith(".first") and outcome == "nothing":
            yield fact.removesuffix(".first"), "gave no word of a sentence that was spoken"


def _show(fact: Fact | None) -> str:
    if fact is None:
        return "(not seen)"
    return fact if isinstance(fact, str) else ", ".join(fact)


def _difference(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    alone = [name for name in ours if name not in theirs]
    missing = [name for name in theirs if name not in ours]
    parts = [f"the simulator has no {', '.join(alone)}"] if alone else []
    parts += [f"the simulator has {', '.join(missing)} as well"] if missing else []
    return "; ".join(parts)
