"""What `callscribe simulate --words` adds: a receiver, and a table of the words that reached it."""

import argparse
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.cli.common import port, read_variable, seconds, whole_number
from service.errors import SettingsError

if TYPE_CHECKING:
    from service.simulator.report import Report
    from service.simulator.words.receiver import WordReceiver
    from service.simulator.words.tally import Tally

PAGE = "fixtures/scenarios/README.md"
SECRET_VARIABLE = "SIMULATE_WORDS_SECRET"  # noqa: S105 - where the secret is, not what
_RECEIVE = "127.0.0.1", 8093
_GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class Words:
    """What was counted, and what came of the posts."""

    tally: "Tally"
    receiver: "WordReceiver"
    complete: bool
    max_shift_ms: int

    @property
    def is_wrong(self) -> bool:
        """Whether something was lost untold, doubled or on the wrong track, or nothing was said."""
        total = self.tally.total
        return total.is_wrong or not total.said


def add_words(parser: argparse.ArgumentParser) -> None:
    """Let the command count words."""
    words = parser.add_argument_group(
        "words", f"What is read, and what is counted: {PAGE}, as everything a scenario may contain."
    )
    words.add_argument(
        "--words",
        action="store_true",
        help="take what the application heard, and count what it made of the words that were said; "
        "fails if any was lost without a gap, doubled, or on the wrong track",
    )
    words.add_argument(
        "--receive",
        type=_address,
        metavar="HOST:PORT",
        help=f"where it is posted (default: {_RECEIVE[0]}:{_RECEIVE[1]}; port 0 for any)",
    )
    words.add_argument(
        "--words-secret",
        metavar="whsec_…",
        help=f"take only what is signed with it (default: ${SECRET_VARIABLE}, if it is set)",
    )
    words.add_argument(
        "--grace",
        type=seconds,
        default=_GRACE_S,
        metavar="SECONDS",
        help="how long to wait after the last call for those that are not complete "
        f"(default: {_GRACE_S:g})",
    )
    words.add_argument(
        "--max-shift-ms",
        type=whole_number(0),
        default=1500,
        metavar="N",
        help="how far the offsets of a final may be off (default: 1500)",
    )


@asynccontextmanager
async def open_words(
    arguments: argparse.Namespace, environ: Mapping[str, str]
) -> AsyncIterator["WordReceiver | None"]:
    """Open the receiver that was asked for, or none.

    Raises:
        SettingsError: Nobody can listen there, or the secret cannot be read.
    """
    from service.simulator.words.receiver import open_word_receiver  # noqa: PLC0415 - quick --help

    if not arguments.words:
        if arguments.receive:
            raise SettingsError(["--receive: goes with --words"])
        yield None
        return
    host, number = arguments.receive or _RECEIVE
    secret = arguments.words_secret or read_variable(environ, SECRET_VARIABLE)
    async with AsyncExitStack() as stack:
        opening = open_word_receiver(host, number, secret=secret)
        try:
            receiver = await stack.enter_async_context(opening)
        except OSError as error:
            raise SettingsError([f"--receive {host}:{number}: {error.strerror}"]) from None
        yield receiver


async def count_words(
    receiver: "WordReceiver", report: "Report", arguments: argparse.Namespace
) -> Words:
    """Wait until every call is complete, or the grace time has passed; then count."""
    from asyncio import to_thread  # noqa: PLC0415 - keeps --help quick

    from service.simulator.words.tally import are_complete, tally  # noqa: PLC0415 - the same

    complete = await receiver.until(
        lambda: are_complete(report.calls, receiver.records), arguments.grace
    )
    bound = arguments.max_shift_ms
    counted = await to_thread(tally, report.calls, list(receiver.records), max_shift_ms=bound)
    return Words(counted, receiver, complete, bound)


def show(words: Words) -> str:
    """Return the table, and below it what else is to be known."""
    from service.simulator.words.table import table  # noqa: PLC0415 - keeps --help quick

    return "\n".join([table(words.tally), *_remarks(words)])


def _remarks(words: Words) -> Iterator[str]:
    receiver, total = words.receiver, words.tally.total
    told = {
        "whose signature was not valid": receiver.forged,
        "that could not be read": receiver.unreadable,
        "too large, too slow or too many": receiver.refused,
    }
    if total.said and not receiver.posts and not any(told.values()):
        yield f"nothing was posted to {receiver.url}: give the application an endpoint of that url"
        return
    yield f"{receiver.posts} posts" + "".join(f", {n} {what}" for what, n in told.items() if n)
    if receiver.repeated:
        yield f"{receiver.repeated} finals came again under their seq, which counts once"
    if words.tally.strangers:
        yield f"{words.tally.strangers} finals or gaps were of no call that was played"
    if total.shifted:
        yield f"shifted: words of finals that are more than {words.max_shift_ms} ms off"
    if not words.complete:
        yield "not every call was said to be complete within the grace time"
    if not total.said:
        yield "no word was said, so nothing is proved"


def _address(text: str) -> tuple[str, int]:
    """Read a host and a port (argparse type)."""
    host, _, number = text.rpartition(":")
    if not host or not number.isdecimal():
        raise argparse.ArgumentTypeError("should be HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), port(number)
