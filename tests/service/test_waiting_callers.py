"""Callers who wait: in a queue for the first agent, and on hold for the one they have."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.service.parties import ROUTES, check_parties
from tests.service.virtual_time import in_virtual_time


@pytest.mark.parametrize("source", ROUTES)
@pytest.mark.parametrize(
    ("name", "kinds", "roles"),
    [
        pytest.param(
            "queue-then-agent", ["call.bridged"], ["customer", "agent"], id="queue-then-agent"
        ),
        pytest.param(
            "hold-and-retrieve",
            ["call.bridged", "call.held", "call.resumed", "call.dtmf"],
            ["customer", "agent"],
            id="hold-and-retrieve",
        ),
    ],
)
@in_virtual_time
async def test_every_word_has_its_role(
    tmp_path: Path, name: str, kinds: Sequence[str], roles: Sequence[str], source: str
) -> None:
    """Word by word; who was there is told, as they come and at the end, and no leg is left over."""
    await check_parties(tmp_path, name, source, kinds=kinds, roles=roles)
