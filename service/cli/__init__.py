"""The command line: a module or folder for each command. Only here is the environment read.

`init` and `config` are about the settings. `serve`, `check/`, `health`, `calls/`, `endpoints`,
`deliveries`, `replay`, `keys`, `access`, `journal`, `journal_copy`, `audit_erasure` and
`audit_redaction` run and look after the service, `demo` and `simulate` (with `simulate_words`,
which counts, and `simulate_advice`, which says what went otherwise) play without Telnyx, `certify`
tries a receiver of webhooks, `recogniser` and `transcribe/` hear. `common` and `bindings` are what
several of them share, `output` and `table` how they write and print.

A command has `add`, which declares its arguments, and `run`, which returns the exit code. Heavy
imports stand inside `run`, so that `--help` is quick.
"""

import argparse
import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress

from service import __version__
from service.cli import (
    access,
    audit_erasure,
    audit_redaction,
    certify,
    config,
    deliveries,
    demo,
    endpoints,
    health,
    init,
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
    init,
    check_command,
    config,
    serve,
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
    access,
    audit_erasure,
    audit_redaction,
    journal,
    health,
)
_OUTPUT_FAULTS = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What is wrong with where we print to; all else that the system says is a fault of ours."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of the process (see `service.exits`)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr: names of files may be bytes
    try:
        code = _run(arguments)
    except SettingsError as error:
        _complain(*error.problems)
        return Exit.USAGE
    except CallscribeError as error:
        _complain(str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        if error.errno not in _OUTPUT_FAULTS:
            raise
        _give_up_output()
        if error.errno != errno.EPIPE:  # whoever read it has seen enough
            _complain(f"the output cannot be written: {error.strerror}")
        return Exit.FAILED
    return code


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command and write all of its output, also if it ends in argparse."""
    try:
        parser = make_parser()
        parsed = parser.parse_args(arguments)
        _expect_text(parser, parsed)
        return int(parsed.run(parsed, dict(os.environ)))
    finally:
        if sys.stdout:  # nothing is there if the shell closed it
            sys.stdout.flush()  # here, where a reader that went away can be told apart


def _expect_text(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """Refuse what is not text and is no file's name either: no journal and no request takes it."""
    for name, value in vars(parsed).items():
        told = str(value) if name == "model_dir" else value  # to another process, in JSON
        if name != "audio" and not all(map(_is_text, _texts(told))):
            parser.error(f"argument {name}: should be text in UTF-8")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _is_text(argument: str) -> bool:
    """Tell whether all of an argument was decoded: what cannot be becomes surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in argument)


def _give_up_output() -> None:
    """Have what is still to be written go nowhere: Python would complain of it at exit."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # None, if the shell closed it
            stream.flush()
            continue
        with suppress(OSError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the command line: every command, with its arguments."""
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
