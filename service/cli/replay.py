"""`callscribe replay`: have an endpoint get the events of a call again."""

import argparse
from collections.abc import Mapping
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
from service.ids import CallId, EndpointName

if TYPE_CHECKING:
    from service.settings import Settings


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "replay",
        run,
        "Have an endpoint get the events of a call again, in order and under the same ids. "
        "A running service begins within seconds, otherwise the next start does.",
    )
    parser.add_argument("call", metavar="CALL", help="the call's id")
    parser.add_argument("--to", required=True, metavar="ENDPOINT", help="the endpoint's name")
    parser.add_argument(
        "--after-seq", type=_seq, default=0, metavar="N", help="only what came after (default: 0)"
    )
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Set the lane back."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    call_id, name = CallId(arguments.call), EndpointName(arguments.to)
    asyncio.run(_replay(settings, call_id, name, arguments.after_seq))
    print(f"{name} will get the events of {call_id} after seq {arguments.after_seq}")
    return Exit.OK


async def _replay(
    settings: "Settings", call_id: CallId, name: EndpointName, after_seq: int
) -> None:
    from service.delivery.replays import replay  # noqa: PLC0415 - keeps --help quick

    async with open_journal_beside(settings) as journal:
        if await journal.load(call_id) is None:
            raise SettingsError([f"no call has the id {call_id}"])
        await replay(journal, settings.endpoint_list(), call_id, name, from_seq=after_seq + 1)


def _seq(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("should be 0 or more")
    return number
