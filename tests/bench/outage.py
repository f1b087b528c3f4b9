"""Memory while nobody is there at any endpoint, for ten minutes of virtual time."""

import asyncio
import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from service.calls.events import CallAnswered, CallEnded, CallStarted, TranscriptFinal
from service.delivery.endpoints import Endpoint
from service.delivery.lanes import DeliveryLanes, open_lanes
from service.ids import CallId, EndpointName
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal, StoredEvent
from tests.bench.table import Row
from tests.proof.virtual.loop import VirtualLoop

OUTAGE_S = 600
MAX_GROWTH_MIB = 64
CALLS_PER_S = 5
GROUP = 10
"""Endpoints that each call goes to."""
_FINALS = 5
_BODY_BYTES = 900
_DEAD_PORT, _SLOW_PORT = 7001, 7002
_SAMPLE_S = 1.0


async def measure(*, endpoints: int, outage_s: int = OUTAGE_S) -> list[Row]:
    """Have a process of its own go through an outage, and say by how much it grew."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.outage",
        str(endpoints),
        str(outage_s),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the outage was not gone through")
    grown, lanes = msgspec.json.decode(told, type=tuple[int, int])
    what = f"{outage_s} virtual seconds with all of {endpoints} endpoints down"
    aim = f"< {MAX_GROWTH_MIB} MiB"
    return [
        Row(what, f"{lanes:,} lanes", "", None, ""),
        Row("  memory above idle", f"{grown / 2**20:.0f} MiB", "", None, aim),
    ]


async def _go_through(endpoints: int, outage_s: int) -> tuple[int, int]:
    """Return by how many bytes memory grew at most, and how many lanes were behind at last."""
    loop = asyncio.get_running_loop()
    await loop.create_server(asyncio.Protocol, "127.0.0.1", _SLOW_PORT)  # and never answers
    crowd = [_endpoint(number) for number in range(endpoints)]
    with TemporaryDirectory() as folder:
        async with (
            open_sqlite_journal(
                Path(folder) / "bench.db", clock=loop.time, threaded=False
            ) as journal,
            open_lanes(
                journal, crowd, clock=loop.time, host_of=lambda endpoint: endpoint.name
            ) as lanes,
        ):
            gc.collect()
            idle = most = _memory_bytes()
            ends_at = loop.time() + outage_s
            async with asyncio.TaskGroup() as calls:
                number = 0
                while loop.time() < ends_at:
                    for _ in range(CALLS_PER_S):
                        to = _group(crowd, number)
                        calls.create_task(_call(journal, lanes, CallId(f"{number:036d}"), to))
                        number += 1
                    await asyncio.sleep(_SAMPLE_S)
                    most = max(most, _memory_bytes())
            return most - idle, sum(lanes.behind.values())


async def _call(
    journal: Journal, lanes: DeliveryLanes, call_id: CallId, to: Sequence[EndpointName]
) -> None:
    """Have a call of half a minute happen."""
    finals = [TranscriptFinal.type] * _FINALS
    kinds = [CallStarted.type, CallAnswered.type, *finals, CallEnded.type]
    for version, kind in enumerate(kinds):
        event = StoredEvent(call_id, version + 1, kind, _body(call_id, version + 1))
        entry = Entry(
            call_id=call_id,
            version=version,
            epoch=0,
            state=b"",
            events=(event,),
            endpoints=tuple(to),
            ended=kind == CallEnded.type,
        )
        await journal.commit(entry)
        lanes.committed(to, [event])
        await asyncio.sleep(30 / len(kinds))


def _body(call_id: CallId, seq: int) -> bytes:
    """Return a body as long as a final's; no other has the same bytes."""
    head = b'{"data":{"utterance_id":"u"},"call_id":"%b","seq":%d,"text":"' % (
        call_id.encode(),
        seq,
    )
    return head + b"x" * (_BODY_BYTES - len(head)) + b'"}'


def _endpoint(number: int) -> Endpoint:
    port = _SLOW_PORT if number % 2 else _DEAD_PORT
    return Endpoint(
        name=EndpointName(f"e{number}"),
        type="webhook",
        url=f"http://127.0.0.1:{port}/{number}",
        secret="whsec_" + "A" * 43 + "=",
        allow_private=True,
    )


def _group(crowd: Sequence[Endpoint], number: int) -> list[EndpointName]:
    groups = max(1, len(crowd) // GROUP)
    first = number % groups * GROUP
    return [one.name for one in crowd[first : first + GROUP]]


def _memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        told = runner.run(_go_through(int(sys.argv[1]), int(sys.argv[2])))
    print(msgspec.json.encode(told).decode())
