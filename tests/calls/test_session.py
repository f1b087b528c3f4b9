"""A call's life: how it begins, who is transcribed, how it ends."""

from dataclasses import replace

from service.calls.commands import Answer, StartTranscription
from service.calls.ending import GRACE_S
from service.calls.events import (
    CallAnswered,
    CallEnded,
    CallStarted,
    TranscriptCompleted,
    TranscriptionStarted,
)
from service.calls.inputs import ServiceRestarted, StreamingStarted, StreamingStopped
from service.calls.session import SILENT_S, CallSession
from service.calls.state import CallState
from service.ids import InputId
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    finished,
    hung_up,
    initiated,
    said,
    talking,
)

WHOLE = [
    "call.started",
    "call.answered",
    "transcription.started",
    "transcript.final",
    "transcription.stopped",
    "call.ended",
    "transcript.completed",
]


def test_a_call_that_is_transcribed_by_telnyx_has_a_whole_journal() -> None:
    """Ringing, answer, words, hang-up: one event each, numbered without a gap."""
    call = talking(IN_CALL)
    call.receive(said("hello", T0 + 3), now=T0 + 3)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 60)

    assert call.types == WHOLE
    assert [record.seq for record in call.records] == list(range(1, 8))


def test_an_incoming_call_is_answered_at_once() -> None:
    """Nothing can have occurred before it rang, so the answer does not wait for an order."""
    call = Driver(IN_CALL)
    call.receive(initiated(), now=T0)

    assert call.asked(Answer) == [Answer(leg_id=A)]
    assert call.events(CallStarted)[0].from_ == "+15550100"


def test_a_route_may_leave_the_answering_to_others() -> None:
    """`answer = false` watches the call, and transcribes it once somebody answers."""
    call = Driver(replace(IN_CALL, answer=False))
    call.receive(initiated(), now=T0)
    call.receive(answered(), now=T0 + 1)

    assert call.asked(Answer) == []
    assert len(call.asked(StartTranscription)) == 1


def test_a_dialled_call_is_not_answered_by_us() -> None:
    """An outgoing leg is recorded once nothing older can still arrive, and never answered."""
    call = Driver(IN_CALL)
    call.receive(initiated(incoming=False), now=T0)
    assert call.types == []

    call.run_until(T0 + 1)

    assert call.types == ["call.started"]
    assert call.asked(Answer) == []


def test_a_call_that_no_route_wants_is_left_alone() -> None:
    """Nothing is said, answered or recorded, and at its end it is forgotten."""
    call = Driver(replace(IN_CALL, match={"to": "+49*"}))
    call.receive(initiated(), answered(), said("psst", T0 + 2), now=T0 + 2)
    call.receive(hung_up(T0 + 3), now=T0 + 3)
    call.run_until(T0 + 60)

    assert (call.journal, call.commands) == ([], [])
    assert call.outcome.ended


def test_a_call_that_no_route_wants_is_forgotten_although_its_hang_up_was_lost() -> None:
    """Hours of silence end it as well."""
    call = Driver()
    call.receive(initiated(), now=T0)
    call.run_until(T0 + SILENT_S)

    assert call.outcome.ended
    assert call.session.wake_at is None


def test_a_call_of_which_nothing_was_kept_begins_when_its_webhook_comes_again() -> None:
    """The journal took nothing the first time; that moment is not taken for hours of silence."""
    session = CallSession(CallState(call_id=CALL), (IN_CALL,))
    rung = session.receive([], now=T0)

    assert not rung.ended
    assert session.wake_at is None
    begun = session.receive([initiated(T0 + 1)], now=T0 + 1)
    assert [type(command) for command in begun.commands] == [Answer]


def test_the_second_leg_of_a_call_can_be_the_one_a_route_wants() -> None:
    """Legs are offered to the routes until one is wanted."""
    call = Driver(replace(IN_CALL, match={"direction": "outgoing"}))
    call.receive(initiated(), initiated(T0 + 1, leg=B, incoming=False), now=T0 + 1)
    call.run_until(T0 + 2)

    assert [event.leg for event in call.events(CallStarted)] == [B]


