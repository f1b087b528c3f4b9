"""One turn: many inputs at one moment, one outcome that says everything."""

from dataclasses import replace

import pytest
from msgspec import structs

from service.calls.inputs import ControlAsked, EraseAsked, Input
from service.calls.routes import Retention
from service.calls.state import Phase
from service.calls.turn import Keeping, Outcome
from tests.calls.harness import (
    CALL,
    IN_CALL,
    MEDIA,
    T0,
    A,
    Driver,
    answered,
    heard,
    hung_up,
    initiated,
    said,
    talking,
)

DAY_S = 86_400.0


def turn(call: Driver, *items: Input, now: float = T0 + 5) -> Outcome:
    """Hand inputs in as one turn."""
    return call.session.receive(items, now=now)


def test_facts_say_whose_they_are_and_what_they_follow() -> None:
    """A durable event has its `seq`, a partial has none; both say what was before them."""
    call = talking(replace(MEDIA, metadata={"queue": "billing"}))
    outcome = turn(
        call, heard("good", 100, 400, final=False), heard("morning", 500, 900, track="outbound")
    )

    partial, final = outcome.facts
    assert (partial.seq, partial.after_seq) == (None, 3)
    assert (final.seq, final.after_seq) == (4, 3)
    assert outcome.events == (final,)
    assert {fact.call_id for fact in outcome.facts} == {CALL}
    assert {fact.answered_at for fact in outcome.facts} == {T0 + 1}
    assert final.metadata == {"queue": "billing"}


def test_words_that_were_heard_here_say_how_long_they_took() -> None:
    """From the end of their speech; reported ones cannot, and no clock runs backwards."""
    call = talking(MEDIA)
    late, early = turn(call, heard("a", 0, 100), heard("b", 0, 9000, track="outbound")).facts
    (unanswered,) = turn(call, heard("c", 0, 100)).facts
    (reported,) = turn(talking(IN_CALL), said("d", T0 + 4, final=False)).facts

    assert (late.stt_ms, early.stt_ms) == (5000 - 1000 - 200 - 100, 0)
    assert structs.replace(unanswered, answered_at=None).stt_ms is None
    assert reported.stt_ms is None
    assert call.records[0].stt_ms is None


def test_a_partial_whose_final_came_with_it_is_left_out() -> None:
    """The final goes ahead of it; the partial of another utterance stays."""
    outcome = turn(
        talking(MEDIA),
        heard("good", 100, 400, final=False),
        heard("good morning", 100, 900),
        heard("good", 1000, 1400, final=False),
    )

    assert [fact.event.type for fact in outcome.facts] == [
        "transcript.final",
        "transcript.partial",
    ]


def test_each_input_has_its_reply_in_its_place() -> None:
    """Whoever asked for something gets the answer to that, and nobody else gets one."""
    asked = [ControlAsked(action=action, at=T0 + 5) for action in ("pause", "pause", "resume")]
    outcome = turn(talking(MEDIA), heard("well", 100, 400), *asked)

    assert outcome.replies[0] is None
    assert [reply.changed for reply in outcome.replies if reply] == [True, False, True]
    assert len(outcome.replies) == 4


@pytest.mark.parametrize(
    ("item", "durable"),
    [
        (heard("good", 100, 400, final=False), False),
        (said("good", T0 + 4, final=False), False),
        (ControlAsked(action="resume", at=T0 + 5), False),
        (ControlAsked(action="pause", at=T0 + 5), True),
        (heard("good", 100, 400), True),
        (heard(" ", 100, 400), True),
        (said("good", T0 + 4), True),
        (said("good", T0 + 4, final=None), True),
        (hung_up(T0 + 5), True),
    ],
)
def test_all_but_partials_and_questions_has_to_be_in_the_journal(
    item: Input,
    durable: bool,  # noqa: FBT001 - a table
) -> None:
    """What is asked for counts if it changed something."""
    assert turn(talking(MEDIA), item).durable == durable


def test_repeats_of_webhooks_are_to_be_known_but_those_of_interims() -> None:
    """Their ids go with the commit."""
    interim, final = said("go", T0 + 4, final=False), said("good", T0 + 4)
    outcome = turn(talking(IN_CALL), interim, final, heard("x", 1, 2))

    assert outcome.input_ids == (final.input_id,)


def test_a_new_leg_is_to_be_found_by_the_call() -> None:
    """Once; after that it is known."""
    call = Driver(MEDIA)

    assert turn(call, initiated(), now=T0).legs == (A,)
    assert turn(call, answered(), now=T0 + 1).legs == ()


def test_what_an_erasure_found_in_its_own_turn_is_taken_back() -> None:
    """Nobody is told of it, and the tombstone follows what was recorded before."""
    route = replace(MEDIA, retention=Retention(text_days=1), metadata={"queue": "billing"})
    outcome = turn(
        talking(route), heard("secret", 100, 400), hung_up(T0 + 4), EraseAsked(at=T0 + 5)
    )

    (tombstone,) = outcome.facts
    assert (tombstone.event.type, tombstone.seq) == ("transcript.erased", 4)
    assert tombstone.metadata == {}
    assert (outcome.erased, outcome.ended, outcome.keep) == (True, True, None)


@pytest.mark.parametrize(
    ("retention", "keep"),
    [
        (Retention(), None),
        (Retention(audio_days=3), None),
        (Retention(text_days=2), Keeping(text_due_at=T0 + 9 + 2 * DAY_S)),
        (Retention(attempts_days=0.5), Keeping(attempts_s=DAY_S / 2)),
    ],
)
def test_how_long_a_call_is_kept_counts_from_its_end(
    retention: Retention, keep: Keeping | None
) -> None:
    """The turn that ends the call says it."""
    call = talking(replace(MEDIA, retention=retention))
    call.receive(hung_up(T0 + 9), now=T0 + 9)
    call.run_until(T0 + 10)

    assert call.outcome.keep == keep


def test_an_outcome_says_how_far_the_call_is() -> None:
    """Who stands outside need not look into the state."""
    call = Driver(MEDIA)
    ringing = turn(call, initiated(), now=T0)
    talks = turn(call, answered(), now=T0 + 1)

    assert (ringing.phase, talks.phase) == (Phase.RINGING, Phase.TALKING)
    assert talks.wake_at == call.session.wake_at
    assert not talks.ended


def test_nobody_is_told_of_a_call_that_no_route_wants() -> None:
    """It is kept as long as it lasts, so that its webhooks are known."""
    outcome = turn(Driver(), initiated(), now=T0)

    assert (outcome.facts, outcome.endpoints, outcome.durable) == ((), (), True)
