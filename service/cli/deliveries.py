"""`callscribe deliveries`: what was tried, what was given up on, and another try."""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    add_config,
    expect_call,
    open_journal_beside,
    positive,
    read_local_settings,
    shown_time,
)
from service.cli.table import print_table
from service.errors import DeliveryError, SettingsError
from service.exits import Exit
from service.ids import CallId

if TYPE_CHECKING:
    from service.ports import Attempt, Journal, ParkedDelivery
    from service.settings import Settings

_ARRIVED = "arrived"
_RESULTS = {
    "arrived": _ARRIVED,
    "set_back": "set back: the service that runs, or the next one, archives within seconds",
    "not_parked": "is not parked",
}
_GOOD = frozenset({_ARRIVED, _RESULTS["set_back"]})


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command and its parts."""
    summary = "See what was tried and what was given up; try it again."
    parser = add_command(commands, "deliveries", run_list, summary)
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    listing = add_command(parts, "ls", run_list, "List parked deliveries, the newest first.")
    listing.add_argument("--limit", type=positive, default=100, help="how many (default: 100)")
    add_config(listing)
    showing = add_command(parts, "show", run_show, "List attempts of a call, the newest first.")
    showing.add_argument("call", metavar="CALL", help="the call's id")
    showing.add_argument("--limit", type=positive, default=100, help="how many (default: 100)")
    add_config(showing)
    retry = add_command(parts, "retry", run_retry, "Try parked deliveries again, once each.")
    retry.add_argument("id", type=positive, nargs="*", help="as `deliveries ls` shows it")
    retry.add_argument("--all", action="store_true", help="whatever is parked, the oldest first")
    retry.add_argument("--endpoint", metavar="NAME", help="with --all: only what was to go there")
    add_config(retry)


def run_list(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each parked delivery."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    parked = asyncio.run(_parked(settings, arguments.limit))
    header = ("ID", "PARKED", "ENDPOINT", "CALL", "SEQ", "TYPE", "WHY")
    print_table(header, map(_parked_row, parked), empty="nothing is parked")
    return Exit.OK


def run_show(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each attempt at a delivery of the call."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    attempts = asyncio.run(_attempts(settings, CallId(arguments.call), arguments.limit))
    header = ("TRIED", "ENDPOINT", "SEQ", "RESULT", "STATUS", "TOOK", "ANSWER")
    print_table(header, map(_attempt_row, attempts), empty="nothing was tried")
    return Exit.OK


def run_retry(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Try each and say how it went; fail unless all arrived."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    if bool(arguments.id) == arguments.all or (arguments.endpoint and not arguments.all):
        raise SettingsError(["say ids, or --all (with --endpoint NAME, if only one is meant)"])
    settings = read_local_settings(arguments, environ)
    if arguments.all:
        arrived = asyncio.run(_retry_all(settings, arguments.endpoint))
    else:
        arrived = asyncio.run(_retry(settings, arguments.id))
    return Exit.OK if arrived else Exit.FAILED


async def _parked(settings: "Settings", limit: int) -> "Sequence[ParkedDelivery]":
    from service.delivery.replays import list_parked  # noqa: PLC0415 - keeps --help quick

    async with open_journal_beside(settings) as journal:
        return await list_parked(journal, limit=limit)


async def _attempts(settings: "Settings", call_id: CallId, limit: int) -> "Sequence[Attempt]":
    async with open_journal_beside(settings) as journal:
        await expect_call(journal, call_id)
        return await journal.attempts(call_id, limit=limit)


async def _retry_all(settings: "Settings", endpoint: str | None) -> bool:
    """Try everything once, and print how many of each endpoint did what."""
    from service.archive.reports import CallReports  # noqa: PLC0415 - keeps --help quick
    from service.delivery.replays import parked_ids, resend  # noqa: PLC0415

    endpoints = settings.endpoint_list()
    done: Counter[tuple[str, str]] = Counter()
    async with open_journal_beside(settings) as journal:
        await _expect_known(settings, journal, endpoint)
        reports = CallReports(journal)
        try:
            for parked_id in await parked_ids(journal, endpoint):
                one = await journal.find_parked(parked_id)
                if one is None:
                    continue  # it went with one before it, or somebody else retried it
                try:
                    result = _RESULTS[await resend(journal, endpoints, one, reports=reports)]
                except (DeliveryError, SettingsError) as error:
                    result = f"failed: {error}"
                done[one.endpoint, result] += 1
        finally:  # also if somebody has waited long enough
            _print_sums(done)
    return all(result in _GOOD for _, result in done)


async def _expect_known(settings: "Settings", journal: "Journal", name: str | None) -> None:
    """Expect an endpoint that is configured, or that anything is kept of."""
    from service.delivery.endpoints import unknown_endpoint  # noqa: PLC0415 - keeps --help quick

    known = {one.name for one in settings.endpoint_list()} | set(await journal.endpoint_names())
    if name is not None and name not in known:
        raise unknown_endpoint(name, sorted(known))


def _print_sums(done: "Counter[tuple[str, str]]") -> None:
    for (name, result), number in sorted(done.items()):
        print(f"{name}  {number} {result}")
    if not done:
        print("nothing is parked")


async def _retry(settings: "Settings", ids: Sequence[int]) -> bool:
    from service.archive.reports import CallReports  # noqa: PLC0415 - keeps --help quick
    from service.delivery.replays import retry_parked  # noqa: PLC0415

    endpoints = settings.endpoint_list()
    all_arrived = True
    async with open_journal_beside(settings) as journal:
        reports = CallReports(journal)
        for parked_id in ids:
            try:
                retried = await retry_parked(journal, endpoints, parked_id, reports=reports)
                result = _RESULTS[retried]
            except (DeliveryError, SettingsError) as error:
                result = f"failed: {error}"
            print(f"{parked_id}  {result}", flush=True)
            all_arrived = all_arrived and result in _GOOD
    return all_arrived


def _attempt_row(one: "Attempt") -> tuple[object, ...]:
    said = repr(one.answer) if one.answer else "-"  # quoted: it is a stranger's
    took = f"{one.took_ms} ms"
    return shown_time(one.made_at), one.endpoint, one.seq, one.result, one.status or "-", took, said


def _parked_row(one: "ParkedDelivery") -> tuple[object, ...]:
    from service.archive.wording import why  # noqa: PLC0415 - keeps --help quick

    at = shown_time(one.parked_at)
    reason = f"HTTP {one.status}" if one.status else why(one.reason)
    return one.id, at, one.endpoint, one.call_id, one.seq, one.type, reason
