"""`callscribe calls` and `callscribe search`: look calls up, beside a running service."""

import argparse
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING

from service.cli.calls import erase
from service.cli.common import (
    Commands,
    add_command,
    add_config,
    moment,
    positive,
    read_local_settings,
)
from service.cli.output import add_output
from service.exits import Exit

if TYPE_CHECKING:
    from service.settings import Settings

    Reading = Callable[[Settings, argparse.Namespace], Coroutine[None, None, None]]

FORMATS = ("json", "jsonl", "txt", "srt", "vtt", "csv")


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add both commands and their parts."""
    parser = add_command(commands, "calls", run_list, "List calls; read, follow or export one.")
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    listing = add_command(parts, "ls", run_list, "List calls, the newest first.")
    listing.add_argument("--live", action="store_true", help="only those that go on")
    _add_wishes(listing, default_limit=50)
    show = add_command(parts, "show", run_show, "Print the transcript of a call.")
    _add_call(show)
    show.add_argument("--json", action="store_true", help="as JSON, for programs")
    tail = add_command(parts, "tail", run_tail, "Print what is said as it is settled.")
    tail.add_argument(
        "call", nargs="?", help="one call, from its beginning to its end; otherwise all, from now"
    )
    add_config(tail)
    tail.add_argument("--json", action="store_true", help="whole events, one a line")
    export = add_command(parts, "export", run_export, "Write the transcript of a call to a file.")
    _add_call(export)
    add_output(export, FORMATS)
    erase.add(parts)
    search = add_command(commands, "search", run_search, "Search all that was said.")
    search.add_argument(
        "words", nargs="+", help="words, 'a \"phrase in quotes\"', beginning*; all must be there"
    )
    search.add_argument("--without", action="append", default=[], metavar="WORD", help="not this")
    search.add_argument("--role", choices=("customer", "agent", "unknown"), help="who said it")
    search.add_argument("--call", metavar="ID", help="in this call only")
    _add_wishes(search, default_limit=20)


def run_list(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each call."""
    from service.cli.calls.reading import list_calls  # noqa: PLC0415 - keeps --help quick

    return _run(list_calls, arguments, environ)


def run_show(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a call's transcript."""
    from service.cli.calls.reading import show_call  # noqa: PLC0415

    return _run(show_call, arguments, environ)


def run_tail(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what is said until the call is complete, or until Ctrl-C."""
    from service.cli.calls.reading import follow  # noqa: PLC0415

    return _run(follow, arguments, environ)


def run_export(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write a call's transcript."""
    from service.cli.calls.reading import export  # noqa: PLC0415

    return _run(export, arguments, environ)


def run_search(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each final that holds the words."""
    from service.cli.calls.reading import search  # noqa: PLC0415

    return _run(search, arguments, environ)


def _run(read: "Reading", arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    asyncio.run(read(settings, arguments))
    return Exit.OK


def _add_call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("call", metavar="CALL", help="its id, as `calls ls` shows it")
    add_config(parser)


def _add_wishes(parser: argparse.ArgumentParser, *, default_limit: int) -> None:
    parser.add_argument(
        "--number", help="who was in the call; +1312* for whoever called, or was called, from there"
    )
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="started then or later: 2026-11-22[T10:00]"
    )
    parser.add_argument("--until", type=moment, metavar="TIME", help="started before; UTC")
    parser.add_argument("--metadata", action="append", default=[], type=_pair, metavar="KEY=VALUE")
    parser.add_argument(
        "--limit", type=positive, default=default_limit, help=f"default: {default_limit}"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_config(parser)


def _pair(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError("should be KEY=VALUE")
    return key, value
