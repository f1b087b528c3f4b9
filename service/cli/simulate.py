"""`callscribe simulate`: a Telnyx to test your own integration against."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.common import (
    Commands,
    add_command,
    host,
    port,
    read_variable,
    seconds,
    url,
    whole_number,
)
from service.cli.recogniser import KEY_VARIABLE
from service.cli.simulate_advice import advise
from service.cli.simulate_words import PAGE, Words, add_words, count_words, open_words, show
from service.errors import CallscribeError, SettingsError
from service.exits import Exit

if TYPE_CHECKING:
    import aiohttp

    from service.simulator.report import CallReport, Report
    from service.simulator.server import Simulator
    from service.simulator.words.receiver import WordReceiver

_RETRY_S = 0.2
_PATIENCE_S = 2.0
_ASKED_S = 20.0
"""How long calls that are over are known, at most, to who is not told: streams just end for it."""


def add(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "simulate",
        run,
        "Be a Telnyx on this machine: print the settings to give to an application, wait until "
        "it listens, play the calls of a scenario, and tell how they went.",
    )
    parser.add_argument("scenario", type=Path, metavar="SCENARIO", help=f"a TOML file: {PAGE}")
    _add_addresses(parser)
    parser.add_argument(
        "--wait",
        type=seconds,
        default=120.0,
        metavar="SECONDS",
        help="how long to wait for the application (default: 120)",
    )
    parser.add_argument(
        "--seed",
        type=whole_number(0),
        metavar="N",
        help="in place of the scenario's: other calls. The same seed gives the same calls, which "
        "an application that kept its journal knows already",
    )
    add_words(parser)


def _add_addresses(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--webhook-url",
        type=url("http", "https"),
        required=True,
        metavar="URL",
        help="where the application takes webhooks",
    )
    parser.add_argument(
        "--public-url",
        type=url("http", "https"),
        metavar="URL",
        help="where Callscribe is reached, if webhooks go to another application in front of it "
        "(default: the host of --webhook-url)",
    )
    parser.add_argument("--host", type=host, default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=port, default=8092, help="default: 8092; 0 for any")
    parser.add_argument(
        "--recogniser-url",
        type=url("ws", "wss"),
        metavar="URL",
        help="have audio recognised there (callscribe recogniser) in place of the script",
    )


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Play the scenario; fail if the application left a webhook unanswered, or words are amiss."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from service.logs import set_up_logs  # noqa: PLC0415

    set_up_logs(sys.stderr)
    try:
        report, words = asyncio.run(_simulate(arguments, environ))
    except OSError as error:
        where = f"{arguments.host}:{arguments.port}"
        raise SettingsError([f"cannot listen on {where}: {error.strerror}"]) from None
    for number, call in enumerate(report.calls, start=1):
        print(f"call {number:>3}  {_outcome(call)}")
    if words is not None:
        print(f"\n{show(words)}")
    for line in advise(report):
        print(f"look at: {line}")
    wrong = any(_went_wrong(call) for call in report.calls) or (words and words.is_wrong)
    return Exit.FAILED if wrong else Exit.OK


async def _simulate(
    arguments: argparse.Namespace, environ: Mapping[str, str]
) -> tuple["Report", Words | None]:
    from service.simulator.scenario import load_scenario  # noqa: PLC0415 - keeps --help quick
    from service.simulator.server import open_simulator  # noqa: PLC0415

    scenario = load_scenario(arguments.scenario)
    if arguments.seed is not None:
        scenario = scenario.model_copy(update={"seed": arguments.seed})
    opening = open_simulator(
        scenario,
        target_webhook_url=arguments.webhook_url,  # the list of applications has it from now on
        host=arguments.host,
        port=arguments.port,
        recogniser_url=arguments.recogniser_url,
        recogniser_api_key=read_variable(environ, KEY_VARIABLE),
    )
    async with open_words(arguments, environ) as receiver, opening as simulator:
        _introduce(simulator, arguments.public_url or arguments.webhook_url, receiver)
        await _wait_for(arguments.webhook_url, arguments.wait)
        _tell(f"playing to {arguments.webhook_url}")
        report = await simulator.run()
        if arguments.public_url or any(call.texml for call in scenario.call):
            _tell("staying for whoever was not told by webhook that a call is over, to ask")
            await simulator.asked(_ASKED_S)
        return report, await count_words(receiver, report, arguments) if receiver else None


def _introduce(simulator: "Simulator", public_url: str, receiver: "WordReceiver | None") -> None:
    from urllib.parse import urlsplit  # noqa: PLC0415 - keeps --help quick

    # made of the scenario's seed: secrets of nobody, and the same on every run
    print(f"export TELNYX_API_KEY={simulator.api_key}")
    print(f"export TELNYX_PUBLIC_KEY={simulator.public_key}")
    print(f"export TELNYX_BASE_URL={simulator.url}")
    print(f"export TELNYX_STT_URL={simulator.stt_url}")
    # where its media sockets go: this simulator reaches the application here, the internet may not
    parts = urlsplit(public_url)
    print(f"export CALLSCRIBE_PUBLIC_URL={parts.scheme}://{parts.netloc}", flush=True)
    if receiver is not None:
        print(f"# post what you heard to {receiver.url}", flush=True)


def _tell(text: str) -> None:
    """Say how far it is, apart from the lines that are pasted."""
    print(text, file=sys.stderr, flush=True)


async def _wait_for(webhook_url: str, timeout_s: float) -> None:
    """Return once something listens where webhooks go, so that no call comes too early."""
    import asyncio  # noqa: PLC0415 - keeps --help quick

    import aiohttp  # noqa: PLC0415

    _tell(f"waiting up to {timeout_s:g} s for an application at {webhook_url}")
    try:
        async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as session:
            while True:
                if await _listens(session, webhook_url):
                    return
                await asyncio.sleep(_RETRY_S)
    except TimeoutError:
        raise CallscribeError(f"nothing came to listen there within {timeout_s:g} s") from None


async def _listens(session: "aiohttp.ClientSession", webhook_url: str) -> bool:
    """Say whether an application is there: `callscribe check`, which stands in for it, is none."""
    import aiohttp  # noqa: PLC0415 - keeps --help quick

    from service.cli.check.local_checks import STANDING_IN  # noqa: PLC0415

    patience = aiohttp.ClientTimeout(total=_PATIENCE_S)
    try:
        async with session.get(webhook_url, timeout=patience, allow_redirects=False) as answer:
            return STANDING_IN not in answer.headers
    except aiohttp.ClientConnectorError:
        return False
    except (aiohttp.ClientError, TimeoutError):
        return True  # somebody listens, and what it says to this is its own


def _outcome(call: "CallReport") -> str:
    taken = sum(fate.acknowledged for fate in call.webhooks)
    left = len(call.unacknowledged)
    return (
        f"{call.outcome}, {'answered' if call.answered else 'not answered'}: "
        f"webhooks taken {taken}, left {left}; "
        f"commands {len(call.commands)}, streams {len(call.streams)}"
    )


def _went_wrong(call: "CallReport") -> bool:
    return call.outcome == "failed" or bool(call.unacknowledged)
