"""`callscribe access`: who looked at which call, over the API."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    add_requests,
    positive,
    read_local_settings,
)
from service.cli.table import print_table
from service.exits import Exit
from service.ids import AccessAction, CallId

if TYPE_CHECKING:
    from service.ports import Access, AccessFilter
    from service.settings import Settings

_MAX_SHOWN = 100_000


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    summary = "See who read, heard, took out or erased which call, the newest first."
    parser = add_command(commands, "access", run, summary)
    parser.add_argument("--call", metavar="ID", help="only of this call")
    parser.add_argument("--key", metavar="ID", help="only with this key, as `keys ls` shows it")
    parser.add_argument("--action", choices=get_args(AccessAction), help="only what was done so")
    parser.add_argument("--limit", type=positive, default=100, help="how many (default: 100)")
    add_config(parser)
    add_requests(parser, "GET /v1/access?call_id=CALL")


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each access."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.ports import AccessFilter  # noqa: PLC0415 - as above

    settings = read_local_settings(arguments, environ)
    call_id = CallId(arguments.call) if arguments.call else None
    wanted = AccessFilter(call_id=call_id, key_id=arguments.key, action=arguments.action)
    found = asyncio.run(_found(settings, wanted, min(arguments.limit, _MAX_SHOWN)))
    columns = ("AT", "KEY", "ACTION", "CALL", "ADDRESS")
    print_table(columns, map(_row, found), empty="nobody looked at anything")
    return Exit.OK


async def _found(settings: "Settings", wanted: "AccessFilter", limit: int) -> "list[Access]":
    from service.journal.database import open_accesses  # noqa: PLC0415 - keeps --help quick

    async with open_accesses(settings.database_url, key=settings.storage_key()) as store:
        return [one for _, one in await store.accesses(wanted, before=None, limit=limit)]


def _row(access: "Access") -> tuple[str, ...]:
    at = datetime.fromtimestamp(access.at, UTC).isoformat(timespec="seconds")
    return at, access.key_id, access.action, access.call_id or "-", access.address or "-"
