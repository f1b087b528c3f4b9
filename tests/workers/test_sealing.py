"""What workers leave each other in the database can be read by workers only."""

from collections.abc import Callable

import pytest

from service.errors import JournalTooNewError
from service.workers.sealing import Seal

WORDS = b"my social security number is 078 05 1120"


def test_what_was_sealed_is_opened_by_who_has_the_same_api_key() -> None:
    """All workers have it."""
    sealed = Seal("KEY1").close(WORDS)
    assert Seal("KEY1").open(sealed) == WORDS
    assert b"078" not in sealed
    assert Seal("KEY1").close(WORDS) != sealed


@pytest.mark.parametrize("change", [lambda it: it[:-1], lambda it: b"x" + it[1:], lambda _: b""])
def test_what_is_damaged_is_not_opened(change: Callable[[bytes], bytes]) -> None:
    """Nor is it taken for a webhook."""
    with pytest.raises(JournalTooNewError):
        Seal("KEY1").open(change(Seal("KEY1").close(WORDS)))


def test_another_api_key_opens_nothing() -> None:
    """The error says what to look for."""
    with pytest.raises(JournalTooNewError, match="another Telnyx API key"):
        Seal("KEY2").open(Seal("KEY1").close(WORDS))
