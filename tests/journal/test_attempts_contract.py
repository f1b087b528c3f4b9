"""Attempts as they are kept: what a receiver said of itself is anything at all."""

import pytest
from msgspec.structs import replace

from service.ports import Journal
from tests.journal.builders import CALL, attempt, call_with, said, started


@pytest.mark.parametrize("answer", ["a\0b", "\0", "\x1b[2J", "\ufffd", "📞" * 400, "'; --"])
async def test_what_a_receiver_said_holds_nothing_up(journal: Journal, answer: str) -> None:
    """Attempts are kept, its own and those beside it, and so is what is committed with them."""
    await journal.commit(call_with(started(), said(2, "hello")))

    await journal.keep_attempts(
        [attempt(CALL, 1.0), replace(attempt(CALL, 2.0), answer=answer), attempt(CALL, 3.0)]
    )

    kept = await journal.attempts(CALL, limit=9)
    assert [one.made_at for one in kept] == [3.0, 2.0, 1.0]
    assert kept[1].answer in {answer, answer.replace("\0", "\ufffd")}
