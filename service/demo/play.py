"""The demo: every part of the service on this machine, one call, and a verdict."""

import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop
from rich.console import Console
from rich.text import Text

from service.app import running
from service.demo.console_link import browse, make_link
from service.demo.demo_call import DemoCall, choose_call
from service.demo.findings import Findings, judge
from service.demo.options import Options
from service.demo.receiver import Receiver, open_receiver
from service.demo.screen import Screen, open_screen
from service.demo.summary import print_summary
from service.errors import SettingsError
from service.exits import Exit
from service.ingress.limits import MediaLimits
from service.ingress.webhook_route import PATH as WEBHOOK_PATH
from service.logs import set_up_logs
from service.reasons import system_fault
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_recogniser_process
from service.settings import Settings
from service.simulator.scenario import Scenario, parse_scenario
from service.simulator.server import Simulator, open_simulator

FAST = 4.0
"""How many times faster than people talk: two tracks leave a small machine room to breathe."""
PATIENCE_S = 60.0
"""For everything but the talk itself: ringing, the last words, the last deliveries."""
STOP_S = 5.0
"""For what is still going on when somebody presses Ctrl-C."""


@dataclass(frozen=True, slots=True)
class _Parts:
    telnyx: Simulator
    receiver: Receiver
    webhook_url: str
    link: str
    """The console's address, with a token."""


def run(options: Options) -> int:
    """Play the call, show it, print the summary; return 0 only if everything arrived.

    On a terminal the console stays open afterwards, until Ctrl-C. During the call that stops
    every part in order and raises `KeyboardInterrupt`.

    Raises:
        SettingsError: The recording, the journal's place or the recogniser cannot be used.
    """
    set_up_logs(sys.stderr, level=logging.ERROR)
    return uvloop.run(play(options, Console()))


async def play(options: Options, console: Console) -> int:
    """Do what `run` does, on this event loop, and print to `console`."""
    call = await asyncio.to_thread(choose_call, options)
    with _journal(options) as journal:
        return await _play(call, options, journal, console)


async def _play(call: DemoCall, options: Options, journal: Path, console: Console) -> int:
    minutes, seconds = divmod(round(call.duration_s), 60)
    console.print(Text(f"{call.label} ({minutes}:{seconds:02})", style="bold"))
    console.print(
        Text("starting a recogniser, a simulated Telnyx, the service, a receiver \u2026", "dim")
    )
    live = console.is_terminal and not options.once
    speed = FAST if options.fast else 1.0
    with open_screen(console, live=live) as screen:
        async with _open_parts(call, options, journal, screen, speed=speed) as parts:
            conclude = partial(
                _conclude,
                call,
                parts.receiver,
                console,
                real_time=not options.fast,
                journal=options.journal,
            )
            console.print(Text.assemble("console  ", (parts.link, "cyan")), soft_wrap=True)
            if live and options.browser:
                await asyncio.to_thread(browse, parts.link)
            await _perform(call, parts, speed=speed)
            if live:
                findings = conclude()
                console.print(Text("The console stays open until you press Ctrl-C.", "bold"))
                await _until_signal()
    if not live:  # judged after the drain: it may still have brought something
        findings = conclude()
    return _verdict(findings)


def _conclude(
    call: DemoCall, receiver: Receiver, console: Console, *, real_time: bool, journal: Path | None
) -> Findings:
    findings = judge(receiver, script=call.script, real_time=real_time)
    print_summary(console, findings, journal=journal)
    return findings


async def _until_signal() -> None:
    """Wait for Ctrl-C or SIGTERM, which are an orderly end now."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    try:
        await stop.wait()
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(one)


def _verdict(findings: Findings) -> int:
    return Exit.FAILED if findings.problems else Exit.OK


async def _perform(call: DemoCall, parts: _Parts, *, speed: float) -> None:
    """Play the call to its end; what has not arrived soon after it is what the findings tell."""
    with suppress(TimeoutError):
        async with asyncio.timeout(call.duration_s / speed + PATIENCE_S):
            await parts.telnyx.run(webhook_url=parts.webhook_url)
            await parts.receiver.completed.wait()


@asynccontextmanager
async def _open_parts(
    call: DemoCall, options: Options, journal: Path, screen: Screen, *, speed: float
) -> AsyncIterator[_Parts]:
    """Open recogniser, receiver, simulator and service; the service drains while they listen."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        recogniser = await enter(
            open_recogniser_process(ProcessSettings(model=options.model), quiet=True)
        )
        receiver = await enter(open_receiver(screen.show))
        telnyx = await enter(
            open_simulator(scenario_of(call, speed=speed), recogniser_url=recogniser.url)
        )
        settings = settings_of(
            options, telnyx, receiver, recogniser_url=recogniser.url, journal=journal
        )
        service = await enter(running(settings, media_limits=MediaLimits(speed=speed)))
        link = await make_link(service.url, settings.database_url)
        yield _Parts(telnyx, receiver, service.url + WEBHOOK_PATH, link)


def scenario_of(call: DemoCall, *, speed: float) -> Scenario:
    """Return a scenario of this one call, whose audio is recognised for real."""
    plan = {"recording": str(call.path.resolve()), "hangs_up": "caller"}
    return parse_scenario({"speed": speed, "recogniser": "relay", "call": [plan]})


def settings_of(
    options: Options,
    telnyx: Simulator,
    receiver: Receiver,
    *,
    recogniser_url: str,
    journal: Path,
) -> Settings:
    """Return the settings a newcomer would write, with this machine in Telnyx's place."""
    media = options.source == "media"
    route = {
        "source": options.source,
        # in the call, "Telnyx" is the engine that is documented to say who spoke
        "engine": "local" if media else "Telnyx",
        "interim_results": media,
        "record": "audio" if media else "none",
        "roles": {"inbound": "customer", "outbound": "agent"},
        "endpoints": ["demo"],
    }
    endpoint = {
        "name": "demo",
        "type": "webhook",
        "url": receiver.url,
        "secret": receiver.secret,
        "partials": "all",
        "allow_private": True,
    }
    tree = {
        "listen": "127.0.0.1:0",
        "database_url": f"sqlite:///{journal}",
        "drain_timeout_s": STOP_S,
        "telnyx_api_key": telnyx.api_key,
        "telnyx_public_key": telnyx.public_key,
        "telnyx_base_url": telnyx.url,
        "telnyx_stt_url": telnyx.stt_url,
        "recogniser_url": recogniser_url,
        "route": [route],
        "endpoint": [endpoint],
    }
    return Settings.model_validate(tree)


def _expect_new(journal: Path) -> None:
    try:
        made = journal.exists()
    except OSError as error:  # a name that is too long, a folder that is closed
        raise SettingsError([f"--journal {journal}: {system_fault(error)}"]) from error
    if made:
        raise SettingsError([f"--journal {journal}: is there already; name a new file"])


@contextmanager
def _journal(options: Options) -> Iterator[Path]:
    """Give the place of the journal: never where there is one, which may have calls in it.

    One that nobody named goes in the end, with what people said in it.
    """
    if options.journal is not None:
        _expect_new(options.journal)
        yield options.journal.absolute()
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="callscribe-demo-")
    except OSError as error:
        problem = "there is no place for temporary files; name one with --journal"
        raise SettingsError([problem]) from error
    with folder as path:
        yield Path(path) / "callscribe.db"
