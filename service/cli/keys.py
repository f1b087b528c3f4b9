"""`callscribe keys`: who may use the API."""

import argparse
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from service.cli.bindings import add_binding, describe_binding, read_binding
from service.cli.common import Commands, add_command, add_config, add_requests, read_local_settings
from service.cli.table import print_table
from service.errors import SettingsError
from service.exits import Exit
from service.ids import Scope

if TYPE_CHECKING:
    from service.ports import Binding, StoredKey
    from service.settings import Settings

_MAX_NAME = 64


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command and its three parts."""
    parser = add_command(commands, "keys", run_list, "Make, list and revoke keys of the API.")
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    making = add_command(parts, "create", run_create, "Make a key; it is shown this once.")
    making.add_argument("--name", type=_name, required=True, help="whose it is, for people")
    making.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=get_args(Scope),
        help="what it may do, more than once for more: calls:read reads calls, transcripts and "
        "deliveries; calls:write acts on them; live follows calls; admin may all, erasing too",
    )
    add_binding(making)
    add_config(making)
    add_requests(
        making, 'POST /v1/tokens {"scopes": ["live"], "call_id": "CALL", "expires_in_s": 600}'
    )
    add_config(add_command(parts, "ls", run_list, "List the keys, the oldest first."))
    revoking = add_command(parts, "revoke", run_revoke, "Make a key and its tokens worthless.")
    revoking.add_argument("id", help="as `keys ls` shows it")
    add_config(revoking)


def run_create(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the new key and nothing else, so that it can be put into a variable."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    binding = read_binding(arguments, settings)
    print(asyncio.run(_create(settings, arguments.name, arguments.scope, binding)))
    return Exit.OK


def run_list(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each key."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    kept = asyncio.run(_keys(read_local_settings(arguments, environ)))
    print_table(
        ("ID", "MADE", "SCOPES", "CALLS", "NAME", "STATE"),
        map(_row, kept),
        empty="there are no keys",
    )
    return Exit.OK


def run_revoke(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Revoke a key; a running service sees it within seconds."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    asyncio.run(_revoke(read_local_settings(arguments, environ), arguments.id))
    print(f"{arguments.id}  is revoked")
    return Exit.OK


async def _create(settings: "Settings", name: str, scopes: list[Scope], binding: "Binding") -> str:
    from service.api.keys import make_key  # noqa: PLC0415 - keeps --help quick
    from service.journal.database import open_keys  # noqa: PLC0415

    text, key = make_key(name, scopes, now=time.time(), binding=binding)
    async with open_keys(settings.database_url, key=settings.storage_key()) as keys:
        await keys.keep_key(key)
    return text


async def _keys(settings: "Settings") -> "list[StoredKey]":
    from service.journal.database import open_keys  # noqa: PLC0415 - keeps --help quick

    async with open_keys(settings.database_url, key=settings.storage_key()) as keys:
        return await keys.keys()


async def _revoke(settings: "Settings", key_id: str) -> None:
    from service.journal.database import open_keys  # noqa: PLC0415 - keeps --help quick

    async with open_keys(settings.database_url, key=settings.storage_key()) as keys:
        if not await keys.revoke_key(key_id, time.time()):
            raise SettingsError(["no key has this id; `callscribe keys ls` lists them"])


def _row(key: "StoredKey") -> tuple[str, ...]:
    made = datetime.fromtimestamp(key.created_at, UTC).isoformat(timespec="seconds")
    state = "good" if key.revoked_at is None else "revoked"
    calls = describe_binding(key.binding)
    return key.id, made, ",".join(key.scopes), calls, key.name, state


def _name(text: str) -> str:
    if not (0 < len(text) <= _MAX_NAME and text.isprintable()):
        raise argparse.ArgumentTypeError(f"should be 1 to {_MAX_NAME} printable characters")
    return text
