"""Telnyx records: what it tells of that comes late, twice or never, and is fetched all the same."""

from dataclasses import replace

import pytest

from service.calls.after_events import RecordingFailed
from service.calls.carrier_answers import CommandFailed
from service.calls.commands import (
    FetchTape,
    FindTapes,
    HearRecording,
    StartRecording,
    StopRecording,
)
from service.calls.events import RecordingSaved
from service.calls.inputs import ControlName, EraseAsked
from service.calls.routes import AfterCall, Retention, Route
from service.calls.state import Progress
from service.calls.tapes import DELAYS_S, DUE_S, LINK_S, MAX_UNREACHED, REPLY_S
from service.ids import LegId
from tests.calls.connections import bridged
from tests.calls.harness import (
    IN_CALL,
    MEDIA,
    T0,
    A,
    B,
    Driver,
    answered,
    hung_up,
    initiated,
    refused,
    talking,
)
from tests.calls.tapes import LINK, OVER, TAPED, end, failed, fetched, kept, not_kept, over, saved
from tests.calls.test_controls import asked


def told(call: Driver) -> list[tuple[int, str, str]]:
    """Return what was told to have failed."""
    return [(one.revision, one.stage, one.reason) for one in call.events(RecordingFailed)]


def until_asked(call: Driver) -> None:
    """Let time pass until Telnyx is asked again to record, unless it is."""
    request = call.session.state.legs[A].recording
    if request.progress is Progress.OFF:
        call.run_until(request.look_at or 0.0)


@pytest.mark.parametrize("source", [MEDIA, IN_CALL])
def test_a_call_is_recorded_from_its_answer_on(source: Route) -> None:
    """On both sources, once; others are not."""
    call = talking(replace(source, record="telnyx"))

    assert call.asked(StartRecording) == [StartRecording(leg_id=A)]
    assert talking(replace(source, record="none")).asked(StartRecording) == []


def test_what_was_recorded_is_fetched_and_told() -> None:
    """At its place of the call clock; once it is here nothing is waited for."""
    call = over(replace(TAPED, retention=Retention(audio_days=2)))
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 3)
    (command,) = call.asked(FetchTape)
    call.receive(kept(), now=OVER + 20)

    assert (command.number, command.link, command.offset_ms) == (1, LINK, 500)
    assert not command.is_swapped
    assert command.silent == {"inbound": [], "outbound": []}
    assert command.delete_at == T0 + 1.5 + 2 * 86_400
    assert LINK not in repr(command)
    assert call.events(RecordingSaved) == [
        RecordingSaved(
            duration_ms=58_500,
            size_bytes=9_000,
            content_type="audio/wav",
            channels=("inbound", "outbound"),
        )
    ]
    assert call.outcome.ended


def test_it_is_transcribed_once_more_as_ours_are() -> None:
    """If the route says by whom."""
    call = over(replace(TAPED, after_call=AfterCall(engine="Deepgram", model="nova-3")))
    call.receive(saved(), now=OVER + 2)
    call.receive(kept(), now=OVER + 20)

    assert [one.generation for one in call.asked(HearRecording)] == [1]


def test_a_repeat_is_harmless() -> None:
    """Before it is fetched, while it is, and after."""
    call = over()
    again = [saved(OVER + 1 + number / 9) for number in range(3)]
    call.receive(again[0], again[0], now=OVER + 2)
    call.run_until(OVER + 3)
    call.receive(again[0], now=OVER + 4)
    call.receive(kept(), kept(), now=OVER + 20)
    call.receive(again[1], again[2], now=OVER + 21)
    call.run_until(OVER + 9_000)

    assert len(call.asked(FetchTape)) == 1
    assert len(call.events(RecordingSaved)) == 1


def test_a_recording_without_an_id_is_known_by_its_beginning() -> None:
    """As the webhook has it and the list does not, or none of them says when it began."""
    call = over()
    call.receive(saved(tape=None), saved(OVER + 2, tape="tape-1"), now=OVER + 3)
    call.receive(saved(OVER + 4, tape=None, started_at=None), now=OVER + 5)
    call.run_until(OVER + 9)

    assert {one.number for one in call.asked(FetchTape)} == {1, 2}
    assert fetched(call).offset_ms == 0  # from when Telnyx took the command


