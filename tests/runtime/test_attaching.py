"""Attaching to legs of somebody else's: Telnyx is asked, and what comes of it is kept."""

import asyncio
from pathlib import Path

import pytest

from service.calls.commands import StartTranscription
from service.calls.routes import Route
from service.errors import (
    CarrierUnavailableError,
    CommandRefusedError,
    ControlRefusedError,
    DrainingError,
)
from service.ids import CallId
from service.ports import Attachment, LegLife
from service.runtime.attaching import LegAttacher
from tests.calls.harness import CALL, IN_CALL, MEDIA, T0, A, answered, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.waiting import until

UNROUTED = Route(match={"to": "nobody"})


def attacher(runtime: Runtime) -> LegAttacher:
    """Return what attaches, at a time that stands still."""
    runtime.carrier.lives[A] = LegLife(alive=True, began_at=T0 - 60, call_id=CALL)
    return LegAttacher(runtime.calls, runtime.carrier, lambda: T0)


def transcriptions(runtime: Runtime) -> int:
    """Return how often Telnyx was told to transcribe."""
    return sum(isinstance(one, StartTranscription) for one in runtime.carrier.commands)


async def test_a_live_leg_is_one_call_however_often_it_is_asked_for(tmp_path: Path) -> None:
    """Also at once, and after its words came."""
    async with open_runtime(tmp_path, UNROUTED, clock=lambda: T0) as runtime:
        attach = attacher(runtime).attach
        first = await asyncio.gather(attach(A, IN_CALL), attach(A, IN_CALL))
        await until(lambda: transcriptions(runtime) == 1)
        again = await attach(A, IN_CALL)

        assert [*first, again] == [Attachment(CALL, is_confirmed=True)] * 3
        types = await runtime.types(CALL)
        assert types[:3] == ["call.started", "call.attached", "call.answered"]
        assert types.count("call.attached") == 1
    assert transcriptions(runtime) == 1


async def test_its_words_are_kept_though_no_route_matches(tmp_path: Path) -> None:
    """What Telnyx said of the leg before is no hindrance."""
    async with open_runtime(tmp_path, UNROUTED, clock=lambda: T0) as runtime:
        await runtime.calls.tell(initiated(T0 - 60))
        await runtime.calls.tell(answered(T0 - 50))
        await attacher(runtime).attach(A, IN_CALL)
        await runtime.calls.tell(said("hello", T0))

    now = [T0 + 30]
    async with open_runtime(tmp_path, UNROUTED, clock=lambda: now[0]) as runtime:
        await runtime.calls.resume()
        now[0] += 1
        await until(lambda: any(one.type == "transcript.final" for one in runtime.lanes.events))
        assert await runtime.texts(CALL) == ["hello"]


async def test_a_leg_that_is_over_is_refused(tmp_path: Path) -> None:
    """And nothing is kept of it."""
    async with open_runtime(tmp_path) as runtime:
        attach = attacher(runtime).attach
        runtime.carrier.lives[A] = LegLife(alive=False)
        with pytest.raises(ControlRefusedError, match="call_over"):
            await attach(A, IN_CALL)

        assert await runtime.journal.load(CALL) is None


async def test_a_leg_that_telnyx_does_not_know_is_none(tmp_path: Path) -> None:
    """Ids are made up."""
    async with open_runtime(tmp_path) as runtime:
        attach = attacher(runtime).attach
        runtime.carrier.lives[A] = LegLife(alive=False, known=False)

        assert await attach(A, IN_CALL) is None


@pytest.mark.parametrize(
    "refusal", [CarrierUnavailableError("away"), CommandRefusedError("10009", "bad key")]
)
async def test_a_telnyx_that_is_away_is_asked_on(tmp_path: Path, refusal: Exception) -> None:
    """The call begins by the leg's id, and goes on once Telnyx is back."""
    now = [T0]
    async with open_runtime(tmp_path, clock=lambda: now[0]) as runtime:
        attach = attacher(runtime).attach
        runtime.carrier.refusal = refusal
        unconfirmed = Attachment(CallId(A), is_confirmed=False)

        assert await attach(A, IN_CALL) == unconfirmed
        await until(lambda: transcriptions(runtime) >= 1)

        runtime.carrier.refusal = None
        assert await attach(A, IN_CALL) == Attachment(CallId(A), is_confirmed=True)


async def test_a_process_that_stops_begins_with_no_leg(tmp_path: Path) -> None:
    """Another one has to be asked."""
    async with open_runtime(tmp_path, clock=lambda: T0) as runtime:
        attach = attacher(runtime).attach
        await runtime.calls.drain(0)

        with pytest.raises(DrainingError):
            await attach(A, IN_CALL)


async def test_an_address_for_a_stream_lets_it_in(tmp_path: Path) -> None:
    """Without a header, which TeXML has none of; Telnyx is not asked about a leg that may ring."""
    async with open_runtime(tmp_path, UNROUTED, clock=lambda: T0) as runtime:
        found = await attacher(runtime).expect(A, MEDIA)
        ticket = await runtime.calls.admit(found.target.url.rpartition("/")[2], None)

        assert ticket is not None
        assert ticket.leg_id == A
        assert await runtime.calls.admit("another", None) is None
        types = await runtime.types(found.call_id)
        assert types[:3] == ["call.started", "call.attached", "call.answered"]
        assert runtime.carrier.commands == []
