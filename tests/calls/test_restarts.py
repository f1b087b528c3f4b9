"""A process goes, in order or not, and the next one takes its calls up."""

import pytest

from service.calls.carrier_answers import CommandDone
from service.calls.commands import (
    FetchMissed,
    FinishRecognitions,
    StartStreaming,
)
from service.calls.events import (
    TranscriptGap,
    TranscriptionStopped,
)
from service.calls.inputs import ServiceRestarted, ServiceStopping
from service.calls.state import Phase
from service.ids import StreamId
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    finished,
    heard,
    hung_up,
    initiated,
    media_started,
    said,
    talking,
)

SECOND = StreamId("stream-2")


def test_a_restart_asks_for_the_audio_again_and_tells_what_was_lost() -> None:
    """From the last settled word to the first new frame, on each track."""
    call = talking(MEDIA)
    call.receive(heard("hello", 800, 1800), now=T0 + 3)
    call.receive(ServiceRestarted(at=T0 + 6), now=T0 + 6)
    call.receive(media_started(T0 + 7, stream=SECOND), now=T0 + 7)

    assert len(call.asked(StartStreaming)) == 2
    assert [(g.track, g.start_ms, g.end_ms) for g in call.events(TranscriptGap)] == [
        ("inbound", 2000, 6000),
        ("outbound", 0, 6000),
    ]


def test_an_orderly_stop_settles_what_is_heard_and_the_next_process_goes_on() -> None:
    """A rolling restart: the tail is settled, and only the time in between is a gap."""
    call = talking(MEDIA)
    call.receive(ServiceStopping(at=T0 + 5), now=T0 + 5)
    call.receive(heard("and", 3000, 3700), now=T0 + 5.2)
    call.receive(finished("inbound"), finished("outbound"), now=T0 + 5.5)
    call.receive(ServiceRestarted(at=T0 + 8), now=T0 + 8)
    call.receive(media_started(T0 + 8.5, stream=SECOND), now=T0 + 8.5)

    assert [final.text for final in call.finals] == ["and"]
    assert call.events(TranscriptionStopped) == []
    assert {(g.start_ms, g.end_ms) for g in call.events(TranscriptGap)} == {(4000, 7500)}


def test_a_stop_means_nothing_to_a_call_that_is_not_talking() -> None:
    """Ringing calls are in the journal as they are."""
    call = Driver(MEDIA)
    call.receive(initiated(), ServiceStopping(at=T0 + 1), now=T0 + 1)

    assert call.asked(FinishRecognitions) == []


def test_a_restart_asks_nothing_for_legs_that_need_nothing() -> None:
    """A leg that hung up, and one that was never forked."""
    call = talking(MEDIA)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(hung_up(T0 + 3, leg=B), now=T0 + 3)
    call.run_until(T0 + 4)
    call.receive(ServiceRestarted(at=T0 + 6), now=T0 + 6)

    assert [command.leg_id for command in call.asked(StartStreaming)] == [A, A]


@pytest.mark.parametrize("taken", [False, True])
def test_a_stream_that_found_nobody_is_begun_anew(taken: bool) -> None:  # noqa: FBT001 - a case
    """Telnyx dialled while no process was there: a repeat of the same command would dial none."""
    call = Driver(MEDIA, telnyx_answers=taken)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(ServiceRestarted(at=T0 + 3), now=T0 + 3)

    first, second = call.asked(StartStreaming)
    assert second.generation > first.generation


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("these are words that were said long before", []),
        ("hello", [(0, 4000), (0, 4000)]),
    ],
)
def test_what_a_dead_process_asked_may_have_been_done_at_once(
    text: str, gaps: list[tuple[int, int]]
) -> None:
    """Whether Telnyx transcribed before it was asked again is told by the words that come."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.restart(T0 + 5)
    taken = CommandDone(leg_id=A, command="start_transcription", at=T0 + 5)
    call.receive(taken, now=T0 + 5)
    call.receive(said(text, T0 + 5.4), now=T0 + 5.4)
    call.run_until(T0 + 6)

    assert [(g.start_ms, g.end_ms) for g in call.events(TranscriptGap)] == gaps


def test_a_call_that_was_ending_ends_at_a_restart_whatever_the_clock_said() -> None:
    """The clock may have been put back between the start and the turn."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 3), now=T0 + 3)
    call.run_until(T0 + 4)
    call.receive(ServiceRestarted(at=T0 + 260), now=T0 + 4)

    assert call.outcome.phase is Phase.COMPLETE


@pytest.mark.parametrize("was_down", [True, False])
def test_who_takes_over_while_the_others_listen_misses_no_webhook(*, was_down: bool) -> None:
    """Telnyx is asked for those that found nobody, and for none where another worker was there."""
    call = talking(IN_CALL)
    call.receive(ServiceRestarted(at=T0 + 6, was_down=was_down), now=T0 + 6)

    assert len(call.asked(FetchMissed)) == was_down
