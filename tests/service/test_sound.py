"""A card that is read out in a recorded call is not heard in what is kept; all other words are."""

import asyncio
import io
import re
import signal
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest

from service.demo.receiver import Receipt
from service.ids import CallId, Track
from service.recogniser.models.networks import load_networks
from service.recogniser.server import open_recogniser
from service.recording.recorder import file_name
from service.recording.wav import CHANNELS, HEADER_BYTES
from service.simulator.speech.audio import PCMU
from service.simulator.speech.call_audio import read_call_audio
from service.wire.audio import Decoder
from tests.redaction.oracle import digits_in
from tests.redaction.speech import UNITS
from tests.service.harness import House, open_house, settings_for
from tests.service.process import free_port, serving
from tests.service.test_stop import open_peers
from tests.wire.speech import FIXTURES

CARD_CALL = FIXTURES / "secrets" / "card-call.json"
KINDS = ["pci", "ssn", "phone", "email", "iban", "numbers"]
MU_LAW_BLOCK = len(CHANNELS)
MIN_UNDERSTOOD = 12
"""Of the sixteen digits: so many are heard where nothing is hidden."""


def plain(text: str) -> list[str]:
    """Return the words of a text, without case and punctuation."""
    return re.findall(r"[a-z']+|\d+", text.lower())


def channel(path: Path, track: Track) -> bytes:
    """Return one track of a recording in mu-law."""
    return path.read_bytes()[HEADER_BYTES:][CHANNELS.index(track) :: MU_LAW_BLOCK]


def as_wav(mu_law: bytes) -> bytes:
    """Return mu-law as a file of its own."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(Decoder("PCMU", 8000).decode(mu_law))
    return made.getvalue()


async def understood(url: str, mu_law: bytes) -> str:
    """Return what our recogniser hears in a track."""
    form = aiohttp.FormData()
    form.add_field("file", as_wav(mu_law), filename="a.wav", content_type="audio/wav")
    form.add_field("model", "local")
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{url}/v2/ai/audio/transcriptions", data=form) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["text"])


async def saved(house: House) -> Mapping[str, Any]:
    """Play the call; return the body of its `recording.saved`."""

    def found() -> list[Mapping[str, Any]]:
        return [one.data for one in house.receiver.receipts if one.type == "recording.saved"]

    await house.play()
    await house.watch.until(lambda: bool(found()))
    return found()[-1]


@pytest.mark.slow
@pytest.mark.speech
async def test_a_card_that_is_read_out_is_not_heard_in_the_recording(tmp_path: Path) -> None:
    """Whoever reads it, and whoever repeats it: not one digit; and every other word is there."""
    call = {"recording": str(CARD_CALL), "linger_ms": 2000}
    scenario = {"speed": 1.0, "call": [call]}  # as people speak: what is heard too late is silent
    async with open_recogniser(networks=load_networks()) as recogniser:
        async with open_house(
            tmp_path / "j.db",
            scenario,
            {"recogniser_url": recogniser.url},
            source="media",
            engine="local",
            record="audio",
            redact=KINDS,
        ) as house:
            data = await saved(house)
        path = tmp_path / "recordings" / file_name(CallId(data["call_id"]))
        heard = {
            track: await understood(recogniser.base_url, channel(path, track))
            for track in get_args(Track)
        }
        said_aloud = await understood(
            recogniser.base_url, read_call_audio(CARD_CALL).encoded("inbound", PCMU)
        )

    assert len(digits_in(said_aloud)) >= MIN_UNDERSTOOD, said_aloud
    script = read_call_audio(CARD_CALL).script
    for track, text in heard.items():
        said = [word for one in script if one.track == track for word in plain(one.text)]
        assert digits_in(text) == "", text
        missing = [word for word in said if word not in {*UNITS, *plain(text)}]
        assert missing == [], (missing, text)
    assert 5_000 < data["silenced_ms"] < 25_000


def held_back(receipts: Sequence[Receipt]) -> bool:
    """Whether a number is being read out."""
    return any(one.type == "transcript.partial" and one.data["redactions"] for one in receipts)


def hidden_in(finals: int) -> Callable[[Sequence[Receipt]], bool]:
    """Return what says whether something was hidden in so many finals."""

    def told(receipts: Sequence[Receipt]) -> bool:
        hidden = [one for one in receipts if one.type == "transcript.final"]
        return sum(bool(one.data["redactions"]) for one in hidden) >= finals

    return told


@pytest.mark.slow
@pytest.mark.speech
@pytest.mark.parametrize(
    ("when", "kept"),
    [(held_back, ""), (hidden_in(1), ""), (hidden_in(2), "thank you for calling")],
    ids=["reading", "read", "read back"],
)
async def test_a_service_that_is_killed_leaves_no_digit(
    tmp_path: Path, when: Callable[[Sequence[Receipt]], bool], kept: str
) -> None:
    """In the middle of the card, right after it, and when it was read back: none is on the disk.

    What was known by then is.
    """
    scenario = {"call": [{"recording": str(CARD_CALL)}]}
    async with (
        open_recogniser(networks=load_networks()) as recogniser,
        open_peers(scenario) as (telnyx, receiver, watch),
        asyncio.TaskGroup() as tasks,
    ):
        route = {"source": "media", "engine": "local", "record": "audio", "redact": KINDS}
        settings = dict(settings_for(telnyx, receiver, tmp_path / "j.db", **route))
        settings["recogniser_url"] = recogniser.url
        async with serving(tmp_path, settings, free_port()) as service:
            url = f"{service.url}/webhooks/telnyx"
            playing = tasks.create_task(telnyx.run(webhook_url=url))
            await watch.until(lambda: when(receiver.receipts), timeout_s=60)
            await service.stop(signal.SIGKILL)
        playing.cancel()
        (path,) = (tmp_path / "recordings").iterdir()
        heard = [
            await understood(recogniser.base_url, channel(path, track)) for track in get_args(Track)
        ]

    assert [digits_in(text) for text in heard] == ["", ""], heard
    assert kept in heard[1].lower()