def test_one_leg_of_a_bridged_call_is_transcribed() -> None:
    """The second leg carries the same two voices: transcribing it would double each sentence."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(answered(T0 + 3, leg=B), now=T0 + 3)
    call.receive(said("echo", T0 + 4, leg=B), now=T0 + 4)
    call.run_until(T0 + 5)

    assert [command.leg_id for command in call.asked(StartTranscription)] == [A]
    assert call.finals == []


def test_when_the_transcribed_leg_is_transferred_away_the_other_takes_its_place() -> None:
    """The call goes on with the leg that still talks; whose voice is whose is not guessed."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(answered(T0 + 3, leg=B), now=T0 + 3)
    call.receive(hung_up(T0 + 4), now=T0 + 4)
    call.receive(said("carry on", T0 + 8, leg=B), now=T0 + 8)
    call.run_until(T0 + 9)

    assert [command.leg_id for command in call.asked(StartTranscription)] == [A, B]
    assert [final.leg for final in call.finals] == [B]
    assert call.events(CallEnded) == []


def test_a_leg_that_answers_after_the_first_one_left_is_transcribed() -> None:
    """A transfer to a phone that still rings: nothing is forked until somebody talks there."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(hung_up(T0 + 3), now=T0 + 3)
    call.receive(answered(T0 + 5, leg=B), now=T0 + 5)

    assert [command.leg_id for command in call.asked(StartTranscription)] == [A, B]
    assert len(call.events(CallAnswered)) == 1


def test_repeated_answers_and_hang_ups_change_nothing() -> None:
    """Telnyx repeats itself under new ids; the journal does not."""
    call = talking(IN_CALL)
    call.receive(answered(T0 + 2), now=T0 + 2)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.receive(hung_up(T0 + 6), now=T0 + 6)
    call.run_until(T0 + 60)

    assert len(call.events(CallAnswered)) == 1
    assert len(call.events(CallEnded)) == 1


def test_streaming_webhooks_say_nothing_that_the_socket_does_not() -> None:
    """`streaming.started` and `.stopped` leave no event of their own."""
    call = talking(MEDIA)
    before = call.types
    for kind in (StreamingStarted, StreamingStopped):
        webhook = kind(input_id=InputId(kind.__name__), call_id=CALL, leg_id=A, occurred_at=T0 + 2)
        call.receive(webhook, now=T0 + 2)
    call.run_until(T0 + 3)

    assert call.types == before


def test_a_call_nobody_answered_ends_without_a_clock() -> None:
    """The caller gave up: there is no duration, and nothing was transcribed."""
    call = Driver(replace(MEDIA, answer=False))
    call.receive(initiated(), now=T0)
    call.receive(hung_up(T0 + 8), now=T0 + 8)
    call.run_until(T0 + 60)

    assert call.types == ["call.started", "call.ended", "transcript.completed"]
    assert call.events(CallEnded)[0].duration_ms is None
    assert call.events(TranscriptCompleted)[0].coverage is None


def test_a_hang_up_that_was_lost_ends_the_call_after_hours_of_silence() -> None:
    """A call does not stay open for ever, not even if nobody can be asked whether it lives."""
    call = talking(IN_CALL)
    call.silence()
    call.run_until(T0 + 1 + SILENT_S + GRACE_S)

    assert call.events(CallEnded)[0].cause == "hang_up_never_seen"
    assert call.types[-1] == "transcript.completed"
    assert call.session.wake_at is None


def test_a_lost_ringing_is_made_up_for_by_what_comes_next() -> None:
    """After Telnyx's time to repeat it the call starts from the answer alone."""
    call = Driver(IN_CALL)
    call.receive(answered(), now=T0 + 1)
    assert call.types == []

    call.run_until(T0 + 30)

    assert call.types == ["call.started", "call.answered", "transcription.started"]
    assert call.events(CallStarted)[0].from_ is None


def test_an_answer_that_comes_after_the_hang_up_starts_nothing() -> None:
    """The answer was delayed beyond all patience: the call is over."""
    call = Driver(replace(IN_CALL, answer=False))
    call.receive(initiated(), now=T0)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 6)
    call.receive(answered(), now=T0 + 6)

    assert call.asked(StartTranscription) == []


def test_words_later_than_the_grace_are_kept_and_the_transcript_completed_again() -> None:
    """Nothing that Telnyx delivers is dropped, even minutes after the end."""
    call = talking(IN_CALL)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 60)
    call.receive(said("one more thing", T0 + 4.5), now=T0 + 300)
    call.run_until(T0 + 400)

    assert [final.text for final in call.finals] == ["one more thing"]
    assert [event.words for event in call.events(TranscriptCompleted)] == [0, 3]