def test_of_a_call_that_telnyx_does_not_record_for_us_nothing_is_taken() -> None:
    """Its own application records it; or no route wanted it."""
    call = over(replace(TAPED, record="telnyx"))
    other = talking(MEDIA)
    other.receive(saved(), failed(None), now=OVER)
    nobody = Driver()
    nobody.receive(initiated(), now=T0)
    nobody.receive(saved(), now=OVER)
    nobody.run_until(OVER + 20)
    unseen = Driver(TAPED)
    unseen.receive(saved(), now=OVER)
    unseen.run_until(OVER + 20)

    for one in (other, nobody, unseen):
        assert one.asked(FetchTape) == []
        assert told(one) == []
    assert call.asked(FetchTape) == []


def test_a_recording_of_another_leg_is_put_on_its_side() -> None:
    """Who is at that leg is the other side of the call; of an unknown leg it is the call's."""
    call = talking(TAPED)
    call.receive(initiated(T0 + 5, leg=B), answered(T0 + 6, leg=B), now=T0 + 6)
    call.receive(bridged(T0 + 7), bridged(T0 + 7, leg=B), now=T0 + 8)
    call.receive(hung_up(OVER, leg=B), now=OVER)
    end(call)
    call.receive(saved(leg=B, tape="b"), saved(leg=LegId(""), tape="c"), now=OVER + 2)
    call.run_until(OVER + 3)

    assert [one.is_swapped for one in call.asked(FetchTape)] == [True, False]


@pytest.mark.parametrize(("action", "again"), [("pause", "resume"), ("stop", "start")])
def test_nothing_is_recorded_while_nobody_is_to_hear(
    action: ControlName, again: ControlName
) -> None:
    """What comes after it is another recording."""
    call = talking(TAPED)
    call.receive(asked(action, T0 + 10), now=T0 + 10)
    call.receive(saved(T0 + 11, tape="first", ended_at=T0 + 10), now=T0 + 12)
    call.receive(kept(at=T0 + 12), now=T0 + 13)
    call.receive(asked(again, T0 + 20), now=T0 + 20)
    end(call)
    second = saved(OVER + 1, tape="second", started_at=T0 + 20)
    call.receive(second, now=OVER + 2)
    call.run_until(OVER + 3)
    assert call.events(RecordingSaved) == []
    call.receive(kept(2), now=OVER + 20)

    assert [one.generation for one in call.asked(StartRecording)] == [0, 1]
    assert [one.generation for one in call.asked(StopRecording)] == [0]
    assert [one.offset_ms for one in call.asked(FetchTape)] == [500, 19_000]
    assert call.asked(FetchTape)[1].silent["inbound"] == [(8_500, 19_500)]
    assert len(call.events(RecordingSaved)) == 1


def test_a_recording_that_ends_by_itself_is_begun_anew() -> None:
    """Not so one that somebody else began before, or what ended before ours began."""
    call = talking(TAPED)
    call.receive(saved(T0 + 9, tape="old", started_at=T0 - 50, ended_at=T0 + 8), now=T0 + 9)
    call.receive(saved(T0 + 9, tape="older", started_at=None, ended_at=T0), now=T0 + 9)
    call.run_until(T0 + 10)
    assert len(call.asked(StartRecording)) == 1
    call.receive(saved(T0 + 11, ended_at=T0 + 11), now=T0 + 11)
    call.run_until(T0 + 12)

    assert [one.generation for one in call.asked(StartRecording)] == [0, 1]


def test_the_leg_that_takes_over_is_recorded() -> None:
    """After a transfer; the other one's recording is over with it."""
    call = talking(TAPED)
    call.receive(initiated(T0 + 5, leg=B), answered(T0 + 6, leg=B), now=T0 + 6)
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 15)

    assert [one.leg_id for one in call.asked(StartRecording)] == [A, B]


