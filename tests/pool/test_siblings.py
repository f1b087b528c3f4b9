"""Workers behind one port tell each other their metrics."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge

from service.pool import siblings as room
from service.pool.seat import Seat, read_seat
from service.pool.siblings import Siblings, open_siblings

ALL = 3


@asynccontextmanager
async def worker(folder: Path, number: int) -> AsyncIterator[Siblings]:
    """Open what a worker with as many live calls as its number tells the others."""
    registry = CollectorRegistry()
    Gauge("live", "Live", registry=registry).set(number)
    Gauge("callscribe_workers", "Each counts itself", registry=registry).set(1)
    async with open_siblings(Seat(number, ALL, 8080, folder), registry) as siblings:
        yield siblings


async def test_whoever_is_asked_answers_for_all(tmp_path: Path) -> None:
    """A scrape reaches any of them."""
    async with worker(tmp_path, 1) as one, worker(tmp_path, 2), worker(tmp_path, 3) as three:
        for asked in (one, three):
            sums = await asked.scrape()
            assert sums.get_sample_value("live") == 1 + 2 + 3
            assert sums.get_sample_value("callscribe_workers") == 3


async def test_who_is_away_is_left_out(tmp_path: Path) -> None:
    """And the metrics say how many are in."""
    async with worker(tmp_path, 1) as one:
        async with worker(tmp_path, 2):
            pass
        (tmp_path / "3.sock").write_text("no socket")
        sums = await one.scrape()
        assert sums.get_sample_value("live") == 1
        assert sums.get_sample_value("callscribe_workers") == 1


async def test_a_worker_takes_over_the_socket_of_one_that_was_killed(tmp_path: Path) -> None:
    """What is left in the folder is in nobody's way."""
    (tmp_path / "2.sock").write_text("left behind")
    async with worker(tmp_path, 1) as one, worker(tmp_path, 2):
        assert (await one.scrape()).get_sample_value("live") == 1 + 2


@pytest.mark.parametrize("answer", [b"", b"live 2.0\n", b"\xff# EOF\n"])
async def test_an_answer_that_breaks_off_is_left_out(tmp_path: Path, answer: bytes) -> None:
    """Half a text would count too little."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with worker(tmp_path, 1) as one:
        server = await asyncio.start_unix_server(serve, tmp_path / "2.sock")
        async with server:
            assert (await one.scrape()).get_sample_value("callscribe_workers") == 1


async def test_a_worker_that_says_nothing_holds_no_scrape_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen one."""
    monkeypatch.setattr(room, "ANSWER_S", 0.05)
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        left.set()

    server = await asyncio.start_unix_server(serve, tmp_path / "2.sock")
    async with server, worker(tmp_path, 1) as one:
        assert (await one.scrape()).get_sample_value("callscribe_workers") == 1
        await left.wait()


async def test_an_endless_answer_is_broken_off(tmp_path: Path) -> None:
    """It does not fill the memory."""
    left = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"x" * 2**16)
                await writer.drain()
        except ConnectionError:
            writer.close()
            left.set()

    server = await asyncio.start_unix_server(serve, tmp_path / "2.sock")
    async with server, worker(tmp_path, 1) as one:
        assert (await one.scrape()).get_sample_value("callscribe_workers") == 1
        await left.wait()


def test_a_seat_is_read_as_it_was_written() -> None:
    """It goes by a command line."""
    seat = Seat(2, 4, 8080, Path("/tmp/a folder: of workers"))  # noqa: S108 - nothing is written
    assert read_seat(str(seat)) == seat
