"""The report of the call that `fixtures/events/` shows: a golden example.

`python -m tests.archive.report_example` writes it anew, after a field was added on purpose.
"""

from pathlib import Path

from service.archive.report import CallDocument, make_document, write_report
from service.ports import StoredEvent
from service.wire.events import encode, read_timestamp
from tests.wire.builders import CALL, EVENTS, QUEUED_S, fact, readable

FILE = Path(__file__).parents[2] / "fixtures" / "reports" / "call.report.json"


def kept() -> list[StoredEvent]:
    """Return the events of that call, up to its completion, as its journal has them."""
    facts = [fact(event, at_s, seq) for seq, (at_s, event) in enumerate(EVENTS, start=1)]
    last = next(one.seq or 0 for one in facts if one.event.type == "transcript.completed")
    return [
        StoredEvent(CALL, one.seq or 0, one.event.type, encode(one, now=one.occurred_at + QUEUED_S))
        for one in facts[:last]
    ]


def example() -> bytes:
    """Return the report as it is sent."""
    events = kept()
    document = make_document(events)
    assert isinstance(document, CallDocument)
    return write_report(document, read_timestamp(events[-1].body))


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(readable(example()))
