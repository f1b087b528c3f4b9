"""What workers leave each other in the database can be read by workers only."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from service.errors import JournalTooNewError
from service.ids import CallId, InputId
from service.ports import Roster
from service.workers.lease import WorkerLease
from service.workers.likeness import Likeness
from service.workers.mail import decode
from service.workers.mailbox import Mailbox
from service.workers.membership import Membership
from service.workers.sealing import Seal
from tests.calls.harness import CALL, T0, said

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


@dataclass
class Table:
    """The mail as the database has it."""

    bodies: list[bytes] = field(default_factory=list)

    async def send(self, call_id: CallId, input_id: InputId, body: bytes) -> None:
        """Keep it."""
        del call_id, input_id
        self.bodies.append(body)


async def test_words_that_wait_for_another_worker_are_sealed() -> None:
    """No route has redacted them yet, and a table's dead rows and log are kept for long."""
    table, seal = Table(), Seal("KEY1")
    roster = cast("Roster", table)
    member = Membership(roster, WorkerLease(), "http://here", Likeness({}))
    mailbox = Mailbox(roster, member, seal)
    words = said(WORDS.decode(), T0)
    await mailbox.send(CALL, words)

    (body,) = table.bodies
    assert b"078 05" not in body
    assert decode(seal.open(body)) == words
