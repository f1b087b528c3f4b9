"""`callscribe audit-redaction`: find calls that hold in clear what would be hidden today."""

import argparse
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    open_journal_beside,
    read_local_settings,
)
from service.exits import Exit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from service.archive.redaction_audit import CallFindings
    from service.calls.reredaction import Silent
    from service.calls.routes import Route
    from service.ids import CallId
    from service.ports import Journal
    from service.runtime.late_redactor import LateRedactor, Redone, Silence
    from service.settings import Settings

_KINDS = ("pci", "ssn", "phone", "email", "iban", "numbers")
_REFUSED = {
    "live": "it goes on: look again once it is over",
    "unknown": "it was erased meanwhile",
    "sound": "its recording cannot be silenced here",
}


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "audit-redaction",
        run,
        "Look through what is kept for numbers and addresses that would be hidden today, and say "
        "how many of them each call has: never which. With --hide they are hidden for good, in "
        "text and in sound, and endpoints get `transcript.redacted`.",
    )
    parser.add_argument(
        "--redact", nargs="+", choices=_KINDS, metavar="KIND",
        help=f"what to look for: {', '.join(_KINDS)} (default: what any route has in `redact`)",
    )  # fmt: skip
    parser.add_argument(
        "--level", choices=("balanced", "strict"), help="default: the strictest of the routes"
    )
    parser.add_argument(
        "--hide", action="store_true", help="hide it, of calls that are over; there is no way back"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each call with something in clear; fail if there is any afterwards."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    like = _like(settings, arguments)
    print_all = _hide_all if arguments.hide else _print_all
    found, left = asyncio.run(print_all(settings, like, arguments))
    if not found and not arguments.json:
        print("nothing would be hidden")
    return Exit.FAILED if left else Exit.OK


def _like(settings: "Settings", arguments: argparse.Namespace) -> "Route":
    """Return a route that has what is to be hidden."""
    from service.calls.redactions import careful_route  # noqa: PLC0415 - keeps --help quick
    from service.calls.routes import Route  # noqa: PLC0415
    from service.errors import SettingsError  # noqa: PLC0415

    route = careful_route(settings.routes())
    kinds = tuple(sorted(set(arguments.redact or route.redact)))
    if not kinds:
        raise SettingsError(["no route has `redact`: say what to look for with --redact"])
    level = arguments.level or route.redact_level
    return Route(redact=kinds, redact_level=level, language=route.language)


async def _print_all(
    settings: "Settings", like: "Route", arguments: argparse.Namespace
) -> tuple[int, int]:
    """Return how many calls have something in clear, twice: nothing is done about it."""
    count = 0
    async for call in _found(settings, like):
        count += 1
        print(_line(call, as_json=arguments.json), flush=True)
    return count, count


async def _hide_all(
    settings: "Settings", like: "Route", arguments: argparse.Namespace
) -> tuple[int, int]:
    """Return how many calls had something in clear, and how many of them still have."""
    from service.archive.retention import RetentionKeeper  # noqa: PLC0415 - keeps --help quick
    from service.runtime.late_redactor import LateRedactor  # noqa: PLC0415
    from service.runtime.offline_eraser import JournalEraser  # noqa: PLC0415

    count = left = 0
    async with open_journal_beside(settings) as journal:
        silence = _silencer(settings, journal)
        redactor = LateRedactor(journal, silence, clock=time.time)
        async for call in _found(settings, like):
            count += 1
            redone = await _hide(redactor, call, like)
            left += redone.refused is not None
            print(_line(call, redone, as_json=arguments.json), flush=True)
        eraser = JournalEraser(journal, clock=time.time)
        keeper = RetentionKeeper(journal, eraser, settings.recordings_path, clock=time.time)
        await keeper.scrub()
    return count, left


async def _hide(redactor: "LateRedactor", call: "CallFindings", like: "Route") -> "Redone":
    from service.runtime.late_redactor import Redone  # noqa: PLC0415 - keeps --help quick

    try:
        return await redactor.redact(call.call_id, like)
    except OSError:
        return Redone(refused="sound")


def _silencer(settings: "Settings", journal: "Journal") -> "Silence":
    """Return what silences recordings, where these settings say that they are."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.recording.silencing import silence, spans_of  # noqa: PLC0415

    async def silenced(call_id: "CallId", silent: "Sequence[Silent]") -> None:
        recording = await journal.recording(call_id)
        if recording is not None:
            path = settings.recordings_path / recording.file
            key = settings.storage_key()
            await asyncio.to_thread(silence, path, spans_of(silent), key=key)

    return silenced


async def _found(settings: "Settings", like: "Route") -> "AsyncIterator[CallFindings]":
    from service.archive.redaction_audit import audit_redaction  # noqa: PLC0415 - keeps --help quick
    from service.calls.redactions import policy_of  # noqa: PLC0415
    from service.journal.database import open_library  # noqa: PLC0415

    async with open_library(settings.database_url, key=settings.storage_key()) as library:
        async for call in audit_redaction(library, policy_of(like)):
            yield call


def _line(call: "CallFindings", redone: "Redone | None" = None, *, as_json: bool) -> str:
    entities = dict(sorted(call.entities.items()))
    if as_json:
        found = {"call_id": call.call_id, "finals": call.finals, "entities": entities}
        if redone is not None:
            found |= {"hidden": redone.refused is None, "refused": redone.refused}
        return json.dumps(found)
    from service.wire.shown import one_line  # noqa: PLC0415

    named = ", ".join(f"{count} {entity}" for entity, count in entities.items())
    line = (
        f"{one_line(call.call_id)}: {call.finals} finals, {named or 'what was hidden differently'}"
    )
    if redone is None:
        return line
    return f"{line}: {'hidden' if redone.refused is None else _REFUSED[redone.refused]}"
