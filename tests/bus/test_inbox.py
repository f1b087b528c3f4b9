"""What is heard, in whatever state it comes."""

import msgspec
import pytest

from service.bus.counters import BusCounters
from service.bus.inbox import Inbox
from service.bus.interests import Interests
from service.bus.outbox import Outbox
from service.ids import WorkerId
from tests.bus.builders import HERE, THERE, partial
from tests.bus.peers import KeptListener


def open_inbox() -> tuple[Inbox, KeptListener, BusCounters]:
    """Return an inbox and what it tells."""
    heard, counters = KeptListener(), BusCounters()
    return Inbox(HERE, heard, counters, Interests(lambda: 0.0)), heard, counters


@pytest.mark.parametrize(
    "payload", [b"", "", "{}", b"\xff\xfe", "[1]", '{"worker": 1}', '"' + "x" * 10_000, "null"]
)
def test_what_cannot_be_read_is_counted(payload: bytes | str) -> None:
    """Anybody who may use the database can notify."""
    inbox, heard, counters = open_inbox()
    inbox.receive(payload)

    assert counters.dropped == {"unreadable": 1}
    assert not heard.order


def test_what_a_newer_version_adds_is_passed_over() -> None:
    """The rest is heard."""
    inbox, heard, _ = open_inbox()
    outbox = Outbox(THERE, BusCounters())
    outbox.partial(partial("p"))
    told = msgspec.json.decode(outbox.pack(8_000)[0])
    told["partials"][0].append("more")
    inbox.receive(msgspec.json.encode({**told, "colour": "red"}))

    assert heard.ids == ["p"]


def test_a_commit_that_went_unheard_is_told_with_the_next_message() -> None:
    """By the count of commits; and what was missed is counted."""
    inbox, heard, counters = open_inbox()
    outbox = Outbox(THERE, BusCounters())
    payloads = []
    for name in ("a", "b", "c"):
        outbox.partial(partial(name))
        outbox.committed()
        payloads += outbox.pack(8_000)
    outbox.partial(partial("d"))
    payloads += outbox.pack(8_000)
    inbox.receive(payloads[0])
    inbox.receive(payloads[2])
    inbox.receive(payloads[3])

    assert heard.order == ["committed", "a", "committed", "c", "d"]
    assert counters.dropped["missed"] == 1


def test_very_many_workers_come_and_go() -> None:
    """Only so many are remembered."""
    inbox, heard, _ = open_inbox()
    for number in range(3_000):
        outbox = Outbox(WorkerId(f"w{number}"), BusCounters())
        outbox.committed()
        outbox.nudge(HERE)
        inbox.receive(outbox.pack(8_000)[0])

    assert heard.commits == heard.nudges == 3_000
