"""Callers who are handed on to somebody else, with or without a word between the two."""

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
            "blind-transfer",
            ["call.bridged", "call.bridged", "call.transferred"],
            ["customer", "agent", "agent"],
            id="blind-transfer",
        ),
        pytest.param(
            "consult-transfer",
            [
                "call.bridged",
                "call.held",
                "call.bridged",
                "call.resumed",
                "call.bridged",
                "call.transferred",
            ],
            ["customer", "agent", "agent"],
            id="consult-transfer",
        ),
    ],
)
@in_virtual_time
async def test_every_word_has_its_role(
    tmp_path: Path, name: str, kinds: Sequence[str], roles: Sequence[str], source: str
) -> None:
    """Word by word; who was there is told, as they come and at the end, and no leg is left over."""
    await check_parties(tmp_path, name, source, kinds=kinds, roles=roles)
