"""`callscribe audit-erasure`: show that nothing is left of what was erased."""

import argparse
import re
from collections.abc import Mapping

from service.cli.common import Commands, add_command, add_config, read_local_settings
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
    from service.journal.maintenance import open_audit  # noqa: PLC0415 - keeps --help quick

    settings = read_local_settings(arguments, environ)
    calls = [one for one in arguments.sought if not _NUMBER.fullmatch(one)]
    sought = [one for one in arguments.sought if one not in calls] + arguments.words
    with open_audit(settings.database_url, key=settings.storage_key()) as audit:
        left = audit.left_of_erased()
        left += [f"{one}: it was not erased" for one in audit.not_erased(calls)]
        for number, one in enumerate(sought, 1):
            # what is looked for is not repeated: this output is kept where no word may be
            left += [f"sought #{number}: {where}" for where in audit.where_found(one)]
        strays = audit.stray_recordings(settings.recordings_path)
        left += [f"{one}: a recording of no call" for one in strays]
    for line in left or ["nothing is left"]:
        print(line)
    return Exit.FAILED if left else Exit.OK
