"""A call in each codec, from a simulated Telnyx through everything to the receiver."""

from pathlib import Path
from typing import get_args

import av
import pytest
from structlog.testing import capture_logs

from service.ids import Track
from service.recogniser.models.networks import load_networks
from service.recogniser.server import open_recogniser
from service.simulator.speech.amr_wb import find_amr_wb
from service.simulator.speech.call_audio import read_call_audio
from tests.recogniser.harness import word_error_rate
from tests.service.harness import SCRIPT, finals, open_house
from tests.wire.speech import FIXTURES

AGENT = ["good morning how can I help", "yes", "yes"]
CUSTOMER = ["I would like to move my booking", "thank you so much goodbye"]
REAL_CALL = FIXTURES / "calls" / "real-call.json"
needs_library = pytest.mark.skipif(find_amr_wb() is None, reason="libvo-amrwbenc is not installed")
CODECS = [
    pytest.param({"codec": "PCMA"}, id="PCMA"),
    pytest.param({"codec": "G722"}, id="G722"),
    pytest.param({"codec": "L16"}, id="L16"),
    pytest.param({"codec": "L16", "l16_endian": "little"}, id="L16, little-endian"),
    pytest.param({"codec": "L16", "l16_rate_hz": 8000}, id="L16 at 8 kHz"),
    pytest.param({"codec": "OPUS"}, id="OPUS"),
    pytest.param({"codec": "OPUS", "frame_ms": 60}, id="OPUS of 60 ms"),
    pytest.param({"codec": "AMR-WB"}, id="AMR-WB", marks=needs_library),
    pytest.param(
        {"codec": "AMR-WB", "amr_wb_shape": "octet-aligned", "frame_ms": 40},
        id="AMR-WB, octet-aligned",
        marks=needs_library,
    ),
]


@pytest.mark.parametrize("media", CODECS)
async def test_every_word_arrives_in_every_codec(tmp_path: Path, media: dict[str, object]) -> None:
    """Whatever was asked for, that is what comes, and it is heard and recorded."""
    scenario = {"call": [{"say": SCRIPT}], "media": media}
    async with open_house(tmp_path / "j.db", scenario, source="media", record="audio") as house:
        await house.play()

    receipts = house.receiver.receipts
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)
    (recording,) = (tmp_path / "recordings").iterdir()
    with av.open(str(recording)) as container:
        assert container.streams.audio[0].channels == 2
        assert sum(f.samples / f.sample_rate for f in container.decode(audio=0)) > 10


async def test_the_fork_is_asked_for_as_the_route_says(tmp_path: Path) -> None:
    """And what Telnyx can transcode comes so, whatever the phone speaks."""
    scenario = {"call": [{"say": SCRIPT}], "media": {"phone_codec": "PCMA"}}
    async with open_house(
        tmp_path / "j.db", scenario, source="media", stream_codec="OPUS"
    ) as house:
        with capture_logs() as logs:
            await house.play()

    (started,) = [log for log in logs if log["event"] == "media_stream_started"]
    assert started["encoding"] == "OPUS"
    assert finals(house.receiver.receipts, "inbound") == CUSTOMER


@needs_library
async def test_silence_that_a_phone_does_not_send_moves_no_word(tmp_path: Path) -> None:
    """And is no gap: a mobile sends half as many frames, and every word is where it was said."""
    media = {"codec": "AMR-WB", "dtx": True}
    scenario = {"speed": 1.0, "call": [{"say": SCRIPT[:3]}], "media": media}
    async with open_house(tmp_path / "j.db", scenario, source="media") as house:
        await house.play()

    receipts = house.receiver.receipts
    starts = [one.data["start_ms"] for one in receipts if one.type == "transcript.final"]
    assert [at - starts[0] for at in starts] == [
        pytest.approx(at - 400, abs=150) for at in (400, 3000, 6000)
    ]
    assert "transcript.gap" not in {receipt.type for receipt in receipts}


async def test_a_codec_that_nobody_decodes_is_told_by_its_name(tmp_path: Path) -> None:
    """So that whoever reads it knows what to ask Telnyx for."""
    scenario = {"call": [{"say": SCRIPT}], "media": {"codec": "G729"}}
    async with open_house(tmp_path / "j.db", scenario, source="media") as house:
        await house.play()

    told = [receipt.data for receipt in house.receiver.receipts if receipt.data.get("code")]
    assert {(data["reason"], data["code"]) for data in told} == {("unsupported_codec", "G729")}


@pytest.mark.slow
@pytest.mark.speech
@pytest.mark.parametrize("codec", ["OPUS", pytest.param("AMR-WB", marks=needs_library)])
async def test_people_are_understood_in_coded_speech(tmp_path: Path, codec: str) -> None:
    """By our recogniser, as well as in PCMU (where it gets one word wrong more)."""
    call = {"recording": str(REAL_CALL), "linger_ms": 2000}
    scenario = {"speed": 3.0, "call": [call], "media": {"codec": codec}}
    async with (
        open_recogniser(networks=load_networks()) as recogniser,
        open_house(
            tmp_path / "j.db",
            scenario,
            {"recogniser_url": recogniser.url},
            source="media",
            engine="local",
        ) as house,
    ):
        await house.play()

    script = read_call_audio(REAL_CALL).script
    for track in get_args(Track):
        said = " ".join(one.text for one in script if one.track == track)
        heard = " ".join(finals(house.receiver.receipts, track))
        assert word_error_rate(said, heard) < 0.15
