"""`callscribe replay`: have an endpoint get the events of calls again."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    add_requests,
    counted,
    expect_call,
    moment,
    open_journal_beside,
    positive,
    read_local_settings,
    whole_number,
)
from service.errors import SettingsError
from service.exits import Exit
from service.ids import CallId, EndpointName

if TYPE_CHECKING:
    from service.settings import Settings

_AT_ONCE = 500


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "replay",
        run,
        "Have an endpoint get the events of a call, or of all calls since a time, again: in order, "
        "under the same ids, byte for byte. A receiver that drops what it has by those ids, as it "
        "should, keeps nothing twice. A running service begins within seconds, otherwise the next "
        "start does.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("call", metavar="CALL", nargs="?", help="the call's id")
    which.add_argument(
        "--since", type=moment, metavar="TIME", help="calls that started then or later, in UTC"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="with --since: before that")
    parser.add_argument("--to", required=True, metavar="ENDPOINT", help="the endpoint's name")
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--from-seq", type=positive, default=1, metavar="N", help="default: 1")
    begin.add_argument(
        "--after-seq",
        type=whole_number(0),
        metavar="N",
        help="the same as --from-seq, said by the one before",
    )
    add_config(parser)
    add_requests(parser, 'POST /v1/replays {"call_id": "CALL", "endpoint": "crm", "after_seq": 0}')


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Set the lanes back."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    until = arguments.until
    if until is not None and (arguments.since is None or until <= arguments.since):
        raise SettingsError(["--until goes with --since, and is later than that"])
    if arguments.after_seq is not None:
        arguments.from_seq = arguments.after_seq + 1
    of = asyncio.run(_replay(settings, arguments))
    print(f"{arguments.to} will get the events of {of} from seq {arguments.from_seq} on")
    return Exit.OK


async def _replay(settings: "Settings", arguments: argparse.Namespace) -> str:
    from service.delivery.replays import expect_to_take, replay  # noqa: PLC0415 - keeps --help quick

    endpoints, name = settings.endpoint_list(), EndpointName(arguments.to)
    async with open_journal_beside(settings) as journal:
        await expect_to_take(journal, endpoints, name)
        if arguments.call is not None:
            await expect_call(journal, CallId(arguments.call))
            calls = [CallId(arguments.call)]
        else:
            calls = await _started(settings, arguments.since, arguments.until)
        seq = arguments.from_seq
        calls = [one for one in calls if await journal.read(one, after_seq=seq - 1, limit=1)]
        if not calls and arguments.call is not None:
            raise SettingsError([f"{arguments.call} has no event from seq {seq} on"])
        for call_id in calls:
            await replay(journal, endpoints, call_id, name, from_seq=seq)
    return str(arguments.call or f"{counted(len(calls), 'call')}")


async def _started(settings: "Settings", since: float, until: float | None) -> list[CallId]:
    """Return the calls that started in this time, oldest first."""
    from service.journal.database import open_library  # noqa: PLC0415 - keeps --help quick
    from service.ports import CallFilter  # noqa: PLC0415

    found: list[CallId] = []
    before: tuple[float, CallId] | None = None
    wanted = CallFilter(started_from=since, started_before=until)
    async with open_library(settings.database_url, key=settings.storage_key()) as library:
        while page := await library.calls(wanted, before=before, limit=_AT_ONCE):
            found += [call.call_id for call in page]
            before = page[-1].started_at, page[-1].call_id
    return found[::-1]