def test_it_is_asked_for_again_and_told_once_that_it_is_refused() -> None:
    """Ever more slowly; no audio yet is no news."""
    call = talking(TAPED)
    call.silence()
    call.receive(asked("pause", T0 + 3), now=T0 + 3)
    call.receive(refused("start_recording", "1"), now=T0 + 3)  # of a command that was overtaken
    call.restart(T0 + 4)
    assert told(call) == []

    again = Driver(TAPED, telnyx_answers=False)
    again.receive(initiated(), answered(), now=T0 + 1)
    again.receive(refused("start_recording", "90020"), now=T0 + 1)
    assert told(again) == []
    for _ in range(2):
        until_asked(again)
        again.receive(refused("start_recording", "10015"), now=again.now)
    assert told(again) == [(0, "start", "refused")]
    assert [one.generation for one in again.asked(StartRecording)] == [0, 1, 2]


def test_that_telnyx_is_not_reached_is_told_once_it_lasts() -> None:
    """It takes the command some time; until then it is asked again."""
    call = Driver(TAPED, telnyx_answers=False)
    call.receive(initiated(), answered(), now=T0 + 1)
    for number in range(MAX_UNREACHED):
        assert told(call) == []
        until_asked(call)
        assert len(call.asked(StartRecording)) == number + 1
        lost = CommandFailed(
            leg_id=A, command="start_recording", at=call.now, code="", reason="unreachable"
        )
        call.receive(lost, now=call.now)

    assert told(call) == [(0, "start", "unreachable")]


def test_a_stop_that_is_refused_is_asked_for_again() -> None:
    """Until the recording is over, whoever ended it."""
    call = talking(TAPED)
    call.silence()
    call.receive(asked("pause", T0 + 3), now=T0 + 3)
    call.receive(refused("stop_recording", "10015"), now=T0 + 3)
    call.run_until(T0 + 12)
    call.receive(saved(T0 + 13, ended_at=T0 + 13), now=T0 + 13)
    call.run_until(T0 + 300)

    assert [one.generation for one in call.asked(StopRecording)] == [0, 1]


def test_what_nobody_told_of_is_asked_for() -> None:
    """Ever more slowly; what is found is fetched."""
    call = over()
    call.run_until(OVER + DUE_S[0] + DUE_S[1] + 2)
    assert call.asked(FindTapes) == [FindTapes(leg_id=A)] * 2
    call.receive(saved(call.now), now=call.now)
    call.run_until(call.now + 1)
    call.receive(kept(), now=call.now)
    call.run_until(call.now + 9_000)

    assert len(call.asked(FindTapes)) == 2
    assert len(call.events(RecordingSaved)) == 1


def test_what_is_never_there_is_told() -> None:
    """Once it was asked for often enough."""
    call = over()
    call.run_until(OVER + sum(DUE_S) + 1)

    assert told(call) == [(0, "fetch", "never_saved")]
    assert len(call.asked(FindTapes)) == len(DUE_S) - 1
    assert call.outcome.ended


def test_what_was_fetched_is_told_although_more_is_missed() -> None:
    """As soon as that was asked for in vain; of the rest it is told later."""
    call = talking(TAPED)
    call.receive(asked("pause", T0 + 10), now=T0 + 10)
    call.receive(asked("resume", T0 + 20), now=T0 + 20)
    end(call)
    call.receive(saved(ended_at=T0 + 10), now=OVER + 2)
    call.run_until(OVER + 3)
    call.receive(kept(), now=OVER + 3)
    assert call.events(RecordingSaved) == []
    call.run_until(OVER + DUE_S[0] + 1)

    assert len(call.events(RecordingSaved)) == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Unsupported backend", "storage_unsupported"),
        ("Anything else", "internal_error"),
        (None, "internal_error"),
    ],
)
def test_what_telnyx_could_not_store_is_told(said: str | None, reason: str) -> None:
    """And is not waited for."""
    call = over()
    call.receive(failed(said), failed(said, at=OVER + 1.1), now=OVER + 2)
    call.run_until(OVER + 3)

    assert told(call) == [(0, "storage", reason)] * 2
    assert call.outcome.ended


