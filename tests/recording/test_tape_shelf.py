"""Telnyx's recordings go into the call's own, at their place, silenced before they are kept."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.calls.commands import FetchTape
from service.errors import BadInputError
from service.ids import Track
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, KeptTape
from service.recording.encrypted import is_encrypted
from service.recording.recorder import file_name
from service.recording.tape import part_of
from service.recording.tape_shelf import FolderShelf, open_shelf
from service.recording.wav import HEADER_BYTES, Layout
from tests.recording.builders import CALL
from tests.recording.test_silencing import read
from tests.recording.wavs import ramp, sides, wav
from tests.waiting import until

KEY = bytes(range(32))
SECOND = 8_000
"""Blocks."""


def tape(
    number: int = 1,
    *,
    offset_ms: int = 0,
    is_swapped: bool = False,
    silent: Mapping[Track, Sequence[tuple[int, int]]] | None = None,
    link: str = "https://a",
) -> FetchTape:
    """Have a tape put at a place."""
    return FetchTape(
        number=number, link=link, offset_ms=offset_ms, is_swapped=is_swapped, silent=silent or {}
    )


async def pieces(data: bytes, size: int = 5_001) -> AsyncIterator[bytes]:
    """Yield a file as a network does."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


@asynccontextmanager
async def opened(folder: Path, key: bytes | None = None) -> AsyncIterator[FolderShelf]:
    """Open a shelf on a journal that knows the call."""
    async with open_sqlite_journal(folder / "journal.db") as journal:
        if await journal.load(CALL) is None:
            await journal.commit(Entry(call_id=CALL, version=0, epoch=0, state=b"{}"))
        async with open_shelf(folder / "audio", journal, clock=time.time, key=key) as shelf:
            yield shelf


def path_in(folder: Path) -> Path:
    """Return where the call's recording is."""
    return folder / "audio" / file_name(CALL)


