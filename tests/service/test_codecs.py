"""A call in each codec, from a simulated Telnyx through everything to the receiver."""

from pathlib import Path

import pytest

from tests.service.harness import SCRIPT, finals, open_house

AGENT = ["good morning how can I help", "yes", "yes"]
CUSTOMER = ["I would like to move my booking", "thank you so much goodbye"]
CODECS = {
    "PCMU": {"codec": "PCMU"},
    "PCMA": {"codec": "PCMA"},
    "G722": {"codec": "G722"},
    "L16": {"codec": "L16"},
    "L16, little-endian": {"codec": "L16", "l16_endian": "little"},
    "L16 at 8 kHz": {"codec": "L16", "l16_rate_hz": 8000},
    "OPUS": {"codec": "OPUS"},
    "OPUS, 60 ms": {"codec": "OPUS", "frame_ms": 60},
    "AMR-WB": {"codec": "AMR-WB"},
    "AMR-WB, octet-aligned, 40 ms": {
        "codec": "AMR-WB", "amr_wb_shape": "octet-aligned", "frame_ms": 40,
    },
}  # fmt: skip


@pytest.mark.parametrize("codec", CODECS)
async def test_every_word_arrives_in_every_codec(tmp_path: Path, codec: str) -> None:
    """Whatever was asked for, that is what comes, and it is heard."""
    scenario = {"call": [{"say": SCRIPT}], "media": CODECS[codec]}
    async with open_house(tmp_path / "j.db", scenario, source="media") as house:
        await house.play()

    receipts = house.receiver.receipts
    assert (finals(receipts, "outbound"), finals(receipts, "inbound")) == (AGENT, CUSTOMER)
