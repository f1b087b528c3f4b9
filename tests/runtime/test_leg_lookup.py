"""Which call a leg is of: that of its SIPREC session, or another once the client sends it again."""

import time
from dataclasses import replace
from pathlib import Path

import msgspec

from service.calls.inputs import LegInitiated
from service.calls.webhook import SiprecStream
from service.ids import CallId, InputId, LegId
from tests.calls.harness import IN_CALL, answered, hung_up, initiated
from tests.runtime.harness import Runtime, open_runtime
from tests.waiting import until

SIPREC = replace(IN_CALL, siprec=True)


def ringing(leg: str, label: str, at: float) -> LegInitiated:
    """A stream of the session rings; Telnyx gives each a session of its own."""
    return msgspec.structs.replace(
        initiated(at, leg=LegId(leg)),
        call_id=CallId(f"session of {leg}"),
        input_id=InputId(f"initiated {leg}"),
        siprec=SiprecStream(session_id="1772ce22", label=label),
    )


async def calls(runtime: Runtime) -> list[CallId]:
    """Return the calls that events were told of, by when they began."""
    return [event.call_id for event in runtime.lanes.events if event.type == "call.started"]


async def test_both_streams_of_a_session_are_one_call(tmp_path: Path) -> None:
    """Sent again after its end, the session is another call: what is over takes no more words."""
    now = time.time()
    async with open_runtime(tmp_path, SIPREC) as runtime:
        for leg, label in (("a", "inbound"), ("b", "outbound")):
            await runtime.calls.tell(ringing(leg, label, now))
            await runtime.calls.tell(answered(now + 0.1, leg=LegId(leg)))
        assert len(await calls(runtime)) == 1
        for leg in ("a", "b"):
            await runtime.calls.tell(hung_up(now + 1, leg=LegId(leg)))
        await until(lambda: any(e.type == "call.ended" for e in runtime.lanes.events))
        for leg, label in (("c", "inbound"), ("d", "outbound")):
            await runtime.calls.tell(ringing(leg, label, now + 2))

        first, second = await calls(runtime)
        assert second == f"{first}_1"
        assert first.startswith("siprec_")


async def test_a_session_that_was_erased_is_another_call(tmp_path: Path) -> None:
    """Nothing is taken of what was erased."""
    now = time.time()
    async with open_runtime(tmp_path, SIPREC) as runtime:
        await runtime.calls.tell(ringing("a", "inbound", now))
        (first,) = await calls(runtime)
        assert await runtime.calls.erase(first)
        await runtime.calls.tell(ringing("b", "outbound", now + 1))

        assert (await calls(runtime))[1:] == [f"{first}_1"]
