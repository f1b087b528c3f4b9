"""The command line: a module or folder for each command. Only here is the environment read.

`serve`, `check/`, `calls/`, `endpoints`, `deliveries`, `replay`, `keys`, `journal`, `journal_copy`
and `audit_erasure` run and look after the service, `demo` and `simulate` (with `simulate_words`,
which counts) play without Telnyx, `certify` tries a receiver of webhooks, `recogniser` and
`transcribe/` hear. `common` is what several of them share.

A command has `add`, which declares its arguments, and `run`, which returns the exit code. Heavy
imports stand inside `run`, so that `--help` is quick.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from service import __version__
from service.cli import (
    audit_erasure,
    certify,
    deliveries,
    demo,
    endpoints,
    journal,
    keys,
    recogniser,
    replay,
    serve,
    simulate,
)
from service.cli.calls import command as calls_command
from service.cli.check import command as check_command
from service.cli.transcribe import command as transcribe_command
from service.errors import CallscribeError, SettingsError
from service.exits import Exit

_COMMANDS = (
    serve,
    check_command,
    demo,
    recogniser,
    transcribe_command,
    simulate,
    certify,
    endpoints,
    deliveries,
    replay,
    calls_command,
    keys,
    audit_erasure,
    journal,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of the process (see `service.exits`)."""
    parsed = _parser().parse_args(arguments)
    try:
        code = int(parsed.run(parsed, dict(os.environ)))
        sys.stdout.flush()  # here, where a reader that went away can be told apart
    except SettingsError as error:
        _complain(*error.problems)
        return Exit.USAGE
    except CallscribeError as error:
        _complain(str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; Python must not complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="callscribe",
        description="Transcribes phone calls while they happen.",
        epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or settings, "
        "3 stopped with work left in the journal, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"callscribe {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
