"""The engine's sessions drop all the time, and people are understood as if they did not."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from service.ids import Track
from service.recogniser.models.networks import load_networks
from service.recogniser.server import open_recogniser
from service.simulator.speech.call_audio import read_call_audio
from tests.recogniser.harness import word_error_rate
from tests.service.harness import finals, open_house
from tests.wire.speech import FIXTURES

REAL_CALL = FIXTURES / "calls" / "real-call.json"
ONE_POINT = 0.01


async def heard(journal: Path, recogniser_url: str, stt: Mapping[str, object]) -> float:
    """Play recordings of people to our recogniser behind a simulated Telnyx; return the WER."""
    call = {"recording": str(REAL_CALL), "linger_ms": 2000}
    scenario = {"speed": 1.0, "call": [call], "stt": stt}
    async with open_house(
        journal, scenario, None, recogniser_url, source="media", engine="Deepgram"
    ) as house:
        await house.play()

    script = read_call_audio(REAL_CALL).script
    said, words = [], []
    for track in get_args(Track):
        said += [one.text for one in script if one.track == track]
        words += finals(house.receiver.receipts, track)
    return word_error_rate(" ".join(said), " ".join(words))


@pytest.mark.slow
@pytest.mark.speech
async def test_a_drop_every_five_seconds_costs_no_word(tmp_path: Path) -> None:
    """Within one point of what is got wrong on a line that never breaks."""
    drops = {"session_limit_s": 5, "close_code": 1006}
    async with open_recogniser(networks=load_networks()) as recogniser:
        undisturbed, dropped = await asyncio.gather(
            heard(tmp_path / "a.db", recogniser.url, {}),
            heard(tmp_path / "b.db", recogniser.url, drops),
        )

    assert dropped <= undisturbed + ONE_POINT, (undisturbed, dropped)
