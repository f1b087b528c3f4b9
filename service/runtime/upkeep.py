"""Upkeep beside the calls: repeats that nobody sends any more, erasures by other processes."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from service.errors import JournalUnavailableError
from service.ports import Journal, Ownership

PRUNE_EVERY_S = 3600.0
LOOK_EVERY_S = 60.0
"""How often it is asked whether this process is the one to prune."""
KEEP_INPUTS_S = 8 * 24 * 3600.0
"""How long repeats of a webhook are known; Telnyx may send one again for days."""
NOTICE_S = 5.0
"""How often it is looked whether somebody erased a call from the command line."""

POLL_S = 0.05
"""How often a drain looks whether the calls are over."""
log = structlog.get_logger()


async def notice(look: Callable[[int | None], Awaitable[int]]) -> None:
    """Look at what another process erased, again and again.

    `look` is given the position that it returned last.
    """
    newest = None
    while True:
        try:
            newest = await look(newest)
        except JournalUnavailableError:
            log.warning("erasures_not_noticed")
        await asyncio.sleep(NOTICE_S)


async def prune(journal: Journal, ownership: Ownership, clock: Callable[[], float]) -> None:
    """Have the journal forget webhooks that nobody will repeat, again and again."""
    while True:
        if not ownership.keeps_house:
            await asyncio.sleep(LOOK_EVERY_S)
            continue
        try:
            await journal.prune(clock() - KEEP_INPUTS_S)
        except JournalUnavailableError:
            log.warning("prune_failed")
        await asyncio.sleep(PRUNE_EVERY_S)


async def until(done: Callable[[], bool], timeout_s: float) -> None:
    """Return once something is so, or when the time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not done() and loop.time() < deadline:  # noqa: ASYNC110 - many things, rarely asked
        await asyncio.sleep(POLL_S)
