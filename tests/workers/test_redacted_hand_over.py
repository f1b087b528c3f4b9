"""What is hidden of a call's numbers when the call changes workers."""

import asyncio
from pathlib import Path

import pytest

from service.ids import CallId
from tests.service.harness import finals
from tests.service.test_whole_service import ROUTES
from tests.waiting import until
from tests.workers.harness import Office, open_office

SAY = [
    {"speaker": "customer", "text": "room one two", "at_ms": 400},
    {"speaker": "customer", "text": "and three four", "at_ms": 16_000},
]


def owner(office: Office, call_id: str) -> int:
    """Return which worker has the call."""
    (number,) = [n for n, one in enumerate(office.workers) if one.calls.has(CallId(call_id))]
    return number


@pytest.mark.parametrize(("planned", "second"), [(True, "and three four"), (False, "and [NUMBER]")])
async def test_a_call_that_is_handed_over_hides_no_more_than_one_that_stays(
    tmp_path: Path, *, planned: bool, second: str
) -> None:
    """One whose worker is lost does: nobody knows what that had shown."""
    route = {**ROUTES["in_call"], "redact": ["numbers"]}
    async with open_office(tmp_path, {"call": [{"say": SAY}]}, route) as office:
        playing = asyncio.create_task(office.play(office.balancer))
        await office.watch.until(
            lambda: any(one.type == "transcript.final" for one in office.receiver.receipts)
        )
        call_id = office.receiver.receipts[0].data["call_id"]
        first = owner(office, call_id)
        if planned:
            await office.stops[first].aclose()
        else:
            office.leases[first].end()
            await until(lambda: not office.workers[first].calls.has(CallId(call_id)))
        await until(lambda: any(one.calls.has(CallId(call_id)) for one in office.workers), 20)
        await playing
    assert finals(office.receiver.receipts, "inbound") == ["room one two", second]
