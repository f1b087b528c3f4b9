"""Endpoints that misbehave beside a good one, and come to their senses.

What was answered 404 or a redirect is parked, as the README says, and tried again by hand: some of
it after a start whose first deliveries have to name it.
"""

import asyncio
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.receiver import Mood, gigabyte, nothing, reset, status, trickle
from tests.chaos.world import World, open_world

_TIMEOUT_S = 1.0
_GONE = "gone"
_MISSING = "missing"
_REDIRECT = "redirect"
_UNKNOWN = "unknown"
_PARKING = (_MISSING, _REDIRECT)
"""What these answer has a delivery given up."""
_NOWHERE = "http://nobody.invalid/hooks"
_SETTLE_S = 60.0
_LAST_S = 2.0
_RETRIES = 10
_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What an endpoint does; `keeps` what comes although the service cannot know."""

    row: str
    mood: Mood | None
    """None: it sends on to the good endpoint, which would find the signature bad."""
    keeps: bool


MISBEHAVIOURS: Mapping[str, Misbehaviour] = {
    "broken": Misbehaviour("endpoint answers 500", status(500), keeps=False),
    "busy": Misbehaviour("endpoint answers 429", status(429, **{"Retry-After": "1"}), keeps=False),
    _GONE: Misbehaviour("endpoint answers 410, is enabled", status(410), keeps=False),
    _MISSING: Misbehaviour("endpoint answers 404, is tried again", status(404), keeps=False),
    _REDIRECT: Misbehaviour("endpoint redirects inwards, is tried again", None, keeps=False),
    "silent": Misbehaviour("endpoint takes it, answers nothing", nothing, keeps=True),
    "slow": Misbehaviour("endpoint answers one byte a second", trickle, keeps=True),
    "vast": Misbehaviour("endpoint answers a gigabyte", gigabyte, keeps=True),
    "reset": Misbehaviour("endpoint takes it, resets", reset, keeps=True),
}


async def misbehaving(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have ten endpoints beside a good one misbehave, and come to their senses in the end."""
    others: dict[str, dict[str, object]] = {
        name: {"timeout_s": _TIMEOUT_S} for name in MISBEHAVIOURS
    }
    others[_UNKNOWN] = {"url": _NOWHERE}
    async with open_world(folder, seed, short=short, others=others) as world:
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                await _misbehave(world, 2.0 if short else 10.0)
            await _leave_untold(world)
        put_right_at = await _put_right(world, folder / "callscribe.toml")
        for name in _PARKING:
            await _retry_parked(world, name)
        await world.settle(_SETTLE_S)
        verdicts = [world.verdict("a good endpoint beside ten bad ones", rounds)]
        verdicts += [world.verdict(how.row, rounds, name) for name, how in MISBEHAVIOURS.items()]
        world.marks = [put_right_at]
        row = "endpoint's name does not resolve, is put right"
        return [*verdicts, world.verdict(row, 1, _UNKNOWN)]


async def _misbehave(world: World, for_s: float) -> None:
    for name in MISBEHAVIOURS:
        _set_mood(world, name)
    await asyncio.sleep(for_s)
    for name in MISBEHAVIOURS:
        world.receivers[name].mood = None
    world.mark()
    code, _ = await world.service.run("endpoints", "enable", _GONE)
    if code:
        world.problems.append("endpoints enable failed")
    await world.arrival()


async def _leave_untold(world: World) -> None:
    """Have the last that is parked be followed by nothing that arrives before the next start."""
    for name in _PARKING:
        _set_mood(world, name)
    await asyncio.sleep(_LAST_S)
    for name in _PARKING:
        world.receivers[name].mood = status(503)


def _set_mood(world: World, name: str) -> None:
    how = MISBEHAVIOURS[name]
    world.receivers[name].mood = how.mood or status(307, Location=world.crm.url)
    world.receivers[name].keeps = how.keeps


async def _put_right(world: World, settings: Path) -> float:
    """Have the service start again with an address that there is; return when."""
    _replace(settings, _NOWHERE, world.receivers[_UNKNOWN].url)
    world.service.send(signal.SIGTERM)
    await world.service.gone()
    for name in _PARKING:
        world.receivers[name].mood = None
    at = time.monotonic()
    await world.service.start()
    return at


async def _retry_parked(world: World, name: str) -> None:
    """Have all that an endpoint refused for good tried again by hand, until everything has come."""
    for _ in range(_RETRIES):
        _, listed = await world.service.run("deliveries", "ls", "--limit", "100000")
        rows = [row.split() for row in reversed(listed.splitlines())]
        parked = [row[0] for row in rows if name in row]
        if parked:
            await world.service.run("deliveries", "retry", *parked)
        if await world.complete(name, _PATIENCE_S):
            return


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))
