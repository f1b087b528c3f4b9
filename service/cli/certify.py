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
        "Try a receiver of webhooks with all that may come, and say what it mishandles. It gets "
        "events of calls that never were. What becomes of an event that it took cannot be seen "
        "from outside: that it keeps each once, and all of an array, is for your own tests. An "
        "answer should take 3 s at most, which is a check of its own: an attempt may take "
        "timeout_s, but what is said next waits for it.",
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
        if one.problem is None:
            print(f"ok    {one.check}")
        else:
            print(f"WRONG {one.check}: {one.problem}" if one.tried else f"-     {one.check}")
    untried = [one.problem for one in findings if not one.tried]
    good = sum(one.problem is None for one in findings)
    also = f"; {len(untried)} were not tried (-): {untried[0]}" if untried else ""
    print(f"{good} of {len(findings)} checks went well{also}")
    return Exit.OK if good == len(findings) else Exit.FAILED
