"""The document of a complete call."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # has no types

from service.api.report_schema import report_schema
from service.archive.report import CallDocument, make_document
from service.archive.report_parts import ReportedPause
from service.archive.reports import CallReports
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, StoredEvent
from tests.archive.builders import final, stored
from tests.archive.report_example import FILE, example, kept
from tests.wire.builders import CALL, readable

COMPLETED = {"occurred_at": "2026-11-22T10:00:45.900Z", "metadata": {"queue": "x"}, "words": 4}


def completed(seq: int) -> StoredEvent:
    """Return the end of a call's books."""
    return stored(seq, "transcript.completed", **COMPLETED)


def entry(events: Sequence[StoredEvent], *, version: int) -> Entry:
    """Return a change of the call that adds these events."""
    return Entry(call_id=CALL, version=version, epoch=1, state=b"", events=tuple(events))


def document(*events: StoredEvent) -> CallDocument:
    """Return the document of a complete call."""
    made = make_document(events)
    assert made is not None
    return made


def test_a_report_is_written_as_its_golden_example() -> None:
    """Names, their order and nulls are what `fixtures/reports/` shows."""
    assert readable(example()) == FILE.read_bytes()


def test_the_golden_example_fits_the_schema() -> None:
    """And has no field that the schema does not describe."""
    schema = report_schema()
    Draft202012Validator.check_schema(schema)
    report = json.loads(FILE.read_bytes())

    Draft202012Validator(schema).validate(report)
    assert set(report["data"]) == set(schema["$defs"]["CallDocument"]["properties"])


def test_every_word_gap_and_pause_of_the_events_is_in_the_report() -> None:
    """With the words' own times, and where every second of each track went."""
    report = json.loads(example())["data"]
    events = [json.loads(one.body)["data"] for one in kept()]
    finals = [one for one in events if "utterance_id" in one]

    assert [one["text"] for one in report["utterances"]] == [one["text"] for one in finals]
    assert report["utterances"][0]["words"] == finals[0]["words"]
    assert [one["reason"] for one in report["gaps"]] == ["buffer_full"]
    assert report["pauses"] == [{"start_ms": 33000, "end_ms": 38500, "reason": "card_payment"}]
    assert report["coverage"]["inbound"]["lost_reasons"] == {"buffer_full": 1040}
    assert report["recording"]["silenced_ms"] == 4300


def test_there_is_no_document_before_the_call_is_complete() -> None:
    """Nor of one that was erased."""
    assert make_document([final(1, "Hello.")]) is None
    assert make_document([stored(9, "transcript.erased", reason="api")]) is None


def test_what_was_said_late_stands_where_it_was_said() -> None:
    """An utterance without a time stays behind the one before it."""
    made = document(
        final(1, "Second.", 900, 1_400),
        final(2, "Untimed."),
        final(3, "First.", 100, 800),
        completed(4),
    )

    assert [one.text for one in made.utterances] == ["First.", "Second.", "Untimed."]
    assert made.from_ is None
    assert made.started_at is None


def test_each_document_of_a_call_has_a_higher_revision() -> None:
    """Late words, audio and redactions make one more; what was recorded before the end does not."""
    events = [
        stored(1, "recording.saved", duration_ms=1, size_bytes=2, content_type="a", channels=[]),
        completed(2),
        stored(3, "recording.saved", duration_ms=2, size_bytes=2, content_type="a", channels=[]),
        final(4, "Late.", 100, 800),
        completed(5),
        stored(6, "transcript.redacted", supersedes=4),
    ]

    made = [document(*events[:count]) for count in (2, 3, 5, 6)]

    assert [one.revision for one in made] == [1, 2, 3, 4]
    assert [one.seq for one in made] == [2, 3, 5, 6]
    assert [len(one.utterances) for one in made] == [0, 0, 1, 1]


def test_what_was_hidden_is_counted() -> None:
    """By what it was."""
    card = {"entity": "card", "start": 0, "end": 6}
    phone = {"entity": "phone", "start": 0, "end": 7}
    made = document(
        final(1, "[CARD]", redactions=[card]),
        final(2, "[PHONE] [CARD]", redactions=[phone, card]),
        completed(3),
    )

    assert made.redactions == {"card": 2, "phone": 1}


def test_a_pause_may_last_until_the_end() -> None:
    """It has no end then; one that was asked for twice is one."""
    made = document(
        stored(1, "transcription.resumed", reason="agent", start_ms=5),
        stored(2, "transcription.paused", reason="card", start_ms=100),
        stored(3, "transcription.paused", reason="again", start_ms=200),
        completed(4),
    )

    assert made.pauses == (ReportedPause(start_ms=100, end_ms=None, reason="card"),)


def test_what_cannot_be_read_is_left_out() -> None:
    """Of a damaged file, one event must not cost the others."""
    damaged = StoredEvent(completed(2).call_id, 2, "transcript.final", b'{"data":{"text":5}}')

    assert [one.text for one in document(final(1, "Whole."), damaged, completed(3)).utterances] == [
        "Whole."
    ]


async def test_the_journal_gives_the_same_report_each_time(tmp_path: Path) -> None:
    """Whatever came after the event that it follows; none once the call has no such event."""
    async with open_sqlite_journal(tmp_path / "journal.db") as journal:
        events = kept()
        await journal.commit(entry(events, version=0))
        reports = CallReports(journal)

        assert [await reports.report(event) for event in events[:-1]] == [None] * (len(events) - 1)
        assert await reports.report(events[-1]) == example()

        later = replace(final(len(events) + 1, "Late.", 100, 800), call_id=CALL)
        await journal.commit(entry([later], version=1))
        assert await reports.report(events[-1]) == example()

        tombstone = replace(stored(len(events) + 2, "transcript.erased"), call_id=CALL)
        await journal.commit(replace(entry([tombstone], version=2), erases=True))
        assert await reports.report(events[-1]) is None
