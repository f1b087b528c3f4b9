"""Callers who are in a conference: three people hear each other, each on a leg of their own."""

from pathlib import Path

import pytest

from tests.service.parties import ROUTES, check_parties
from tests.service.virtual_time import in_virtual_time


@pytest.mark.parametrize("source", ROUTES)
@in_virtual_time
async def test_every_word_has_its_role(tmp_path: Path, source: str) -> None:
    """Word by word; who was there is told, as they come and at the end, and no leg is left over."""
    await check_parties(
        tmp_path,
        "conference-of-three",
        source,
        kinds=["call.bridged", *["conference.joined"] * 3],
        roles=["customer", "agent", "agent"],
    )
