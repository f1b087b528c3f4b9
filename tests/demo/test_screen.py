"""The transcript in a terminal."""

import io
import re

from rich.console import Console

from service.demo.receiver import Receipt
from service.demo.screen import clock, line_of, open_screen
from tests.demo.builders import good_call, receipt, spoken


def plain(receipt_: Receipt) -> str:
    """Return the line of an event as text."""
    line = line_of(receipt_)
    return line.plain if line else ""


def test_lines_show_finals_and_notes_in_order_and_no_partials() -> None:
    """What a script or a log gets: no cursor movements, nothing that changes."""
    output = io.StringIO()
    with open_screen(Console(file=output, width=40), live=False) as screen:
        for item in good_call():
            screen.show(item)

    assert [line.split(maxsplit=0)[0].strip() for line in output.getvalue().splitlines()] == [
        "the phone rings",
        "the call is answered",
        "transcription has begun",
        "00:01  customer  I would like to go.",
        "the call has ended",
    ]
    assert "\x1b" not in output.getvalue()


def test_a_partial_stands_below_until_its_final_takes_its_place() -> None:
    """The line being spoken is redrawn; once settled it is printed once, above."""
    output = io.StringIO()
    console = Console(file=output, width=60, force_terminal=True, color_system=None)
    with open_screen(console, live=True) as screen:
        screen.show(spoken("partial", "I wood", utterance_id="u1"))
        screen.show(spoken("partial", "Yes", utterance_id="u2", role="agent", start_ms=500))
        before = len(output.getvalue())
        screen.show(spoken("final", "I would like to go.", utterance_id="u1"))
        after = output.getvalue()[before:]

    assert output.getvalue().count("I would like to go.") == 1
    settled, _, being_spoken = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", after).rpartition("\n")
    assert "I would like to go." in settled
    assert "I wood" not in after
    assert "agent  Yes \u2026" in being_spoken


def test_a_line_says_when_who_and_what() -> None:
    """The role is what the route says, and `unknown` where nobody knows."""
    assert plain(spoken("final", "Yes.", start_ms=65_000)) == "01:05  customer  Yes."
    assert plain(spoken("partial", "Y", role="agent")) == "00:01     agent  Y \u2026"
    assert plain(spoken("final", "Hm.", role="unknown", start_ms=None)) == "--:--   unknown  Hm."


def test_a_gap_says_why() -> None:
    """In words: the reason in the event is for programs."""
    assert "some audio was lost: the recogniser did not answer for too long" in plain(
        receipt("transcript.gap", seq=4, reason="buffer_full")
    )


def test_text_cannot_write_control_characters_to_the_terminal() -> None:
    """An engine's answer is a stranger's text."""
    assert plain(spoken("final", "a\x1b[2Jb\x07\nc")) == "00:01  customer  a [2Jb  c"


def test_an_event_of_tomorrow_is_not_shown() -> None:
    """New types are only ever added, so unknown ones are passed over."""
    assert line_of(receipt("call.of_tomorrow", seq=9)) is None
    assert clock(3_600_000) == "60:00"
