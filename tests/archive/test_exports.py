"""Transcripts as files, opened by programs that nobody here wrote."""

import csv
import html
import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import pysubs2
import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from service.archive.exports import (
    FORMS,
    ExportForm,
    cues_of,
    export_call,
    speaker_of,
    write_export,
)
from service.archive.transcript import read_transcript
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Entry
from service.words import width_of
from tests.archive.builders import CALL, STARTED_AT, SUMMARY, final, stored

TALK = [
    final(1, "I'd like to change my booking.", 8420, 10380),
    final(2, "Sure: which <one> & when -->?", 10500, 12000, role="agent"),
]
HOSTILE = "<b>&\n\n1\n00:00:01,000 --> 00:00:02,000\n{\\an8}\x00\u2028WEBVTT\r\nNOTE"


def exported(form: ExportForm, events: list[object] | None = None) -> str:
    """Return the file as text."""
    return write_export(SUMMARY, events or TALK, form).body.decode()  # type: ignore[arg-type]  # events


def test_the_file_name_is_safe_anywhere() -> None:
    """A call's id is Telnyx's, or whatever was sent instead."""
    made = write_export(SUMMARY, TALK, "srt")

    assert made.file_name == "call-428c31b6-7af4_.._x.srt"
    assert made.content_type.startswith("application/x-subrip")


def test_json_has_the_call_its_turns_and_notes() -> None:
    """As the API answers it."""
    document = msgspec.json.decode(exported("json"))

    assert document["call"]["status"] == "complete"
    assert document["call"]["metadata"] == {"queue": "bookings"}
    assert [turn["role"] for turn in document["turns"]] == ["customer", "agent"]
    assert document["turns"][0]["utterances"][0]["text"] == "I'd like to change my booking."
    assert document["notes"] == []


def test_jsonl_is_the_events_as_they_are_kept() -> None:
    """Byte for byte, one a line."""
    assert exported("jsonl").encode().splitlines() == [event.body for event in TALK]


def test_text_is_to_be_read() -> None:
    """Who called whom and when, then a line for each utterance and note."""
    gap = stored(3, "transcript.gap", role="agent", start_ms=12_500, end_ms=14_000, reason="late")

    assert exported("txt", [*TALK, gap]).splitlines() == [
        "Call 428c31b6-7af4/../x",
        "+15555550100 to +15555550199, incoming",
        "2026-11-22T09:59:57.500Z, 00:00:45 long",
        "",
        "[00:00:08] Customer: I'd like to change my booking.",
        "[00:00:10] Agent: Sure: which <one> & when -->?",
        "[00:00:12] (not transcribed until 00:00:14, agent: the recogniser is too far behind)",
    ]


@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_another_library_reads_the_subtitles(form: ExportForm) -> None:
    """Both cues, their times and what was said."""
    subtitles = pysubs2.SSAFile.from_string(exported(form), format_=form)

    assert [(one.start, one.end) for one in subtitles] == [(8420, 10380), (10500, 12000)]
    assert "change my booking." in subtitles[0].plaintext
    assert "&" in exported(form)


@pytest.mark.parametrize("form", ["srt", "vtt"])
@pytest.mark.parametrize(
    "said",
    [
        "木曜日の午後に電話します。" * 10,
        "ฉันจะโทรหาคุณพรุ่งนี้" * 10,
        "שלום, אני מתקשר בקשר להזמנה. " * 6,
        "نمی\u200cگیرم، متشکرم. " * 8,
        "မင်္ဂလာပါ" * 20,
        "e\u0301" * 200,
        "\U0001f469\u200d\U0001f692" * 90,
    ],
)
def test_another_library_reads_other_scripts(form: ExportForm, said: str) -> None:
    """Letter by letter, and each cue can be read."""
    subtitles = pysubs2.SSAFile.from_string(
        exported(form, [final(1, said, 0, 40_000)]), format_=form
    )
    spoken = [one.plaintext.removeprefix("[Customer] ") for one in subtitles]

    assert len(spoken) > 1
    assert "".join("".join(spoken).split()) == "".join(said.split())
    assert all(width_of(one) <= 84 for one in spoken)


def test_the_speakers_are_voices_of_webvtt() -> None:
    """And what was said comes back letter by letter."""
    captions = webvtt.WebVTT.from_string(exported("vtt")).captions

    assert [caption.voice for caption in captions] == ["Customer", "Agent"]
    assert html.unescape(captions[1].text) == "Sure: which <one> & when -->?"


