"""What `callscribe check` tries on the journal's database."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.check.findings import Finding, fail, ok, warn
from service.cli.common import open_journal_beside
from service.errors import JournalError
from service.journal.address import PostgresqlAddress, SqliteAddress
from service.reasons import system_fault
from service.settings import Settings, fingerprints
from service.workers.likeness import differing, encode_fingerprints

if TYPE_CHECKING:
    from service.journal.postgresql.checkup import Connections


async def check_database(settings: Settings, workers: int = 1) -> list[Finding]:
    """Write to the journal and read it back, or see whether it could be made.

    So many `workers` are to run on it, or as many as run now if these are more.
    """
    database = settings.database
    if isinstance(database, SqliteAddress):
        return await _check_file(settings, database.path)
    try:
        found, made = await _check_server(settings, database, workers)
    except JournalError as error:
        return [fail("database", str(error))]
    if any(finding.level == "FAIL" for finding in found):
        return [finding for finding in found if finding.level != "ok"]
    if not made:
        return [*found, ok("database", "PostgreSQL: the tables will be made at the first start")]
    return [*found, *await _check_journal(settings, "PostgreSQL")]


async def _check_file(settings: Settings, path: Path) -> list[Finding]:
    try:
        made = await asyncio.to_thread(path.exists)
    except OSError as error:  # a name that is too long, a folder that is closed
        return [fail("database", f"{path} cannot be opened: {system_fault(error)}")]
    if not made:
        return [await asyncio.to_thread(_check_folder, path)]
    return await _check_journal(settings, str(path))


async def _check_journal(settings: Settings, named: str) -> list[Finding]:
    try:
        async with open_journal_beside(settings) as journal:
            await journal.check()
            disabled = await journal.disabled()
    except JournalError as error:
        return [fail("database", str(error))]
    gone = [
        warn(f"endpoint {name}", f"is disabled: {why}") for name, why in sorted(disabled.items())
    ]
    return [ok("database", f"{named} takes a write"), *gone]


async def _check_server(
    settings: Settings, database: PostgresqlAddress, workers: int
) -> tuple[list[Finding], bool]:
    """Return what is wrong with the server or its workers, and whether it has a journal."""
    from service.journal.postgresql.checkup import check_server  # noqa: PLC0415 - needs a driver

    report = await check_server(database.url)
    say = {"fail": fail, "warn": warn}
    found = [say[one.severity]("database", one.text) for one in report.remarks]
    found += _check_connections(report.connections, max(workers, len(report.settings)))
    return [*found, *_check_likeness(settings, report.settings)], report.made


def _check_connections(connections: "Connections", workers: int) -> Iterator[Finding]:
    """Say whether the server lets all workers connect."""
    if connections.holds(workers):
        yield ok("connections", connections.sum(workers))
    else:
        yield warn("connections", f"{connections.sum(workers)}; raise it, or start fewer")


def _check_likeness(settings: Settings, running: Sequence[str]) -> Iterator[Finding]:
    """Say what the workers that run on the database have otherwise than these settings."""
    ours = encode_fingerprints(fingerprints(settings))
    unlike = [sections for theirs in running if (sections := differing(ours, theirs))]
    if unlike:
        named = ", ".join(sorted({name for one in unlike for name in one}))
        yield warn(
            "workers",
            f"{len(unlike)} of the {len(running)} that run on this database have other settings"
            f" than these: {named}; start all of them with the same",
        )


def _check_folder(path: Path) -> Finding:
    folder = path.absolute().parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ok("database", f"{path} will be made at the first start")
    except FileNotFoundError:
        return fail("database", f"there is no folder {folder}; make it")
    except OSError as error:
        return fail("database", f"{folder} cannot be written to: {error.strerror}")
