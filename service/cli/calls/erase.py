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
    add_requests,
    counted,
    open_journal_beside,
    read_local_settings,
)
from service.errors import SettingsError
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
    erase.add_argument(
        "--number",
        action="append",
        default=[],
        help="every call that somebody with this number was in, whatever is shown of it",
    )
    erase.add_argument("--yes", action="store_true", help="do not ask before a number is erased")
    add_config(erase)
    add_requests(erase, 'POST /v1/erasures {"number": "+13125550100"}', "DELETE /v1/calls/CALL")


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Erase what was named and say how many calls that were; fail if there is no such call."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    _check(arguments.number)
    calls = list(dict.fromkeys(map(CallId, arguments.call)))
    if arguments.number and not (arguments.yes or _agreed(settings, calls, arguments.number)):
        print("nothing was erased")
        return Exit.FAILED
    erased, missing = asyncio.run(_erase(settings, calls, arguments.number))
    for call_id in missing:
        print(f"{call_id}: there is no such call")
    print(f"{erased} erased")
    return Exit.FAILED if missing or not erased else Exit.OK


def _check(numbers: Sequence[str]) -> None:
    """Refuse patterns.

    Raises:
        SettingsError: There is one.
    """
    from service.archive.numbers import check_whole  # noqa: PLC0415 - keeps --help quick

    try:
        for number in numbers:
            check_whole(number)
    except ValueError as error:
        raise SettingsError([f"--number: {error}"]) from None


def _agreed(settings: "Settings", calls: Sequence[CallId], numbers: Sequence[str]) -> bool:
    """Ask whoever sits there whether these calls and all of these numbers are meant.

    Raises:
        SettingsError: Nobody sits there.
    """
    import asyncio  # noqa: PLC0415 - keeps --help quick

    if not sys.stdin.isatty():
        raise SettingsError(["--number erases every call of a number: say --yes if that is meant"])
    count = asyncio.run(_count(settings, calls, numbers))
    print(f"{counted(count, 'call')} will be erased for good, with what was said and their audio.")
    print("Type yes to go on: ", end="", flush=True)
    return sys.stdin.readline().strip().lower() == "yes"


async def _count(settings: "Settings", calls: Sequence[CallId], numbers: Sequence[str]) -> int:
    """Return how many calls `_erase` would find."""
    async with open_journal_beside(settings) as journal:
        found = {one for one in calls if await journal.load(one) is not None}
        for number in numbers:
            found.update(await journal.calls_of_number(number))
    return len(found)


async def _erase(
    settings: "Settings", calls: Sequence[CallId], numbers: Sequence[str]
) -> tuple[int, list[CallId]]:
    from service.archive.retention import RetentionKeeper  # noqa: PLC0415 - keeps --help quick
    from service.runtime.offline_eraser import JournalEraser  # noqa: PLC0415

    async with open_journal_beside(settings) as journal:
        eraser = JournalEraser(journal, clock=time.time)
        keeper = RetentionKeeper(journal, eraser, settings.recordings_path, clock=time.time)
        missing = [one for one in calls if not await keeper.erase(one, reason="operator")]
        erased = len(calls) - len(missing)
        for number in numbers:
            erased += await keeper.erase_number(number, reason="operator")
    return erased, missing
