"""`callscribe demo`: a whole call on this machine, with no account and no network."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from service.cli.common import Commands, add_command


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "demo",
        run,
        "Play a phone call, recognise it live, and check that all of it arrives, signed.",
    )
    parser.add_argument(
        "--source",
        choices=("media", "in_call"),
        default="media",
        help="media: its audio is forked to a recogniser here (default); "
        "in_call: the simulated Telnyx transcribes it",
    )
    parser.add_argument("--fast", action="store_true", help="faster than people talk")
    parser.add_argument(
        "--once", action="store_true", help="plain lines, and an end with the call, for scripts"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="print the console's address, open no browser"
    )
    call = parser.add_mutually_exclusive_group()
    call.add_argument("--real", action="store_true", help="play recordings of people")
    call.add_argument(
        "--recording",
        type=Path,
        metavar="FILE",
        help="play this two-channel WAV: customer left, agent right",
    )
    _add_model(parser)
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="keep the journal here (default: nothing is kept)",
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        choices=("auto", "base", "tiny"),
        default="auto",
        help="which of the recogniser's models hears it: see recogniser --help (default: auto)",
    )


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Play the demo; the exit code is 0 only if everything arrived."""
    from service import demo  # noqa: PLC0415 - keeps --help quick

    options = demo.Options(
        source=arguments.source,
        fast=arguments.fast,
        once=arguments.once,
        browser=not arguments.no_browser and demo.can_browse(environ),
        real=arguments.real,
        recording=arguments.recording,
        journal=arguments.journal,
        model=arguments.model,
    )
    return demo.run(options)