@given(st.lists(st.text(max_size=200) | st.just(HOSTILE), min_size=1, max_size=5))
@pytest.mark.parametrize("form", ["srt", "vtt"])
def test_nothing_that_is_said_becomes_part_of_the_format(form: ExportForm, said: list[str]) -> None:
    """As many cues as were written, whichever library reads them."""
    events = [final(n, text, n * 1000, n * 1000 + 900) for n, text in enumerate(said, 1)]
    expected = cues_of(read_transcript(events))
    text = exported(form, list(events))

    assert text.count("-->") == len(expected)
    assert len(pysubs2.SSAFile.from_string(text, format_=form)) == len(expected)
    if form == "vtt":
        assert len(webvtt.WebVTT.from_string(text).captions) == len(expected)


def test_a_long_utterance_is_cut_into_cues_that_can_be_read() -> None:
    """By the times of its words, or else by their letters; nothing is lost."""
    text = "word " * 60
    words = [{"text": "word", "start_ms": n * 200, "end_ms": n * 200 + 150} for n in range(60)]
    for given_words in (words, None):
        cues = cues_of(read_transcript([final(1, text, 0, 12_000, words=given_words)]))
        assert len(cues) > 3
        assert all(len(cue.text) <= 84 and cue.end_ms - cue.start_ms <= 7000 for cue in cues)
        assert " ".join(cue.text for cue in cues).split() == text.split()
        assert all(a.end_ms <= b.start_ms for a, b in pairwise(cues))


def test_words_without_a_time_are_shown_after_those_before_them() -> None:
    """For as long as they take to say."""
    cues = cues_of(read_transcript([final(1, "One", 5000, 5500), final(2, "two three")]))

    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(5000, 5500), (5500, 6200)]


def test_csv_is_read_by_spreadsheets() -> None:
    """With a mark that says UTF-8, CRLF, and quotes where they must be (RFC 4180)."""
    body = write_export(SUMMARY, [final(1, 'He said "ja, ö"', 0, 5)], "csv").body

    assert body.startswith(b"\xef\xbb\xbfcall_id,seq,type,")
    assert body.endswith(b"\r\n")
    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
    assert row["text"] == 'He said "ja, ö"'
    assert (row["start"], row["start_ms"], row["role"]) == ("00:00:00.000", "0", "customer")


@pytest.mark.parametrize("said", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1", " =1"])
def test_no_cell_is_calculated(said: str) -> None:
    """What a stranger says on the phone is not run by whoever opens the file."""
    (row,) = csv.DictReader(io.StringIO(exported("csv", [final(1, said)])))

    assert row["text"].startswith("'")
    (told,) = map(json.loads, exported("jsonl", [final(1, said)]).splitlines())
    assert told["data"]["text"] == said  # programs get it as it was


def test_an_unknown_role_is_called_by_its_track() -> None:
    """Nobody is taken for an agent or a customer by a guess."""
    events = [final(1, "a", role="unknown"), final(2, "b", role="unknown", track=None)]

    assert [speaker_of(turn) for turn in read_transcript(events).turns] == ["Inbound", "Speaker"]


@pytest.mark.parametrize("form", FORMS)
def test_a_call_without_words_is_a_valid_file(form: ExportForm) -> None:
    """Also when nothing of it was transcribed, or it was erased."""
    erased = stored(1, "transcript.erased", reason="api")

    assert write_export(SUMMARY, [erased], form).body
    assert write_export(SUMMARY, [], form).body or form == "jsonl"


def test_of_an_erased_call_it_is_said_when_and_nothing_else() -> None:
    """Not that it was not answered: nobody knows any more."""
    call = replace(
        SUMMARY, erased_at=STARTED_AT + 60, from_number=None, to_number=None, direction=None,
        answered_at=None, duration_ms=None,
    )  # fmt: skip
    erased = stored(1, "transcript.erased", reason="api")
    lines = write_export(call, [erased], "txt").body.decode().splitlines()

    assert lines[1] == "erased 2026-11-22T10:00:57.500Z: nothing else of it is kept"
    assert "answered" not in "".join(lines)


async def test_a_call_is_exported_from_its_journal(tmp_path: Path) -> None:
    """All of it, however many reads that takes; and a call that nobody knows is None."""
    started = stored(1, "call.started", direction="incoming", metadata={})
    events = [started, *(final(n, f"text {n}", n * 1000) for n in range(2, 1203))]
    async with (
        open_sqlite_journal(tmp_path / "a.db") as journal,
        open_sqlite_library(tmp_path / "a.db") as library,
    ):
        entry = Entry(call_id=CALL, version=0, epoch=1, state=b"", events=tuple(events))
        await journal.commit(entry)

        made = await export_call(library, journal, CALL, "jsonl")
        assert made is not None
        assert made.body.splitlines() == [event.body for event in events]
        assert await export_call(library, journal, CallId("other"), "json") is None
