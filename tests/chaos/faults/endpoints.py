"""Endpoints that misbehave beside a good one, and come to their senses."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.oracle import Verdict
from tests.chaos.receiver import Mood, gigabyte, nothing, reset, status, trickle
from tests.chaos.world import World, open_world

_TIMEOUT_S = 1.0
_GONE = "gone"
_REDIRECT = "redirect"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What an endpoint does; `keeps` what comes although the service cannot know."""

    row: str
    mood: Mood
    keeps: bool


MISBEHAVIOURS: Mapping[str, Misbehaviour] = {
    "broken": Misbehaviour("endpoint answers 500", status(500), keeps=False),
    "busy": Misbehaviour("endpoint answers 429", status(429, **{"Retry-After": "1"}), keeps=False),
    _GONE: Misbehaviour("endpoint answers 410, is enabled", status(410), keeps=False),
    "silent": Misbehaviour("endpoint takes it, answers nothing", nothing, keeps=True),
    "slow": Misbehaviour("endpoint answers one byte a second", trickle, keeps=True),
    "vast": Misbehaviour("endpoint answers a gigabyte", gigabyte, keeps=True),
    "reset": Misbehaviour("endpoint takes it, resets", reset, keeps=True),
}


async def misbehaving(folder: Path, seed: str, rounds: int, *, short: bool) -> list[Verdict]:
    """Have seven endpoints misbehave and recover; two more redirect inwards, or have no name."""
    others = {name: {"timeout_s": _TIMEOUT_S} for name in MISBEHAVIOURS}
    hopeless = {_REDIRECT: {}, _UNKNOWN: {"url": "http://nobody.invalid/hooks"}}
    async with open_world(folder, seed, short=short, others={**others, **hopeless}) as world:
        inwards = status(307, Location=world.crm.url)
        world.receivers[_REDIRECT].mood = inwards
        world.receivers[_REDIRECT].keeps = False
        async with world.load():
            await world.begin()
            for _ in range(rounds):
                await _misbehave(world, 2.0 if short else 10.0)
        judged = [name for name in world.receivers if name not in hopeless]
        await world.settle(60.0, *judged)
        good, *rest = judged
        verdicts = [world.verdict("a good endpoint beside nine bad ones", rounds, good)]
        verdicts += [world.verdict(MISBEHAVIOURS[name].row, rounds, name) for name in rest]
        return verdicts


async def _misbehave(world: World, for_s: float) -> None:
    for name, how in MISBEHAVIOURS.items():
        world.receivers[name].mood = how.mood
        world.receivers[name].keeps = how.keeps
    await asyncio.sleep(for_s)
    for name in MISBEHAVIOURS:
        world.receivers[name].mood = None
    world.mark()
    if await world.service.run("endpoints", "enable", _GONE):
        world.problems.append("endpoints enable failed")
    await world.arrival()
