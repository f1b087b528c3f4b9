"""A crew that has the audio of calls, in which numbered words are said, and who counts them."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey

from service.simulator.report import CallReport
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from service.simulator.words.count import Count
from service.simulator.words.receiver import WordReceiver, open_word_receiver
from service.simulator.words.tally import are_complete, tally
from tests.chaos.receiver import Receiver, open_receiver
from tests.chaos.service import endpoint, settings_of
from tests.chaos.telnyx import API_KEY
from tests.workers.crew import Crew, open_crew
from tests.workers.peers import open_balancer

ROUTE = {
    "source": "media",
    "engine": "Deepgram",
    "model": "nova-3",
    "roles": {"inbound": "customer", "outbound": "agent"},
}
MAX_SHIFT_MS = 1_500
_EVERY_S = 0.1
"""Between the beginnings of calls."""
_WEBHOOKS = {"timeout_s": 10, "retries_s": [0.5, 1, 2, 4, 8]}
"""The balancer takes its time to find out who is away."""
_LOOK_S = 0.1


@dataclass(slots=True)
class Studio(Crew):
    """Workers behind a balancer; `words` and `receiver` are told everything."""

    words: WordReceiver
    receiver: Receiver
    webhook_url: str
    port: int
    """Where Telnyx is, as long as calls are played."""
    key: SigningKey
    held: socket.socket
    """Keeps others off the port as long as none are."""
    calls: set[str] = field(default_factory=set)
    """All that were played."""
    count: Count = field(default_factory=Count)
    wrong: list[str] = field(default_factory=list)
    """The calls of whose words some were lost untold, doubled, or on the wrong track."""

    @asynccontextmanager
    async def playing(self, calls: int, talk_s: float, seed: int) -> AsyncIterator[None]:
        """Play so many calls, from when all are heard; wait for their ends, and count words."""
        talk = {"count": calls, "every_s": _EVERY_S, "numbered": {"duration_s": talk_s}}
        scenario = parse_scenario({"seed": seed, "call": [talk], "webhooks": _WEBHOOKS})
        self.held.close()
        async with open_simulator(
            scenario, port=self.port, api_key=API_KEY, signing_key=self.key
        ) as telnyx:
            run = asyncio.create_task(telnyx.run(webhook_url=self.webhook_url), name="play")
            try:
                await _heard(telnyx, calls)
                yield
                report = await run
            finally:
                run.cancel()
            self.calls |= {call.call_id for call in report.calls}
            await self._complete(report.calls)
        self.held = _hold(self.port)
        counted = tally(report.calls, self.words.records, max_shift_ms=MAX_SHIFT_MS)
        self.count.add(counted.total)
        self.wrong += (
            f"{report.calls[number - 1].call_id} of lot {seed}: {count}"
            for number, count in counted.calls.items()
            if count.is_wrong
        )
        self.words.records.clear()

    async def _complete(self, calls: tuple[CallReport, ...], timeout_s: float = 60.0) -> None:
        """Return once everything of these calls has come everywhere, or a while later."""
        await self.words.until(lambda: are_complete(calls, self.words.records), timeout_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.calls <= self.receiver.whole:
                    self.receiver.came.clear()
                    await self.receiver.came.wait()


def _hold(port: int = 0) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("127.0.0.1", port))
    return one


async def _heard(telnyx: Simulator, calls: int) -> None:
    """Return once there is audio of each call."""
    async with asyncio.timeout(60):
        while sum(stream.frames > 0 for stream in telnyx.history.streams) < calls:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def open_studio(
    folder: Path, databases: Sequence[str], program: Sequence[str], *, older: Path | None = None
) -> AsyncIterator[Studio]:
    """Start a worker for each of these ways to a database, all but the first `older` ones."""
    dice = random.Random("studio")  # noqa: S311 - to be played again
    key, held = SigningKey(dice.randbytes(32)), _hold()
    port = int(held.getsockname()[1])
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        receiver = await enter(open_receiver(dice))
        words = await enter(open_word_receiver(secret=receiver.secret))
        secrets = {
            "TELNYX_API_KEY": API_KEY,
            "TELNYX_PUBLIC_KEY": key.verify_key.encode(Base64Encoder).decode(),
            "TELNYX_BASE_URL": f"http://127.0.0.1:{port}/v2",
            "TELNYX_STT_URL": f"ws://127.0.0.1:{port}/v2/speech-to-text/transcription",
        }
        rows = [
            endpoint("crm", receiver.url, receiver.secret, {}),
            endpoint("words", words.url, receiver.secret, {}),
        ]
        settings = settings_of(folder, rows)
        settings["route"]["0"] |= ROUTE
        workers = await enter(
            open_crew(folder, databases, settings, secrets, program=program, older=older)
        )
        balancer = await enter(open_balancer([one.url for one in workers]))
        url = f"{balancer}/webhooks/telnyx"
        studio = Studio(workers, databases[-1], words, receiver, url, port, key, held)
        try:
            yield studio
        finally:
            studio.held.close()
