"""`callscribe calls erase`: erase calls, also beside a running service."""

import argparse
import sys
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
from service.errors import SettingsError
from service.exits import Exit
from service.ids import CallId

if TYPE_CHECKING:
    from service.settings import Settings

_MAX_COUNTED = 10_000


def add(parts: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command to those of `callscribe calls`."""
    erase = add_command(
        parts, "erase", run, "Erase calls for good, with their audio; a tombstone is left."
    )
    erase.add_argument("call", nargs="*", help="by id")
    erase.add_argument("--number", action="append", default=[], help="every call from or to it")
    erase.add_argument("--yes", action="store_true", help="do not ask before a number is erased")
    add_config(erase)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Erase what was named and say how many calls that were; fail if there is no such call."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    if arguments.number and not (arguments.yes or _agreed(settings, arguments.number)):
        print("nothing was erased")
        return Exit.FAILED
    erased, missing = asyncio.run(_erase(settings, arguments.call, arguments.number))
    for call_id in missing:
        print(f"{call_id}: there is no such call")
    print(f"{erased} erased")
    return Exit.FAILED if missing or not erased else Exit.OK


def _agreed(settings: "Settings", numbers: Sequence[str]) -> bool:
    """Ask whoever sits there whether all calls of these numbers are meant.

    Raises:
        SettingsError: Nobody sits there.
    """
    import asyncio  # noqa: PLC0415 - keeps --help quick

    if not sys.stdin.isatty():
        raise SettingsError(["--number erases every call of a number: say --yes if that is meant"])
    count = asyncio.run(_count(settings, numbers))
    many = f"{_MAX_COUNTED} calls or more" if count >= _MAX_COUNTED else f"{count} calls"
    print(f"{many} will be erased for good, with what was said and their audio.")
    print("Type yes to go on: ", end="", flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


async def _count(settings: "Settings", numbers: Sequence[str]) -> int:
    from service.journal.database import open_library  # noqa: PLC0415 - keeps --help quick
    from service.ports import CallFilter  # noqa: PLC0415

    async with open_library(settings.database_url, key=settings.storage_key()) as library:
        found = [
            await library.calls(CallFilter(number=one), before=None, limit=_MAX_COUNTED)
            for one in numbers
        ]
    return len({call.call_id for calls in found for call in calls})


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
