"""What drops cost in words: calls heard by a real engine that is cut off every five seconds."""

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from service.app import running
from service.demo.demo_call import DemoCall, choose_call
from service.demo.findings import judge
from service.demo.options import Options
from service.demo.play import settings_of
from service.demo.receiver import open_receiver
from service.demo.wer import Score
from service.ingress.limits import MediaLimits
from service.ingress.webhook_route import PATH
from service.recogniser.process.parent import open_recogniser_process
from service.settings import Settings
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from service.simulator.speech.script import SPEAKER_OF
from tests.bench.table import Row

CUT_EVERY_S: Final = 5.0
_SHIFT_S: Final = 0.23
"""By how much longer the sessions of the next round last: each is cut at other words."""
_PATIENCE_S: Final = 90.0


async def measure(*, rounds: int, real: tuple[bool, ...] = (False, True)) -> list[Row]:
    """Play the demo's calls, of synthetic voices and of people, with drops and without."""
    rows = []
    for people in real:
        call = await asyncio.to_thread(choose_call, Options(real=people))
        whole = _sum([await _score(call, {}) for _ in range(rounds)])
        cut = _sum([await _score(call, _cut(number)) for number in range(rounds)])
        who = "people" if people else "synthetic voices"
        rows.append(
            Row(
                f"words wrong, cut every 5 s: {who}, {rounds} x {call.duration_s:.0f} s",
                _said(cut),
                _said(whole),
                None,
                "1 point more",
            )
        )
    return rows


def _cut(number: int) -> Mapping[str, object]:
    return {"session_limit_s": CUT_EVERY_S + number * _SHIFT_S, "close_code": 1006}


async def _score(call: DemoCall, faults: Mapping[str, object]) -> Score:
    """Play a call in real time; return how many of its words are wrong."""
    plan = {"recording": str(call.path.resolve()), "hangs_up": "caller"}
    scenario = parse_scenario({"recogniser": "relay", "stt": faults, "call": [plan]})
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="callscribe-seams-"))
        recogniser = await enter(open_recogniser_process(quiet=True))
        receiver = await enter(open_receiver(lambda _: None))
        telnyx = await enter(open_simulator(scenario, recogniser_url=recogniser.url))
        made = settings_of(
            Options(),
            telnyx,
            receiver,
            recogniser_url=recogniser.url,
            journal=Path(folder) / "j.db",
        )
        service = await enter(running(_by_telnyx(made), media_limits=MediaLimits()))
        async with asyncio.timeout(call.duration_s + _PATIENCE_S):
            await telnyx.run(webhook_url=service.url + PATH)
            await receiver.completed.wait()
        tracks = len(SPEAKER_OF)
        assert not faults or len(telnyx.history.sessions) > 2 * tracks, "nothing was cut"
        score = judge(receiver, script=call.script, real_time=True).score
        assert score is not None, "what is said in these calls is known"
        return score


def _by_telnyx(settings: Settings) -> Settings:
    """Have the words come by the simulated Telnyx, which can be cut off."""
    ((number, route),) = settings.route.items()
    by_telnyx = route.model_copy(update={"engine": "Deepgram", "model": "nova-3", "record": "none"})
    return settings.model_copy(update={"route": {number: by_telnyx}})


def _sum(scores: list[Score]) -> Score:
    return Score(sum(one.errors for one in scores), sum(one.words for one in scores))


def _said(score: Score) -> str:
    return f"{score.rate:.1%}: {score.errors} of {score.words}"
