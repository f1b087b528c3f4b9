"""How many commits a second the journal takes: `python -m tests.journal.measure_commits`.

Options are `--uvloop` and `--encrypted`. 200 callers, each commits one event with one input id
and 600 bytes of state, and waits for it.
"""

import asyncio
import resource
import sys
import tempfile
import time
import uuid
from pathlib import Path

from service.ids import CallId, EndpointName, InputId, LegId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal, StoredEvent

CALLERS = 200
COMMITS = 150
STATE = b"s" * 600
BODY = b'{"type":"transcript.final",' + b"b" * 500 + b"}"
ENDPOINTS = (EndpointName("crm"), EndpointName("log"))


async def _caller(journal: Journal, times_s: list[float]) -> None:
    call_id = CallId(str(uuid.uuid4()))
    legs = (LegId(f"v3:{uuid.uuid4()}"),)
    for version in range(COMMITS):
        entry = Entry(
            call_id=call_id,
            version=version,
            epoch=1,
            state=STATE,
            input_ids=(InputId(str(uuid.uuid4())),),
            legs=legs if version == 0 else (),
            events=(StoredEvent(call_id, version + 1, "transcript.final", BODY),),
            endpoints=ENDPOINTS,
        )
        began = time.perf_counter()
        await journal.commit(entry)
        times_s.append(time.perf_counter() - began)


async def _measure(key: bytes | None) -> None:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        async with open_sqlite_journal(Path(folder) / "bench.db", key=key) as journal:
            for turn in range(5):
                times_s: list[float] = []
                cpu_s, began = _cpu_s(), time.perf_counter()
                await asyncio.gather(*(_caller(journal, times_s) for _ in range(CALLERS)))
                took_s = time.perf_counter() - began
                cpu_us = (_cpu_s() - cpu_s) / len(times_s) * 1e6
                times_s.sort()
                p50, p99 = (times_s[int(len(times_s) * q)] * 1000 for q in (0.5, 0.99))
                sys.stdout.write(
                    f"round {turn}: {len(times_s) / took_s:,.0f} commits/s, p50 {p50:.1f} ms,"
                    f" p99 {p99:.1f} ms, max {times_s[-1] * 1000:.1f} ms, {cpu_us:.0f} us CPU\n"
                )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    KEY = bytes(range(32)) if "--encrypted" in sys.argv else None
    if "--uvloop" in sys.argv:
        import uvloop

        uvloop.run(_measure(KEY))
    else:
        asyncio.run(_measure(KEY))