def test_it_is_fetched_again_ever_more_slowly_and_then_given_up() -> None:
    """Links die meanwhile: others are asked for."""
    call = over()
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 3)
    for delay_s in DELAYS_S:
        call.receive(not_kept(), now=call.now)
        call.run_until(call.now + delay_s)
        call.receive(saved(call.now), now=call.now)
        call.run_until(call.now + 1)
        if told(call):
            break
    call.receive(not_kept(), not_kept(), now=call.now)

    assert [stage for _, stage, _ in told(call)] == ["fetch"]
    assert call.asked(FindTapes)
    assert call.outcome.ended


def test_a_link_that_died_is_asked_for_anew() -> None:
    """That it did is known by its age, or by who refuses it; what is found is fetched at once."""
    call = over()
    call.receive(saved(), now=OVER + 1 + LINK_S)
    call.run_until(OVER + 2 + LINK_S)
    assert call.asked(FetchTape) == []
    before = len(call.asked(FindTapes))
    fresh = saved(call.now, link="https://fresh")
    call.receive(fresh, now=call.now)
    call.run_until(call.now + 1)
    assert fetched(call).link == "https://fresh"
    call.receive(not_kept("link_refused", has_expired=True), now=call.now)
    call.run_until(call.now)

    assert len(call.asked(FindTapes)) == before + 1
    assert len(call.asked(FetchTape)) == 1


def test_a_link_that_is_refused_again_and_again_is_given_up() -> None:
    """Telnyx may have deleted what it recorded."""
    call = over()
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 3)
    for _ in range(len(DELAYS_S)):
        call.receive(not_kept("link_refused", has_expired=True), now=call.now)
        call.run_until(call.now + 30_000)
    assert told(call) == [(1, "fetch", "link_expired")]

    other = over()
    other.receive(saved(), now=OVER + 2)
    other.run_until(OVER + 3)
    other.session.state.tapes[0].failures = len(DELAYS_S)
    other.receive(not_kept("link_refused", has_expired=True), now=other.now)
    assert told(other) == [(1, "fetch", "link_refused")]


def test_what_can_never_be_fetched_is_told_at_once() -> None:
    """It is too large, or somewhere else; or it is no WAV."""
    call = over()
    call.receive(saved(), saved(tape="mp3", link=None, started_at=T0 + 2), now=OVER + 2)
    call.run_until(OVER + 3)
    call.receive(not_kept("too_large", for_good=True), not_kept(number=7), now=OVER + 4)

    assert told(call) == [(2, "fetch", "no_wav"), (1, "fetch", "too_large")]
    assert call.outcome.ended


def test_a_restart_fetches_what_was_being_fetched() -> None:
    """At once; and after an hour without an answer as well. What is kept is not fetched again."""
    call = over()
    call.receive(saved(), now=OVER + 2)
    call.run_until(OVER + 3)
    call.restart(OVER + 5)
    call.run_until(OVER + 5)
    assert len(call.asked(FetchTape)) == 2
    call.session.state.tapes[0].linked_at += REPLY_S
    call.run_until(OVER + 5 + REPLY_S)
    assert len(call.asked(FetchTape)) == 3
    call.receive(kept(), now=call.now)
    call.restart(call.now + 5)
    call.run_until(call.now + 5)

    assert len(call.asked(FetchTape)) == 3


def test_an_erasure_stops_the_recording_and_forgets_its_links() -> None:
    """What Telnyx tells of it later is not taken."""
    call = talking(TAPED)
    call.receive(saved(T0 + 4, ended_at=T0 + 1), now=T0 + 5)
    call.receive(EraseAsked(at=T0 + 6), now=T0 + 6)
    call.receive(saved(T0 + 8, tape="other"), kept(), now=T0 + 8)
    call.run_until(T0 + 9_000)

    assert [one.leg_id for one in call.asked(StopRecording)] == [A]
    assert call.session.state.tapes == []
    assert len(call.asked(FetchTape)) == 1
    assert call.types[-1] == "transcript.erased"
