"""`callscribe journal copy`: move a stopped journal into another database."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from service.cli.common import Commands, add_command, add_config, read_local_settings
from service.exits import Exit

_WHAT = """\
FROM and TO are written like `database_url`. Stop every service first. TO must be empty; if the
copy is stopped in the middle, the same command goes on with it. A password belongs in PGPASSWORD
or a password file, not into the command. Recordings stay where they are: see `recordings_dir`.
"""


def add(parts: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        parts, "copy", run, "Copy a stopped journal into an empty database, and compare the two."
    )
    parser.epilog = _WHAT
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("source", metavar="FROM", help="such as sqlite:///callscribe.db")
    parser.add_argument("target", metavar="TO", help="such as postgresql://user@host/database")
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Copy and compare; print what was copied, a table a line."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    key, recordings = settings.storage_key(), settings.recordings_path.absolute()
    return asyncio.run(_copy(arguments.source, arguments.target, key, recordings))


async def _copy(source_url: str, target_url: str, key: bytes | None, recordings: Path) -> int:
    from service.journal.copying import copy_journal  # noqa: PLC0415 - keeps --help quick
    from service.journal.database import (  # noqa: PLC0415 - as above
        open_copy_source,
        open_copy_target,
    )

    print("table            rows  sha256 of them")
    async with (
        open_copy_source(source_url, key=key) as source,
        open_copy_target(target_url, key=key) as target,
    ):
        async for copied in copy_journal(source, target):
            print(f"{copied.table:<15} {copied.rows:>5}  {copied.digest[:16]}")
    print(f"both are the same; recordings stay in {recordings}")
    print("set database_url to the copy and recordings_dir to that folder, and start the service")
    return Exit.OK
