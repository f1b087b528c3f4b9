"""What happens to our own side in a run: to the service, its clock, its journal, its receiver."""

import asyncio

from service.simulator.words.spans import Span
from tests.proof.world import Act, Pause, World

MAX_FRAME_MS = 100
"""A frame that goes on in a silence is not sent."""
LOOK_S = 0.05


def clock_ahead(ahead_s: float) -> Act:
    """Have the service's clock be ahead from the beginning."""

    async def act(world: World) -> None:
        world.clock.ahead_s += ahead_s

    return act


def clock_steps(at_s: float, step_s: float) -> Act:
    """Have somebody set the service's clock in the midst of the call."""

    async def act(world: World) -> None:
        await world.until(at_s)
        world.clock.ahead_s += step_s

    return act


def stands_still(at_s: float, for_s: float) -> Act:
    """Have the service's process stand still for a while."""

    async def act(world: World) -> None:
        await world.until(at_s)
        world.machine.stop_process(world.process)
        try:
            await world.until(at_s + for_s)
        finally:
            world.machine.continue_process(world.process)

    return act


def media_forgotten(silent: Span) -> Act:
    """Have the network forget the media socket in a silence: neither end is told of anything more.

    In the midst of it, so that nothing that was sent is lost. It is in milliseconds of the talk,
    which may begin any time; a stream that began after it is not the one that was silent.
    """

    async def act(world: World) -> None:
        while (sent_ms := world.sent_ms) < silent.start - MAX_FRAME_MS:
            await world.until(world.second + LOOK_S)
        await asyncio.sleep(silent.length / 2000)
        if sent_ms < silent.end:
            world.machine.network.forget_busiest(world.process)

    return act


def journal_away(at_s: float, for_s: float) -> Act:
    """Have the journal refuse everything for a while."""

    async def act(world: World) -> None:
        await world.until(at_s)
        world.journal.away = True
        try:
            await world.until(at_s + for_s)
        finally:
            world.journal.away = False

    return act


def journal_slow(at_s: float, slow_s: float) -> Act:
    """Have everything the journal is asked take long, for ten seconds."""

    async def act(world: World) -> None:
        await world.until(at_s)
        world.journal.slow_s = slow_s
        try:
            await world.until(at_s + 10)
        finally:
            world.journal.slow_s = 0.0

    return act


def receiver_away(at_s: float, for_s: float) -> Act:
    """Have the receiver be unavailable for a while."""

    async def act(world: World) -> None:
        await world.until(at_s)
        world.receiver.away = True
        try:
            await world.until(at_s + for_s)
        finally:
            world.receiver.away = False

    return act


def paused(at_s: float, until_s: float) -> Act:
    """Have somebody pause the transcription of the call, and resume it."""

    async def act(world: World) -> None:
        await world.until(at_s)
        asked_at = world.second
        if not await world.ask("pause"):
            return
        held_at = world.second
        await world.until(until_s)
        ends_at = world.second
        world.pauses.append(Pause((asked_at, ends_at), (held_at, ends_at)))
        while not await world.ask("resume"):  # whoever is refused asks again
            await world.until(world.second + 1)
        world.pauses[-1] = Pause((asked_at, world.second), (held_at, ends_at))

    return act
