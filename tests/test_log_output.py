"""Logs whose stream does not take them: whoever logs goes on, and what is lost is told."""

import asyncio
import io
import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from service.delivery.endpoints import Endpoint
from service.delivery.log import open_log
from service.ids import EndpointName
from service.log_output import Line, LogOutput, lost
from service.logs import set_up_logs
from service.ports import Delivery
from tests.waiting import until

LINE = "x" * 999
WAITING = 20_000
DELIVERY = Delivery("evt_c1_1", "transcript.final", b'{"data":{"text":"my words"}}')


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    """Count what is lost from nothing."""
    lost.clear()
    yield
    structlog.reset_defaults()


class Pipe:
    """A pipe: `stream` is a process's output, and nobody reads it until `read` is called."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        self._reader = os.fdopen(reader, "rb")
        self.stream: TextIO = os.fdopen(writer, "w")

    def break_off(self) -> None:
        """Let the reader go away."""
        self._reader.close()

    async def line_with(self, wanted: bytes) -> dict[str, Any]:
        """Read lines up to one that has this in it, and return what that says."""
        found = await asyncio.to_thread(lambda: next(one for one in self._reader if wanted in one))
        return dict(json.loads(found))

    def close(self) -> None:
        """Close both ends."""
        self.break_off()
        self.stream.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Return a pipe, and close it."""
    pipe = Pipe()
    yield pipe
    pipe.close()


class FailingDisk(io.StringIO):
    """Takes so many letters and no more, until there is room again."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, text: str) -> int:
        """Write what fits; the rest is an error, as of a full disk."""
        super().write(text[: self.room])
        fits, self.room = len(text) <= self.room, max(0, self.room - len(text))
        if not fits:
            raise OSError(28, "No space left on device")
        return len(text)


def fill(output: LogOutput, lines: int = 500) -> list[Line | None]:
    """Log until a pipe and the queue before it are full."""
    return [output.put(LINE) for _ in range(lines)]


async def test_a_reader_that_stalls_holds_nobody_up_and_what_it_missed_is_told(pipe: Pipe) -> None:
    """Lines are lost once the queue is full; how many, the log says itself, and goes on."""
    output = set_up_logs(pipe.stream)
    fill(output, 6_000)  # more than the queue holds
    missed = lost["full"]
    told = await pipe.line_with(b"log_lines_lost")
    structlog.get_logger().info("it_goes_on")
    await pipe.line_with(b"it_goes_on")
    output.close()

    assert missed > 0
    assert told["lines"] == missed


async def test_a_closed_pipe_ends_nothing(pipe: Pipe) -> None:
    """Nobody fails by it, and every line is counted."""
    output = set_up_logs(pipe.stream)
    pipe.break_off()
    for n in range(3):
        structlog.get_logger().info("thing_happened", n=n)
    await until(lambda: lost["unwritable"] == 3)
    output.close()


async def test_a_full_disk_ends_nothing() -> None:
    """`/dev/full` takes no byte."""
    with Path("/dev/full").open("w") as full:  # noqa: ASYNC230 - no file of a disk
        output = set_up_logs(full)
        structlog.get_logger().info("thing_happened")
        await until(lambda: lost["unwritable"] == 1)
        output.close()


async def test_a_line_that_was_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    """Half a line is ended before another begins."""
    path = tmp_path / "log"
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("w") as file:
        output = LogOutput(file)
        resource.setrlimit(resource.RLIMIT_FSIZE, (5, most))
        try:
            output.put("too long")
            await until(lambda: lost["unwritable"] == 1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
        output.put("another")
        output.close()

    assert path.read_text().splitlines()[:2] == ["too l", "another"]


async def test_the_log_sink_waits_for_a_log_that_stalls(pipe: Pipe) -> None:
    """A delivery that was logged is there to be read; until it is, the lane lags."""
    output = set_up_logs(pipe.stream)
    fill(output, 200)  # more than a pipe holds
    async with open_log(Endpoint(name=EndpointName("log"), type="log")) as sink:
        delivery = asyncio.create_task(sink.deliver(DELIVERY))
        await asyncio.sleep(0)
        assert not delivery.done()
        line = await pipe.line_with(b"event_delivered")
        await delivery

    assert line["payload"] == {"text": "my words"}
    output.close()


async def test_the_log_sink_loses_nothing_on_a_full_disk() -> None:
    """The line is tried again until the disk takes it; other lines are lost meanwhile."""
    disk = FailingDisk(room=0)
    output = LogOutput(disk, retry_s=0.01)
    line = output.put("words", kept=True)
    output.put("not so dear")
    await until(lambda: lost["unwritable"] == 1)
    assert line is not None
    assert line.written is not None
    assert not line.written.done()
    disk.room = 1_000
    await asyncio.wrap_future(line.written)
    output.close()

    assert "words\n" in disk.getvalue()


async def test_a_kept_line_is_never_too_much(pipe: Pipe) -> None:
    """Its sender waits for it, so there are few."""
    output = LogOutput(pipe.stream, max_waiting_bytes=WAITING)
    fill(output)

    assert output.put(LINE) is None
    assert output.put(LINE, kept=True) is not None
    pipe.break_off()
    output.close()


async def test_a_line_that_cannot_be_rendered_fails_nobody() -> None:
    """It is counted: whoever logged had something else to do."""

    class Unspeakable:
        def __repr__(self) -> str:
            raise ValueError

    stream = io.StringIO()
    output = set_up_logs(stream)
    structlog.get_logger().info("thing_happened", what=Unspeakable())
    output.close()

    assert lost["unreadable"] == 1
    assert stream.getvalue() == ""


def test_a_flood_of_one_kind_is_thinned_out() -> None:
    """On a full disk every webhook would have its lines; other kinds are heard beside it."""
    stream = io.StringIO()
    output = set_up_logs(stream)
    for _ in range(500):
        structlog.get_logger().warning("webhook_not_taken")
    structlog.get_logger().error("journal_unavailable")
    output.close()
    events = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]

    assert 50 <= events.count("webhook_not_taken") <= 60
    assert lost["throttled"] == 500 - events.count("webhook_not_taken")
    assert events.count("journal_unavailable") == 1
