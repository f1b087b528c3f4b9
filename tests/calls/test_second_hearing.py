"""A recording is transcribed once more, whole, after the call."""

from dataclasses import replace

import pytest

from service.calls.after_events import RecordingFailed, RecordingTranscribed
from service.calls.commands import HearRecording
from service.calls.inputs import RecordingWritten
from service.calls.redactions import policy_of
from service.calls.reredaction import KeptFinal, look_again
from service.calls.routes import AfterCall, Route
from service.calls.second_hearing import DELAYS_S, REPLY_S
from service.calls.second_hearing_answers import HeardSegment, RecordingHeard, RecordingUnheard
from service.ids import UtteranceId
from tests.calls.harness import MEDIA, STREAM, T0, A, Driver, finished, hung_up, talking

CHOICE = AfterCall(engine="Deepgram", model="nova-3")
ROUTE = replace(MEDIA, record="audio", after_call=CHOICE, language="en")
SAVED = T0 + 60


def saved(route: Route = ROUTE, duration_ms: int = 4000) -> Driver:
    """Return a call that is over, and whose recording is there."""
    call = talking(route)
    call.receive(hung_up(T0 + 7), now=T0 + 7)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 8)
    call.run_until(SAVED)
    call.receive(written(duration_ms), now=SAVED)
    return call


def written(duration_ms: int) -> RecordingWritten:
    """So much of the call's audio is on the disk."""
    return RecordingWritten(
        leg_id=A, stream_id=STREAM, at=SAVED, duration_ms=duration_ms, size_bytes=1
    )


def heard(*segments: HeardSegment, generation: int = 1) -> RecordingHeard:
    """The engine gave a text."""
    return RecordingHeard(at=SAVED + 5, generation=generation, segments=segments, language="en-US")


def unheard(*, for_good: bool = False) -> RecordingUnheard:
    """The engine gave none."""
    return RecordingUnheard(
        at=SAVED + 5, generation=1, reason="unreachable", code="5", for_good=for_good
    )


HELLO = HeardSegment(track="inbound", text="Hello.", start_ms=100, end_ms=900)


def test_a_recording_is_given_to_the_engine_of_the_route() -> None:
    """In the route's language, unless another one is wanted; none where nobody wants it."""
    assert saved().asked(HearRecording) == [
        HearRecording(generation=1, engine="Deepgram", model="nova-3", language="en")
    ]
    other = replace(ROUTE, after_call=replace(CHOICE, language="es"))
    assert [one.language for one in saved(other).asked(HearRecording)] == ["es"]
    assert saved(replace(ROUTE, after_call=None)).asked(HearRecording) == []


def test_what_was_heard_is_told_beside_the_live_words() -> None:
    """By whom each stretch was said; then nothing is waited for."""
    call = saved()
    call.receive(heard(HELLO, HeardSegment(track="outbound", text="Good morning.")), now=SAVED + 5)
    call.receive(heard(HELLO), now=SAVED + 6)

    (event,) = call.events(RecordingTranscribed)
    assert (event.revision, event.engine, event.language) == (1, "Deepgram", "en-US")
    assert event.text == "Hello. Good morning."
    assert [(one.role, one.text, one.start_ms) for one in event.segments] == [
        ("customer", "Hello.", 100),
        ("agent", "Good morning.", None),
    ]
    assert call.types[-2:] == ["recording.saved", "recording.transcribed"]
    assert call.outcome.ended


def test_numbers_are_hidden_in_it_as_in_the_live_words() -> None:
    """Over all stretches of a track."""
    call = saved(replace(ROUTE, redact=("pci",)))
    card = HeardSegment(track="inbound", text="My card is 4111 1111 1111 1111.", start_ms=0)
    call.receive(heard(card), now=SAVED + 5)

    (event,) = call.events(RecordingTranscribed)
    assert "4111" not in event.text
    assert [one.entity for one in event.segments[0].redactions] == ["card"]


def test_a_recording_that_has_grown_is_transcribed_anew() -> None:
    """An answer of the shorter one comes too late."""
    call = saved()
    call.receive(written(9000), now=SAVED + 1)
    call.receive(heard(HELLO), heard(HELLO, generation=2), now=SAVED + 5)

    assert [one.generation for one in call.asked(HearRecording)] == [1, 2]
    assert [one.revision for one in call.events(RecordingTranscribed)] == [2]


def test_it_is_asked_for_again_ever_more_slowly_and_then_given_up() -> None:
    """Which is told, once."""
    call = saved()
    for tries, delay_s in enumerate(DELAYS_S, start=1):
        call.receive(unheard(), now=call.now)
        assert call.session.wake_at == call.now + delay_s
        call.run_until(call.now + delay_s)
        assert len(call.asked(HearRecording)) == tries + 1
    call.receive(unheard(), unheard(), now=call.now)

    assert call.events(RecordingFailed) == [
        RecordingFailed(revision=1, stage="transcription", reason="unreachable", code="5")
    ]
    assert call.outcome.ended


def test_what_is_refused_for_good_is_told_at_once() -> None:
    """Nothing more is asked."""
    call = saved()
    call.receive(unheard(for_good=True), now=SAVED + 5)

    assert len(call.events(RecordingFailed)) == 1
    assert len(call.asked(HearRecording)) == 1


@pytest.mark.parametrize("restarts", [True, False])
def test_an_answer_that_never_comes_is_asked_for_again(restarts: bool) -> None:  # noqa: FBT001
    """At once after a restart, or when it is far too late; under the same number."""
    call = saved()
    if restarts:
        call.restart(SAVED + 3)
        call.run_until(SAVED + 3)
    else:
        call.run_until(SAVED + REPLY_S)

    assert [one.generation for one in call.asked(HearRecording)] == [1, 1]


def test_a_restart_after_it_is_there_asks_for_nothing() -> None:
    """Nor does one before there is a recording."""
    call = saved()
    call.receive(heard(HELLO), now=SAVED + 5)
    call.restart(SAVED + 9)
    call.run_until(SAVED + 9)

    assert len(call.asked(HearRecording)) == 1


def test_once_more_is_hidden_the_recording_is_transcribed_anew() -> None:
    """By the next one who has the call: what was heard before goes with the words."""
    call = saved()
    call.receive(heard(HELLO), now=SAVED + 5)
    like = replace(MEDIA, redact=("pci",))
    kept = KeptFinal(
        seq=2,
        at=T0,
        utterance_id=UtteranceId("u"),
        text="My card is 4111 1111 1111 1111.",
        track="inbound",
        role="customer",
        leg=A,
        start_ms=0,
        end_ms=900,
        words=None,
        language="en",
    )
    look = look_again([kept], policy_of(like))
    outcome = call.session.redact_again(look, like=like, now=SAVED + 90)
    assert not outcome.ended

    call.restart(SAVED + 99)
    call.run_until(SAVED + 99)
    assert [one.generation for one in call.asked(HearRecording)] == [1, 2]
