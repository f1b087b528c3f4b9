"""`callscribe calls erase`: erase calls, also beside a running service."""

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    open_journal_beside,
    read_local_settings,
)
from service.exits import Exit
from service.ids import CallId

if TYPE_CHECKING:
    from service.settings import Settings


def add(parts: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command to those of `callscribe calls`."""
    erase = add_command(
        parts, "erase", run, "Erase calls for good, with their audio; a tombstone is left."
    )
    erase.add_argument("call", nargs="*", help="by id")
    erase.add_argument("--number", action="append", default=[], help="every call from or to it")
    add_config(erase)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Erase what was named and say how many calls that were; fail if there is no such call."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    erased, missing = asyncio.run(_erase(settings, arguments.call, arguments.number))
    for call_id in missing:
        print(f"{call_id}: there is no such call")
    print(f"{erased} erased")
    return Exit.FAILED if missing or not erased else Exit.OK


async def _erase(
    settings: "Settings", calls: Sequence[str], numbers: Sequence[str]
) -> tuple[int, list[str]]:
    from service.archive.retention import RetentionKeeper  # noqa: PLC0415 - keeps --help quick
    from service.runtime.offline_eraser import JournalEraser  # noqa: PLC0415

    async with open_journal_beside(settings) as journal:
        eraser = JournalEraser(journal, clock=time.time)
        keeper = RetentionKeeper(journal, eraser, settings.recordings_path, clock=time.time)
        missing = [one for one in calls if not await keeper.erase(CallId(one), reason="operator")]
        erased = len(calls) - len(missing)
        for number in numbers:
            erased += await keeper.erase_number(number, reason="operator")
    return erased, missing