def heard(folder: Path, key: bytes | None = None) -> tuple[list[int], list[int]]:
    """Return both sides of the call's recording."""
    return sides(read(path_in(folder), key)[HEADER_BYTES:])


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
async def test_a_tape_is_kept_at_its_place(tmp_path: Path, key: bytes | None) -> None:
    """As it came; before it there is silence. It is encrypted as ours are, and alone there."""
    async with opened(tmp_path, key) as shelf:
        size = await shelf.keep(CALL, tape(offset_ms=1_000), pieces(wav(ramp(SECOND * 20))))

    left, right = heard(tmp_path, key)
    assert left == [0] * SECOND + sides(ramp(SECOND * 20))[0]
    assert right == [0] * SECOND + sides(ramp(SECOND * 20))[1]
    assert size == KeptTape(20_000, 21_000, HEADER_BYTES + 21 * SECOND * 4)
    assert is_encrypted(path_in(tmp_path)) is (key is not None)
    assert list((tmp_path / "audio").iterdir()) == [path_in(tmp_path)]


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
async def test_what_is_hidden_is_silent_and_never_on_the_disk(
    tmp_path: Path, key: bytes | None
) -> None:
    """Not even while it comes: not in the file that is not whole yet, either."""
    silent: Mapping[Track, Sequence[tuple[int, int]]] = {
        "inbound": [(-9_000, 1_500), (3_000, 4_000)],
        "outbound": [(10_900, 1 << 40)],
    }
    arrived, goes_on = asyncio.Event(), asyncio.Event()
    data = wav(ramp(SECOND * 10))

    async def slow() -> AsyncIterator[bytes]:
        yield data[:300_000]
        arrived.set()
        await goes_on.wait()
        yield data[300_000:]

    async with opened(tmp_path, key) as shelf:
        keeping = asyncio.create_task(
            shelf.keep(CALL, tape(offset_ms=1_000, silent=silent), slow())
        )
        await arrived.wait()
        part = part_of(path_in(tmp_path), 1)
        await until(lambda: part.exists() and part.stat().st_size > 200_000)
        before, _ = sides(read(part, key)[HEADER_BYTES:])
        goes_on.set()
        await keeping

    left, right = heard(tmp_path, key)
    assert set(before[: SECOND // 2]) == {0} == set(before[2 * SECOND : 3 * SECOND])
    assert 0 not in before[SECOND // 2 : 2 * SECOND]
    assert set(left[: SECOND * 3 // 2]) == {0} == set(left[3 * SECOND : 4 * SECOND])
    assert 0 not in left[4 * SECOND :]
    assert set(right[SECOND * 109 // 10 :]) == {0}
    assert 0 not in right[SECOND : SECOND * 109 // 10]


async def test_a_second_tape_is_laid_over_what_is_there(tmp_path: Path) -> None:
    """In whatever order they come, and again after a crash: the same comes of it."""
    first, second = wav(ramp(SECOND * 2)), wav(ramp(SECOND))
    found = []
    for order in ((1, 2), (2, 1), (1, 2, 1, 2)):
        folder = tmp_path / str(order)
        folder.mkdir()
        async with opened(folder) as shelf:
            for number in order:
                data, at = (first, 0) if number == 1 else (second, 5_000)
                size = await shelf.keep(CALL, tape(number, offset_ms=at), pieces(data))
        assert size.duration_ms == 6_000
        found.append(heard(folder))

    assert found[0] == found[1] == found[2]
    assert found[0][0][2 * SECOND : 5 * SECOND] == [0] * 3 * SECOND


async def test_a_tape_in_another_format_is_brought_to_that_of_the_file(tmp_path: Path) -> None:
    """A file stays as it was begun."""
    async with opened(tmp_path) as shelf:
        await shelf.keep(CALL, tape(), pieces(wav(b"\x10" * SECOND * 2, tag=7, bits=8)))
        for number, other in enumerate(
            [
                wav(ramp(SECOND * 2), rate_hz=16_000),
                wav(b"\x55" * SECOND * 2, tag=6, bits=8),
            ]
        ):
            await shelf.keep(CALL, tape(2 + number, offset_ms=1_000), pieces(other))

    data = read(path_in(tmp_path), None)
    assert Layout.parse(data[:HEADER_BYTES]) == Layout("PCMU", 8_000)
    assert len(data) == HEADER_BYTES + 2 * SECOND * 2


async def test_channels_are_put_on_their_sides(tmp_path: Path) -> None:
    """The other way round for a leg of the other side; one channel is that of both."""
    silent: Mapping[Track, Sequence[tuple[int, int]]] = {"outbound": [(0, 500)]}
    async with opened(tmp_path) as shelf:
        swapped = tape(is_swapped=True, silent=silent)
        await shelf.keep(CALL, swapped, pieces(wav(ramp(SECOND))))
        left, right = heard(tmp_path)
        mono = wav(ramp(SECOND, channels=1), channels=1)
        await shelf.keep(
            CALL, tape(2, offset_ms=1_000, silent={"outbound": [(1_000, 1_500)]}), pieces(mono)
        )

    first, second = sides(ramp(SECOND))
    assert left == second
    assert right == [0] * (SECOND // 2) + first[SECOND // 2 :]
    both = heard(tmp_path)
    assert both[0][SECOND:] == both[1][SECOND:] == [0] * (SECOND // 2) + first[SECOND // 2 :]


async def test_what_was_recorded_before_the_call_clock_is_left_out(tmp_path: Path) -> None:
    """Somebody else began to record."""
    async with opened(tmp_path) as shelf:
        size = await shelf.keep(CALL, tape(offset_ms=-1_500), pieces(wav(ramp(SECOND * 2))))

    assert size.duration_ms == 500
    assert heard(tmp_path)[0] == sides(ramp(SECOND * 2))[0][SECOND * 3 // 2 :]


@pytest.mark.parametrize(
    ("data", "offset_ms", "error"),
    [
        (b"<html>", 0, BadInputError),
        (wav(ramp(SECOND))[:-9], 0, OSError),
        (b"", 0, BadInputError),
        (wav(ramp(SECOND)), 13 * 3_600_000, BadInputError),
    ],
)
async def test_what_cannot_be_kept_leaves_nothing(
    tmp_path: Path, data: bytes, offset_ms: int, error: type[Exception]
) -> None:
    """What was there before stays as it was."""
    async with opened(tmp_path) as shelf:
        await shelf.keep(CALL, tape(), pieces(wav(ramp(SECOND))))
        before = path_in(tmp_path).read_bytes()
        with pytest.raises(error):
            await shelf.keep(CALL, tape(2, offset_ms=offset_ms), pieces(data))

    assert [one.read_bytes() for one in (tmp_path / "audio").iterdir()] == [before]


async def test_a_tape_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    """The process stops, or the call is another worker's."""

    async def endless() -> AsyncIterator[bytes]:
        yield wav(ramp(SECOND * 60))[:300_000]
        await asyncio.Event().wait()

    async with opened(tmp_path) as shelf:
        keeping = asyncio.create_task(shelf.keep(CALL, tape(), endless()))
        await until(lambda: part_of(path_in(tmp_path), 1).exists())
        keeping.cancel()
        await asyncio.wait([keeping])

    assert list((tmp_path / "audio").iterdir()) == []


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
async def test_more_may_be_silenced_later(tmp_path: Path, key: bytes | None) -> None:
    """Words came late; of a call without a recording that is said."""
    async with opened(tmp_path, key) as shelf:
        kept = await shelf.keep(CALL, tape(), pieces(wav(ramp(SECOND * 2))))
        again = await shelf.silence(CALL, tape(silent={"inbound": [(0, 500)]}))
        left, _ = heard(tmp_path, key)
        assert again == kept._replace(tape_ms=0)

    assert left == [0] * (SECOND // 2) + sides(ramp(SECOND * 2))[0][SECOND // 2 :]
    (tmp_path / "other").mkdir()
    async with opened(tmp_path / "other") as shelf:
        with pytest.raises(FileNotFoundError):
            await shelf.silence(CALL, tape())


async def test_an_erasure_takes_what_is_there_and_what_is_on_its_way(tmp_path: Path) -> None:
    """And what a crash left beside it."""
    async with opened(tmp_path) as shelf:
        await shelf.keep(CALL, tape(), pieces(wav(ramp(SECOND))))
        part_of(path_in(tmp_path), 3).write_bytes(b"left by a crash")
        shelf.forget(CALL)
        await until(lambda: not list((tmp_path / "audio").iterdir()))
