"""Judging what the receiver got."""

from collections.abc import Callable

import pytest

from service.demo.findings import Findings, Latency, judge
from service.demo.receiver import Receipt, Receiver
from service.demo.wer import Score
from service.simulator.speech.script import Utterance, make_utterance
from tests.demo.builders import good_call, receipt, spoken

SCRIPT = (make_utterance("customer", "I would like to go", 1000, 2000),)


def judged(
    receipts: list[Receipt],
    *,
    script: tuple[Utterance, ...] = SCRIPT,
    forged: int = 0,
    real_time: bool = True,
) -> Findings:
    """Judge these receipts as if they had just come."""
    receiver = Receiver(lambda _: None, lambda: 0.0)
    receiver.receipts = receipts
    receiver.forged = forged
    return judge(receiver, script=script, real_time=real_time)


def test_a_good_call_has_figures_and_no_problems() -> None:
    """Events, partials, words, errors and how long it all took."""
    findings = judged(good_call())

    assert findings.problems == ()
    assert (findings.call_id, findings.durable, findings.partials) == ("call-1", 7, 1)
    assert (findings.words, findings.score) == (5, Score(0, 5))
    assert findings.delivery_latency == Latency(median_ms=50, worst_ms=50)
    assert findings.final_latency == Latency(median_ms=450, worst_ms=450)


def drop(kind: str) -> Callable[[list[Receipt]], None]:
    """Return a change that takes an event of this type out of a call."""

    def change(receipts: list[Receipt]) -> None:
        receipts.remove(next(item for item in receipts if item.type == kind))

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (drop("transcription.stopped"), "events never arrived: 6"),
        (drop("call.started"), "call.started never arrived"),
        (drop("transcript.completed"), "transcript.completed never arrived"),
        (drop("transcript.final"), "no words arrived"),
        (drop("transcript.final"), "the call has 1 utterances, but 0 finals arrived"),
        (list.reverse, "event 6 arrived after event 7"),
        (lambda call: call.append(call[3]), "1 partials arrived after their final"),
        (
            lambda call: call.append(receipt("transcript.gap", seq=8)),
            "some audio was not transcribed (transcript.gap)",
        ),
        (
            lambda call: call.append(receipt("transcription.failed", seq=8)),
            "transcription failed (transcription.failed)",
        ),
        (list.clear, "call.ended never arrived"),
    ],
)
def test_what_did_not_arrive_as_promised_is_a_problem(
    change: Callable[[list[Receipt]], None], problem: str
) -> None:
    """Gaps, disorder, losses: each is told in a line of its own."""
    receipts = good_call()
    change(receipts)

    assert problem in judged(receipts).problems


def test_a_bad_signature_is_a_problem() -> None:
    """Somebody sent something that only looks like ours."""
    assert judged(good_call(), forged=2).problems == (
        "2 deliveries had a signature that does not hold",
    )


def test_a_call_heard_wrongly_is_a_problem_where_its_text_is_known() -> None:
    """Without a script nobody can say."""
    receipts = good_call()
    receipts[4] = spoken("final", "Eye wood lick two go", seq=4, after_s=2.4)

    assert judged(receipts).problems == ("80% of the words were heard wrongly",)
    assert judged(receipts, script=()).problems == ()
    assert judged(receipts, script=()).score is None


def test_words_without_a_speaker_are_compared_with_the_call_as_a_whole() -> None:
    """In the call, Telnyx does not always say who spoke."""
    receipts = good_call()
    receipts[4] = spoken("final", "Hello. I would like to go.", seq=4, role="unknown")
    script = (*SCRIPT, make_utterance("agent", "Hello", 0, 900))

    assert judged(receipts, script=script).score == Score(0, 6)


def test_a_fast_call_is_timed_only_by_our_own_clock() -> None:
    """Telnyx's time stamps of a call played fast lie in the future."""
    receipts = good_call()
    receipts[0] = receipt("call.started", seq=1, took_s=-30.0)

    findings = judged(receipts, real_time=False)

    assert findings.final_latency is None
    assert findings.delivery_latency == Latency(median_ms=50, worst_ms=50)
