"""`callscribe audit-erasure`: show that nothing is left of what was erased."""

import argparse
import re
import sqlite3
import sys
from collections.abc import Mapping

from service.cli.common import Commands, add_command, add_config, read_local_settings, room
from service.exits import Exit

_NUMBER = re.compile(r"\+?[0-9]{4,}")


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "audit-erasure",
        run,
        "Look for what is left of erased calls: in tables, index, files and recordings.",
    )
    parser.add_argument(
        "sought", nargs="*", metavar="CALL|NUMBER", help="default: every call that was erased"
    )
    parser.add_argument(
        "--words", nargs="+", default=[], metavar="WORD", help="that nothing may hold any more"
    )
    add_config(parser)


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what is left, a line each; fail if anything is."""
    settings = read_local_settings(arguments, environ)
    audit = room("service.journal.sqlite_audit")
    path = settings.database_path
    calls = [one for one in arguments.sought if not _NUMBER.fullmatch(one)]
    sought = [one for one in arguments.sought if one not in calls] + arguments.words
    try:
        left = audit.left_of_erased(path)
        left += [f"{one}: it was not erased" for one in audit.not_erased(path, calls)]
        for number, one in enumerate(sought, 1):
            # what is looked for is not repeated: this output is kept where no word may be
            left += [f"sought #{number}: {where}" for where in audit.where_found(path, one)]
        strays = audit.stray_recordings(path, settings.recordings_path)
        left += [f"{one}: a recording of no call" for one in strays]
    except (sqlite3.Error, OSError) as error:
        print(f"callscribe: cannot read the journal: {error}", file=sys.stderr)
        return Exit.FAILED
    for line in left:
        print(line)
    if not left:
        print("nothing is left")
    return Exit.FAILED if left else Exit.OK
