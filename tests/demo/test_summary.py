"""The summary after the call."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from service.demo.findings import Findings, Latency
from service.demo.summary import print_summary
from service.demo.wer import Score

GOOD = Findings(
    call_id="call-1",
    durable=31,
    partials=58,
    forged=0,
    repeated=0,
    words=160,
    score=Score(4, 158),
    delivery_latency=Latency(12, 40),
    final_latency=Latency(700, 1100),
    problems=(),
)


def printed(findings: Findings) -> str:
    """Return the summary as text."""
    output = io.StringIO()
    print_summary(Console(file=output, width=70), findings, journal=Path("calls.db"))
    return output.getvalue()


def test_a_good_call_is_told_in_figures_with_what_to_do_next() -> None:
    """Events, signatures, words, errors, delays, the journal, and the way to a real number."""
    text = printed(GOOD)

    assert "31 in order and 58 partials" in text
    assert "89 verified, 0 refused" in text
    assert "2.5% (4 of 158 words said)" in text
    assert "700 ms (median), 1100 ms (worst)" in text
    assert "12 ms (median), 40 ms (worst)" in text
    assert "calls.db" in text
    assert "callscribe init\n" in text
    assert "callscribe check" in text


def test_what_is_not_known_is_not_told() -> None:
    """No rate without a script, no delays of a call played fast, no repeats without any."""
    text = printed(replace(GOOD, score=None, final_latency=None))

    assert "word error rate" not in text
    assert "end of speech" not in text
    assert "repeated" not in text
    assert "2 events came twice" in printed(replace(GOOD, repeated=2))


def test_problems_come_instead_of_advice() -> None:
    """Each in a line of its own."""
    text = printed(replace(GOOD, problems=("no words arrived", "call.ended never arrived")))

    assert "problem: no words arrived\nproblem: call.ended never arrived\n" in text
    assert "callscribe check" not in text
