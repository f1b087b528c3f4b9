"""What is read of what an application posts."""

import json
from pathlib import Path

import pytest

from service.errors import BadInputError
from service.simulator.words.records import Completed, Final, Gap, Record, parse_records
from service.simulator.words.spans import Span

EVENTS = Path(__file__).parents[3] / "fixtures/events"
LINE = {"call_id": "c", "role": "agent", "start_ms": 1.4, "end_ms": 2, "text": "a1", "seq": 3}


def read(event: object) -> list[Record]:
    """Read an event."""
    return parse_records(json.dumps(event).encode())


def test_every_event_of_ours_is_read_or_left_alone() -> None:
    """Finals, gaps and the end are read; partials and all others are nothing to count."""
    records = [one for path in sorted(EVENTS.iterdir()) for one in parse_records(path.read_bytes())]

    assert [type(record) for record in records] == [Completed, Final, Gap]
    assert records[1] == Final(
        call="428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
        speaker="customer",
        text="I'd like to change my booking.",
        seq=6,
        start_ms=8420,
        end_ms=10380,
        leg="v3:golden-example-leg",
    )


def test_one_event_several_in_an_array_and_one_on_each_line_are_the_same() -> None:
    """With fields of their own or under `data`."""
    expected = Final(call="c", speaker="agent", text="a1", seq=3, start_ms=1, end_ms=2)
    line = json.dumps(LINE).encode()
    under_data = {"type": "transcript.final", "data": LINE}

    assert read(LINE) == read(under_data) == [expected]
    assert read([LINE, under_data]) == parse_records(line + b"\n\r\n" + line) == [expected] * 2


@pytest.mark.parametrize(
    ("fields", "speaker"),
    [
        ({"track": "inbound"}, "customer"),
        ({"track": "outbound"}, "agent"),
        ({"track": "outbound", "role": "customer"}, "customer"),
        ({"track": "outbound", "role": "clerk"}, "agent"),
        ({"role": "clerk"}, None),
        ({}, None),
    ],
)
def test_whoever_speaks_is_known_by_role_or_by_track(
    fields: dict[str, str], speaker: str | None
) -> None:
    """A role of another name says nothing here."""
    (record,) = read({"text": "a1", **fields})

    assert record == Final(call=None, speaker=speaker, text="a1")  # type: ignore[arg-type] # one


def test_a_gap_of_nobody_is_of_both() -> None:
    """A leg names its call as well as an id of the call."""
    assert read({"type": "transcript.gap", "leg": "v3:x", "start_ms": 5, "end_ms": 9}) == [
        Gap(call="v3:x", speaker=None, span=Span(5, 9), leg="v3:x")
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b'{"text": "a1"}\n{"text": ',
        b"[" * 100_000,
        b'{"role": "agent"}',
        b'{"text": 5}',
        b'{"text": "a1", "start_ms": "soon"}',
        b'{"text": "a1", "start_ms": 1e300}',
        b'{"type": "transcript.gap", "start_ms": 5}',
        b'{"type": "transcript.final", "data": null}',
    ],
)
def test_what_cannot_be_read_is_an_error_that_quotes_nothing(body: bytes) -> None:
    """An empty body says nothing, and is none."""
    if not body:
        assert parse_records(body) == []
        return
    with pytest.raises(BadInputError) as failure:
        parse_records(body)

    assert "a1" not in str(failure.value)
    assert "soon" not in str(failure.value)