def test_a_second_leg_that_hangs_up_leaves_the_call_open() -> None:
    """The call ends with its last leg, whichever that is."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(hung_up(T0 + 3, leg=B), now=T0 + 3)
    call.run_until(T0 + 4)
    assert call.events(CallEnded) == []

    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 6)

    assert [event.leg for event in call.events(CallEnded)] == [A]


def test_a_leg_that_begins_after_the_end_opens_nothing_again() -> None:
    """What is over is over: a late leg of the session is known, and left alone."""
    call = talking(IN_CALL)
    call.receive(hung_up(T0 + 5), now=T0 + 5)
    call.run_until(T0 + 60)
    call.receive(initiated(T0 + 61, leg=B), answered(T0 + 62, leg=B), now=T0 + 62)
    call.receive(hung_up(T0 + 63, leg=B), now=T0 + 63)
    call.run_until(T0 + 99)

    assert len(call.events(CallEnded)) == 1
    assert [command.leg_id for command in call.asked(StartTranscription)] == [A]


def test_a_restart_asks_again_for_what_was_under_way() -> None:
    """A command that may not have reached Telnyx is said again, under the same id outside."""
    call = Driver(IN_CALL, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    call.receive(ServiceRestarted(at=T0 + 4), now=T0 + 4)

    assert len(call.asked(StartTranscription)) == 2
    assert call.events(TranscriptionStarted) == []


def test_a_restart_leaves_in_call_transcription_alone_once_it_is_on() -> None:
    """Telnyx goes on transcribing while we are away; its webhooks come again."""
    call = talking(IN_CALL)
    call.receive(ServiceRestarted(at=T0 + 4), now=T0 + 4)

    assert len(call.asked(StartTranscription)) == 1


def test_a_restart_of_an_unknown_or_finished_call_does_nothing() -> None:
    """Calls that no route wanted, or that are complete, need nothing."""
    unwanted, complete = Driver(), talking(IN_CALL)
    unwanted.receive(initiated(), ServiceRestarted(at=T0 + 1), now=T0 + 1)
    complete.receive(hung_up(T0 + 5), now=T0 + 5)
    complete.run_until(T0 + 60)
    before = list(complete.commands)
    complete.receive(ServiceRestarted(at=T0 + 70), now=T0 + 70)

    assert unwanted.commands == []
    assert complete.commands == before


def test_a_restart_while_the_tail_was_awaited_completes_the_call() -> None:
    """The tail died with the process: its loss is told, and the call is complete."""
    call = talking(MEDIA)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 10)
    call.receive(ServiceRestarted(at=T0 + 11), now=T0 + 11)
    call.run_until(T0 + 11)

    assert call.types[-3:] == ["transcript.gap", "transcript.gap", "transcript.completed"]


def test_results_of_a_call_that_no_route_wants_are_nothing_to_us() -> None:
    """It was never asked for anything."""
    call = Driver()
    call.receive(initiated(), finished("inbound"), now=T0)
    call.receive(initiated(T0 + 1, leg=B), hung_up(T0 + 2), now=T0 + 2)
    call.run_until(T0 + 3)

    assert call.commands == []


def test_nobody_takes_over_where_nobody_talks() -> None:
    """The other leg still rings when the transcribed one is gone: wait for its answer."""
    call = talking(IN_CALL)
    call.receive(initiated(T0 + 2, leg=B, incoming=False), now=T0 + 2)
    call.receive(hung_up(T0 + 4), now=T0 + 4)
    call.run_until(T0 + 20)

    assert [command.leg_id for command in call.asked(StartTranscription)] == [A]
    assert call.events(CallEnded) == []


def test_nothing_is_kept_of_a_call_that_no_route_wants() -> None:
    """But for a webhook that waits, whose leg may be wanted yet."""
    call = Driver(replace(IN_CALL, match={"to": "+49*"}))
    call.receive(initiated(), now=T0)
    ringing = call.outcome.forgets
    call.receive(initiated(T0 + 1, leg=B, incoming=False), now=T0 + 1)
    waiting = call.outcome.forgets
    call.run_until(T0 + 2)
    released = call.outcome.forgets
    call.receive(hung_up(T0 + 3), now=T0 + 3)

    assert (ringing, waiting, released) == (True, False, True)
    assert call.outcome.forgets


def test_legs_that_no_route_wanted_are_known_once_one_is_wanted() -> None:
    """The journal was not told of them before."""
    call = Driver(replace(IN_CALL, match={"direction": "outgoing"}))
    call.receive(initiated(), now=T0)
    call.receive(initiated(T0 + 1, leg=B, incoming=False), now=T0 + 1)
    call.receive(now=T0 + 1.4)

    assert call.outcome.legs == (A, B)
