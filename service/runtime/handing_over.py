"""What calls write down before they are another worker's."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import structlog

from service.errors import JournalUnavailableError
from service.runtime.call import LiveCall

PREPARE_S: Final = 1.0
"""How long that may take. A call that did not write is taken for one whose worker died."""

log = structlog.get_logger()


async def prepare_hand_over(calls: Iterable[LiveCall]) -> None:
    """Have calls show no partial any more, and write what their next worker has to know."""
    preparing = [call.prepare_hand_over() for call in calls]
    with suppress(TimeoutError):
        async with asyncio.timeout(PREPARE_S):
            told = await asyncio.gather(*preparing, return_exceptions=True)
            if unready := sum(isinstance(one, JournalUnavailableError) for one in told):
                log.warning("hand_over_not_prepared", calls=unready)
