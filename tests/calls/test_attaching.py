"""Legs that somebody else controls: transcribed from when that is asked for."""

import msgspec
import pytest

from service.calls.attaching import BROUGHT_S
from service.calls.commands import Answer, StartStreaming, StartTranscription
from service.calls.events import CallAttached, CallStarted, TranscriptFinal
from service.calls.inputs import LegAttached, WebhookInput
from service.calls.routes import Route
from service.calls.state import Phase
from service.ids import InputId, LegId
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    media_started,
    said,
)

ELSEWHERE = Route(match={"to": "nobody"})


def attached(
    at: float, leg: LegId = A, *, route: Route = IN_CALL, began_at: float | None = T0 - 90
) -> LegAttached:
    """Ask for a leg to be transcribed."""
    return LegAttached(
        input_id=InputId(f"attach {leg}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        route=route,
        began_at=began_at,
    )


def test_a_leg_that_talks_is_transcribed_at_once() -> None:
    """The call clock starts here; nobody is told to answer."""
    call = Driver(ELSEWHERE)

    call.receive(attached(T0), now=T0)
    call.receive(said("hello", T0 + 3), now=T0 + 3)
    call.run_until(T0 + 5)

    assert call.types[:4] == [
        "call.started",
        "call.attached",
        "call.answered",
        "transcription.started",
    ]
    assert call.events(CallAttached) == [CallAttached(leg=A, before_ms=90_000)]
    assert [(final.text, final.role) for final in call.finals] == [("hello", "customer")]
    assert 0 < call.finals[0].end_ms <= 3_000  # type: ignore[operator]  # it has one
    assert call.asked(Answer) == []
    assert len(call.asked(StartTranscription)) == 1


def test_its_audio_is_asked_for_by_a_route_that_wants_audio() -> None:
    """Whatever the routes of the settings say; and what is not known is not made up."""
    call = Driver()

    call.receive(attached(T0, route=MEDIA, began_at=None), now=T0)

    (asked,) = call.asked(StartStreaming)
    assert asked.leg_id == A
    assert call.events(CallAttached) == [CallAttached(leg=A, before_ms=None)]
    (began,) = call.events(CallStarted)
    assert (began.direction, began.from_, began.to) == (None, None, None)


def test_a_call_that_no_route_wanted_is_wanted_now() -> None:
    """Its webhooks came and were forgotten; the leg is known, and talks."""
    call = Driver(ELSEWHERE)
    call.receive(initiated(), now=T0)
    call.receive(answered(at=T0 + 1), now=T0 + 1)
    assert call.types == []

    call.receive(attached(T0 + 60), now=T0 + 60)

    assert call.types[:2] == ["call.started", "call.attached"]
    assert call.session.state.answered_at == T0 + 60
    assert len(call.asked(StartTranscription)) == 1


def test_a_call_that_is_transcribed_already_stays_as_it_is() -> None:
    """By its own route; also where another leg of it is named."""
    call = Driver(IN_CALL)
    call.receive(initiated(), now=T0)
    call.receive(answered(at=T0 + 1), now=T0 + 1)

    call.receive(attached(T0 + 5, route=MEDIA), attached(T0 + 5, B, route=MEDIA), now=T0 + 5)

    assert call.events(CallAttached) == []
    assert call.asked(StartStreaming) == []
    assert len(call.asked(StartTranscription)) == 1
    assert call.session.state.legs[B].answered


def test_a_call_whose_answer_was_never_told_talks() -> None:
    """Somebody else answers it, and its webhooks may not come here."""
    call = Driver(Route(source="in_call", engine="Telnyx", answer=False))
    call.receive(initiated(), now=T0)
    assert call.session.state.phase is Phase.RINGING

    call.receive(attached(T0 + 9), now=T0 + 9)

    assert call.session.state.answered_at == T0 + 9
    assert len(call.asked(StartTranscription)) == 1


@pytest.mark.parametrize("late_s", [0.0, 20.0])
def test_webhooks_that_come_after_it_change_nothing(late_s: float) -> None:
    """Copies of them may come, late and out of order; the clock stays."""
    call = Driver(IN_CALL)
    call.receive(attached(T0 + 5), now=T0 + 5)

    call.receive(initiated(), answered(at=T0 + 1), now=T0 + 5 + late_s)
    call.run_until(T0 + 40)

    assert call.types.count("call.started") == 1
    assert call.types.count("call.answered") == 1
    assert call.session.state.answered_at == T0 + 5


@pytest.mark.parametrize(
    "came", [answered(at=T0 + 1), said("welcome", T0 + 1)], ids=["answer", "words"]
)
def test_it_does_not_wait_for_what_came_before_it_elsewhere(came: WebhookInput) -> None:
    """Of its copies the first went to another worker, or none was sent: nobody misses that."""
    call = Driver(ELSEWHERE)
    call.receive(came, now=T0 + 1)
    call.receive(attached(T0 + 2), now=T0 + 2)
    call.run_until(T0 + 3)

    assert call.types[:2] == ["call.started", "call.attached"]
    assert call.session.state.answered_at == T0 + 2
    assert len(call.asked(StartTranscription)) == 1
    assert call.finals == [], "it was said before anybody was to hear it"


def test_it_ends_as_every_call_does() -> None:
    """With its hang-up, which counts from the attachment."""
    call = Driver()
    call.receive(attached(T0), now=T0)
    call.receive(said("bye", T0 + 2), now=T0 + 2)
    call.receive(hung_up(T0 + 10), now=T0 + 10)
    call.run_until(T0 + 60)

    assert call.session.state.phase is Phase.COMPLETE
    assert call.session.state.clock_ms(T0 + 10) == 10_000
    assert len(call.events(TranscriptFinal)) == 1


def test_a_leg_that_is_over_is_not_begun_with() -> None:
    """It hung up while that was on its way."""
    call = Driver(IN_CALL)
    call.receive(initiated(), now=T0)
    call.receive(answered(at=T0 + 1), now=T0 + 1)
    call.receive(hung_up(T0 + 2), now=T0 + 2)
    call.run_until(T0 + 60)

    call.receive(attached(T0 + 61), now=T0 + 61)

    assert call.events(CallAttached) == []
    assert call.session.state.phase is Phase.COMPLETE


def brought(at: float) -> LegAttached:
    """Ask for it, where the leg's own application starts the stream."""
    return msgspec.structs.replace(attached(at, route=MEDIA), brings_stream=True)


def test_a_stream_that_its_own_application_starts_is_not_asked_for() -> None:
    """As `<Start><Stream>` of TeXML does."""
    call = Driver(ELSEWHERE)
    call.receive(brought(T0), now=T0)
    call.receive(media_started(T0 + 2), now=T0 + 2)
    call.run_until(T0 + BROUGHT_S + 10)

    assert call.asked(StartStreaming) == []
    assert "transcription.started" in call.types


def test_one_that_does_not_come_is_asked_for_after_all() -> None:
    """The document may have had no `<Stream>`, or Telnyx could not reach us."""
    call = Driver(ELSEWHERE)
    call.receive(brought(T0), now=T0)
    call.run_until(T0 + BROUGHT_S - 1)
    assert call.asked(StartStreaming) == []
    call.run_until(T0 + BROUGHT_S + 10)

    assert len(call.asked(StartStreaming)) == 1
