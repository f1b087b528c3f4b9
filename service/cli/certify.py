"""`callscribe certify`: does a receiver of webhooks handle all that may come?"""

import argparse
from collections.abc import Mapping

from service.cli.common import Commands, add_command, url
from service.exits import Exit


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "certify",
        run,
        "Try a receiver of webhooks with all that may come, and say what it mishandles. "
        "It gets events of calls that never were. What becomes of an event that it took cannot be "
        "seen from outside: that it keeps each once, and all of an array, is for your own tests.",
    )
    parser.add_argument(
        "url", type=url("http", "https"), metavar="URL", help="where it takes webhooks"
    )
    parser.add_argument("--secret", required=True, metavar="whsec_…", help="what it verifies with")
    parser.add_argument(
        "--without",
        action="append",
        choices=("partials", "report", "batch"),
        default=[],
        help="what its [[endpoint]] does not ask for, and it need not handle; may be repeated",
    )


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print a line for each check; fail unless all went well."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.delivery.certification import certify  # noqa: PLC0415 - keeps --help quick

    del environ
    findings = asyncio.run(certify(arguments.url, arguments.secret, without=arguments.without))
    for one in findings:
        print(f"ok    {one.check}" if one.problem is None else f"WRONG {one.check}: {one.problem}")
    wrong = sum(one.problem is not None for one in findings)
    print(f"{len(findings) - wrong} of {len(findings)} checks went well")
    return Exit.FAILED if wrong else Exit.OK
