"""What `callscribe calls` and `callscribe search` print."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import cast

import msgspec

from service.archive.calls import describe_call, read_events, split_snippet, status_of
from service.archive.exports import FORMS, Export, ExportForm, line_of, write_export
from service.archive.transcript import read_lines, read_transcript
from service.calls.events import TranscriptCompleted, TranscriptErased
from service.cli.common import NO_CALL, open_journal_beside
from service.cli.output import expect_new, find_file, find_format, writing
from service.errors import BadInputError
from service.ids import CallId
from service.journal.database import open_library
from service.ports import CallFilter, CallSummary, Hit, Journal, Library, StoredEvent, WordQuery
from service.settings import Settings
from service.wire.events import timestamp
from service.wire.shown import in_place, one_line
from service.wire.subtitles import clock

_POLL_S = 0.2
_AT_ONCE = 500
_BOLD, _NORMAL = "\x1b[1m", "\x1b[0m"
_OVER = (TranscriptCompleted.type, TranscriptErased.type)
_LINE = "{:<20}  {:<8}  {:>8}  {:>10}  {:<16}  {:<16}  {}"


class _Places:
    """How far each call is that is printed as it goes, until it is over.

    What has no place of its own on the call clock stands behind what was printed before it.
    """

    def __init__(self) -> None:
        self._at_ms: dict[CallId, int] = {}

    def lines(self, event: StoredEvent) -> list[str]:
        """Return the lines of an event."""
        lines = []
        for placed_ms, turn, said in read_lines(read_transcript([event], words=False)):
            before_ms = self._at_ms.get(event.call_id, 0)
            at_ms = before_ms if said.start_ms is None else placed_ms
            self._at_ms[event.call_id] = max(at_ms, before_ms)
            lines.append(line_of(at_ms, turn, said))
        if event.type in _OVER:
            self._at_ms.pop(event.call_id, None)
        return lines


async def list_calls(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print calls, the newest first."""
    wanted = _filter(arguments, live=True if arguments.live else None)
    async with _library(settings) as library:
        calls = await library.calls(wanted, before=None, limit=arguments.limit)
    if arguments.json:
        for call in calls:
            _print_json(describe_call(call))
    elif calls:
        print(_LINE.format("STARTED", "STATUS", "LENGTH", "UTTERANCES", "FROM", "TO", "CALL"))
        for call in calls:
            print(_call_line(call))
    else:
        print("no calls")


async def show_call(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print a call's transcript."""
    made = await _export(settings, arguments.call, "json" if arguments.json else "txt")
    _print_bytes(made.body + (b"\n" if arguments.json else b""))


async def export(settings: Settings, arguments: argparse.Namespace) -> None:
    """Write a call's transcript to a file that is not there yet, or print it."""
    form = find_format(arguments, FORMS)
    expect_new(arguments)
    made = await _export(settings, arguments.call, cast(ExportForm, form))
    path = find_file(arguments)
    if path is None:
        _print_bytes(made.body)
        return
    with writing(arguments, path) as file:
        file.write(made.body)


async def follow(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print what is said as it is settled: in one call until it is complete, or in all."""
    if arguments.call is None:
        await _follow_all(settings, whole=arguments.json)
    else:
        await _follow_call(settings, CallId(arguments.call), whole=arguments.json)


async def search(settings: Settings, arguments: argparse.Namespace) -> None:
    """Print finals that hold the words, the newest first."""
    without = [f'-"{word}"' for word in arguments.without]
    wanted = WordQuery(
        words=" ".join([*arguments.words, *without]),
        calls=_filter(arguments),
        role=arguments.role,
        call_id=arguments.call,
    )
    async with _library(settings) as library:
        hits = await library.search(wanted, limit=arguments.limit)
    for hit in hits:
        if arguments.json:
            _print_json(_hit_document(hit))
        else:
            print(_hit_line(hit, marked=sys.stdout.isatty()))
    if not hits and not arguments.json:
        print("nothing found")


async def _export(settings: Settings, call_id: str, form: ExportForm) -> Export:
    async with _reading(settings) as (library, journal):
        call = await _find(library, CallId(call_id))
        return write_export(call, await read_events(journal, call.call_id), form)


async def _follow_call(settings: Settings, call_id: CallId, *, whole: bool) -> None:
    async with _reading(settings) as (library, journal):
        await _find(library, call_id)
        seq, places = 0, _Places()
        while True:
            events = await journal.read(call_id, after_seq=seq, limit=_AT_ONCE)
            _print_events(events, places, whole=whole)
            seq = events[-1].seq if events else seq
            if any(event.type in _OVER for event in events):
                return
            if len(events) < _AT_ONCE:
                await asyncio.sleep(_POLL_S)


async def _follow_all(settings: Settings, *, whole: bool) -> None:
    async with _library(settings) as library:
        position, places = await library.newest(), _Places()
        while True:
            placed = await library.events(after=position, limit=_AT_ONCE)
            for one in placed:
                name = one_line(one.event.call_id)
                _print_events([one.event], places, whole=whole, prefix=f"{name}  ")
            position = placed[-1].position if placed else position
            if len(placed) < _AT_ONCE:
                await asyncio.sleep(_POLL_S)


def _library(settings: Settings) -> AbstractAsyncContextManager[Library]:
    return open_library(settings.database_url, key=settings.storage_key())


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[tuple[Library, Journal]]:
    async with (
        open_journal_beside(settings) as journal,
        _library(settings) as library,
    ):
        yield library, journal


async def _find(library: Library, call_id: CallId) -> CallSummary:
    call = await library.call(call_id)
    if call is None:
        raise BadInputError(NO_CALL)
    return call


def _filter(arguments: argparse.Namespace, *, live: bool | None = None) -> CallFilter:
    return CallFilter(
        live=live,
        started_from=arguments.since,
        started_before=arguments.until,
        number=arguments.number,
        metadata=dict(arguments.metadata),
    )


def _call_line(call: CallSummary) -> str:
    length = "-" if call.duration_ms is None else clock(call.duration_ms)[:8]
    sides = [one_line(number) if number else "-" for number in (call.from_number, call.to_number)]
    return _LINE.format(
        _seconds(call.started_at), status_of(call), length, call.utterances, *sides,
        one_line(call.call_id),
    )  # fmt: skip


def _print_events(
    events: Sequence[StoredEvent], places: _Places, *, whole: bool, prefix: str = ""
) -> None:
    for event in events:
        if whole:
            _print_bytes(event.body + b"\n")
            continue
        for line in places.lines(event):
            print(prefix + line, flush=True)


def _hit_line(hit: Hit, *, marked: bool) -> str:
    place = "" if hit.start_ms is None else f" [{clock(max(hit.start_ms, 0))[:8]}]"
    text = "".join(
        f"{_BOLD}{one_line(text)}{_NORMAL}" if found and marked else in_place(text)
        for text, found in split_snippet(hit.snippet)
    )
    return f"{_seconds(hit.occurred_at)}  {one_line(hit.call_id)}{place}  {hit.role}: {text}"


def _hit_document(hit: Hit) -> dict[str, object]:
    return {
        "call_id": hit.call_id,
        "seq": hit.seq,
        "utterance_id": hit.utterance_id,
        "role": hit.role,
        "start_ms": hit.start_ms,
        "end_ms": hit.end_ms,
        "occurred_at": timestamp(hit.occurred_at),
        "snippet": [{"text": text, "match": found} for text, found in split_snippet(hit.snippet)],
    }


def _seconds(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _print_json(document: object) -> None:
    _print_bytes(msgspec.json.encode(document) + b"\n")


def _print_bytes(body: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    sys.stdout.flush()
