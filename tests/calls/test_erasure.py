"""An erased call: a tombstone, and nothing that comes later."""

from dataclasses import fields

import pytest

from service.calls.commands import (
    FinishRecognitions,
    Reply,
    StopStreaming,
    StopTranscription,
)
from service.calls.events import TranscriptErased
from service.calls.inputs import ControlAsked, EraseAsked, ServiceRestarted
from service.calls.routes import Route
from service.calls.state import CallState
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    STREAM,
    T0,
    A,
    Driver,
    answered,
    heard,
    hung_up,
    initiated,
    media_started,
    said,
    talking,
)

ERASE = EraseAsked(at=T0 + 5)


def erased(route: Route) -> Driver:
    """Return a call that was erased while people talked."""
    call = talking(route)
    call.receive(said("hello", T0 + 4), ERASE, now=T0 + 5)
    return call


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_an_erased_call_leaves_a_tombstone_and_no_memory(route: Route) -> None:
    """What runs is ended, and the state holds nothing that came from the call."""
    call = erased(route)
    left = CallState(call_id=call.session.state.call_id)
    kept = {f.name for f in fields(CallState)} - {
        f.name for f in fields(CallState)
        if getattr(call.session.state, f.name) == getattr(left, f.name)
    }  # fmt: skip

    assert call.types[-1] == "transcript.erased"
    assert kept == {"phase", "route", "seq", "erased"}
    assert call.replies == [Reply(changed=True)]
    assert (call.outcome.erased, call.outcome.ended) == (True, True)
    assert len(call.asked(StopStreaming) + call.asked(StopTranscription)) == 1
    assert call.session.wake_at is None


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
def test_what_comes_after_the_erasure_is_dropped(route: Route) -> None:
    """Webhooks, words, sockets, hang-ups, restarts: the journal has one event and gets no other."""
    call = erased(route)
    before = len(call.records)
    call.receive(
        said("late", T0 + 6), heard("later", 4000, 4500), media_started(T0 + 6),
        hung_up(T0 + 7), answered(T0 + 7), ServiceRestarted(at=T0 + 8), now=T0 + 8,
    )  # fmt: skip
    call.run_until(T0 + 90_000)

    assert len(call.records) == before
    assert call.session.state.waiting == []
    assert call.asked(FinishRecognitions)[-1].stream_id == STREAM


def test_erasing_again_is_answered_and_changes_nothing() -> None:
    """And there is nothing left to pause."""
    call = erased(MEDIA)
    call.receive(ERASE, ControlAsked(action="pause", at=T0 + 6), now=T0 + 6)

    assert call.replies[1:] == [Reply(), Reply(refused="unknown")]
    assert len(call.events(TranscriptErased)) == 1


def test_a_call_that_is_over_is_erased_without_a_command() -> None:
    """There is nothing to end."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 3), now=T0 + 3)
    call.run_until(T0 + 60)
    call.receive(EraseAsked(at=T0 + 60, reason="retention"), now=T0 + 60)

    assert call.events(TranscriptErased)[0].reason == "retention"
    assert call.asked(StopStreaming) == []
    assert [fact.seq for fact in call.records] == list(range(1, len(call.records) + 1))


def test_a_call_that_no_route_wanted_is_not_there_to_be_erased() -> None:
    """Nothing of it was ever kept."""
    call = Driver()
    call.receive(initiated(), ERASE, now=T0)

    assert call.replies == [Reply(refused="unknown")]
    assert A in call.session.state.legs


def test_a_webhook_that_waits_is_erased_although_no_route_wants_it_yet() -> None:
    """It holds numbers, and is all that is kept of the call."""
    call = Driver()
    call.receive(initiated(incoming=False), ERASE, now=T0)

    assert call.replies[-1] == Reply(changed=True)
    assert call.session.state.waiting == []
    assert call.outcome.forgets
