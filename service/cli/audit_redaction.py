"""`callscribe audit-redaction`: find calls that hold in clear what would be hidden today."""

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.cli.common import Commands, add_command, add_config, read_local_settings
from service.exits import Exit

if TYPE_CHECKING:
    from service.archive.redaction_audit import CallFindings
    from service.redaction.memory import Policy
    from service.settings import Settings

_KINDS = ("pci", "ssn", "phone", "email", "iban", "numbers")


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "audit-redaction",
        run,
        "Look through what is kept for numbers and addresses that would be hidden today, and say "
        "how many of them each call has: never which. `calls erase` takes such a call away.",
    )
    parser.add_argument(
        "--redact", nargs="+", choices=_KINDS, metavar="KIND",
        help=f"what to look for: {', '.join(_KINDS)} (default: what any route has in `redact`)",
    )  # fmt: skip
    parser.add_argument(
        "--level", choices=("balanced", "strict"), help="default: the strictest of the routes"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each call with something in clear; fail if there is any."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    found = asyncio.run(_print_all(settings, _policy(settings, arguments), arguments))
    if not found and not arguments.json:
        print("nothing would be hidden")
    return Exit.FAILED if found else Exit.OK


def _policy(settings: "Settings", arguments: argparse.Namespace) -> "Policy":
    from service.calls.redactions import careful_route  # noqa: PLC0415
    from service.errors import SettingsError  # noqa: PLC0415
    from service.redaction.memory import Policy  # noqa: PLC0415

    route = careful_route(settings.routes())
    kinds = frozenset(arguments.redact or route.redact)
    if not kinds:
        raise SettingsError(["no route has `redact`: say what to look for with --redact"])
    return Policy(kinds, arguments.level or route.redact_level)


async def _print_all(settings: "Settings", policy: "Policy", arguments: argparse.Namespace) -> int:
    from service.archive.redaction_audit import audit_redaction  # noqa: PLC0415
    from service.journal.database import open_library  # noqa: PLC0415

    count = 0
    async with open_library(settings.database_url, key=settings.storage_key()) as library:
        async for call in audit_redaction(library, policy):
            count += 1
            print(_line(call, as_json=arguments.json), flush=True)
    return count


def _line(call: "CallFindings", *, as_json: bool) -> str:
    entities = dict(sorted(call.entities.items()))
    if as_json:
        found = {"call_id": call.call_id, "finals": call.finals, "entities": entities}
        return json.dumps(found)
    from service.wire.subtitles import plain  # noqa: PLC0415

    named = ", ".join(f"{count} {entity}" for entity, count in entities.items())
    return f"{plain(call.call_id)}: {call.finals} finals, {named or 'what was hidden differently'}"
