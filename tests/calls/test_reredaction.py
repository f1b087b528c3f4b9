"""What is hidden of what is kept, once somebody asks."""

from dataclasses import replace

import pytest

from service.calls.events import TranscriptRedacted
from service.calls.inputs import Redaction, Word
from service.calls.reredaction import KeptFinal, look_again
from service.calls.routes import Route
from service.calls.state import Span
from service.ids import UtteranceId
from service.redaction.memory import Policy
from tests.calls.harness import IN_CALL, T0, A, Driver, hung_up, said, talking

LIKE = Route(redact=("pci",), redact_level="balanced")
PCI = Policy(frozenset({"pci"}))
CARD = "4111 1111 1111 1111"


def kept(text: str, seq: int = 4, *, words: bool = False, at: float = T0 + 2) -> KeptFinal:
    """Return a final, of 300 ms a word from the first second on where its words have times."""
    pieces = text.split()
    timed = tuple(
        Word(text=one, start_ms=1_000 + 300 * n, end_ms=1_300 + 300 * n, confidence=0.9)
        for n, one in enumerate(pieces)
    )
    return KeptFinal(
        seq=seq,
        at=at,
        utterance_id=UtteranceId(f"u{seq}"),
        text=text,
        track="inbound",
        role="customer",
        leg=A,
        start_ms=1_000,
        end_ms=1_000 + 300 * len(pieces),
        words=timed if words else None,
        language="en-US",
    )


def over() -> Driver:
    """Return a call that is over, in which a card was said."""
    driver = talking(IN_CALL)
    driver.receive(said(f"it is {CARD}", T0 + 2), now=T0 + 2)
    driver.receive(hung_up(T0 + 3), now=T0 + 3)
    driver.run_until(T0 + 60)
    return driver


def test_a_final_is_superseded_by_what_is_shown_today() -> None:
    """With labels, what they stand for, and all that says whose words they are."""
    (event,) = look_again([kept(f"it is {CARD}")], PCI).superseding

    assert event == TranscriptRedacted(
        supersedes=4,
        utterance_id=UtteranceId("u4"),
        text="it is [CARD]",
        words=None,
        redactions=(Redaction(entity="card", start=6, end=12),),
        track="inbound",
        role="customer",
        leg=A,
        start_ms=1_000,
        end_ms=2_800,
    )


def test_finals_with_nothing_to_hide_stay() -> None:
    """They are looked at all the same: a number may go on in the next."""
    look = look_again([kept("hello there"), kept("twelve o'clock", 5)], PCI)

    assert (look.superseding, look.silent, not look.hidden) == ((), (), True)


def test_words_are_hidden_as_their_text_is() -> None:
    """Their times say what of the sound goes: with a margin, and nothing else."""
    look = look_again([kept(f"it is {CARD} thanks", words=True)], PCI)
    (event,) = look.superseding

    assert event.words is not None
    assert [one.text for one in event.words] == ["it", "is", *["[CARD]"] * 4, "thanks"]
    assert event.redactions[0].start_ms == 1_600
    assert look.hidden == {"card": 1}
    assert [(one.track, one.span) for one in look.silent] == [("inbound", Span(1_450, 2_950))]


@pytest.mark.parametrize(
    ("start_ms", "span"), [(1_000, Span(500, 3_300)), (None, Span(0, 1 << 40))]
)
def test_sound_whose_words_have_no_times_goes_as_a_whole(start_ms: int | None, span: Span) -> None:
    """All of the track's, where nobody knows when it was said."""
    look = look_again([replace(kept(f"it is {CARD}"), start_ms=start_ms)], PCI)

    assert [one.span for one in look.silent] == [span]


def test_digits_that_were_shown_are_silent_once_more_of_their_number_is_hidden() -> None:
    """They stay in the text, as they do while a call goes on."""
    finals = [kept("4111 11", words=True), kept("11 1111 1111", 5, words=True, at=T0 + 4)]
    look = look_again(finals, PCI)

    assert [one.supersedes for one in look.superseding] == [5]
    assert Span(850, 1_750) in [one.span for one in look.silent]


def test_what_was_hidden_before_is_told_where_it_stands_now() -> None:
    """It is not counted again, whichever kinds are looked for now."""
    text = f"[PHONE] and {CARD} and [EMAIL]"
    at = text.index("[EMAIL]")
    before = (
        Redaction(entity="phone", start=0, end=7),
        Redaction(entity="email", start=at, end=at + 7),
    )
    look = look_again([replace(kept(text), redactions=before)], PCI)
    (event,) = look.superseding

    assert event.text == "[PHONE] and [CARD] and [EMAIL]"
    assert [event.text[one.start : one.end] for one in event.redactions] == [
        "[PHONE]", "[CARD]", "[EMAIL]",
    ]  # fmt: skip
    assert look.hidden == {"card": 1}


@pytest.mark.parametrize("words", [True, False])
def test_what_was_hidden_late_is_not_found_again(words: bool) -> None:  # noqa: FBT001 - a case
    """Neither in the text nor in its words; its sound may be silenced twice."""
    first = kept(f"it is {CARD} thanks", words=words)
    (event,) = look_again([first], PCI).superseding
    again = replace(first, text=event.text, words=event.words, redactions=event.redactions)

    assert look_again([again], PCI).superseding == ()


def test_shown_digits_wait_for_what_comes_of_their_number() -> None:
    """Words with none of it in between settle nothing."""
    finals = [
        kept("4111 11", words=True),
        kept("yes", 5, words=True, at=T0 + 3),
        kept("11 1111 1111", 6, words=True, at=T0 + 4),
    ]
    look = look_again(finals, PCI)

    assert [one.supersedes for one in look.superseding] == [6]
    assert Span(850, 1_750) in [one.span for one in look.silent]


def test_a_call_that_is_over_tells_it_and_hides_alike_what_comes_later() -> None:
    """Once: what is hidden already is not told again."""
    driver = over()
    look = look_again([kept(f"it is {CARD}")], PCI)
    first = driver.session.redact_again(look, like=LIKE, now=T0 + 90)
    again = driver.session.redact_again(look_again([], PCI), like=LIKE, now=T0 + 91)
    route = driver.session.state.route

    assert [fact.event.type for fact in first.facts] == ["transcript.redacted"]
    assert first.durable
    assert [one and one.changed for one in (*first.replies, *again.replies)] == [True, False]
    assert route is not None
    assert route.redact == ("pci",)


def test_a_call_that_goes_on_or_is_gone_is_refused() -> None:
    """Nothing is told of it."""
    look = look_again([kept(f"it is {CARD}")], PCI)
    live = talking(IN_CALL).session.redact_again(look, like=LIKE, now=T0 + 9)
    gone = Driver(IN_CALL).session.redact_again(look, like=LIKE, now=T0 + 9)

    assert [one and one.refused for one in (*live.replies, *gone.replies)] == ["live", "unknown"]
    assert not live.facts
    assert not gone.facts


def test_the_language_that_an_engine_found_hides_no_other() -> None:
    """The second look is by the routes' language, as the first."""
    spanish = replace(kept("mi numero one two three four five six seven eight"), language="es")

    (event,) = look_again([spanish], PCI).superseding
    assert event.text == "mi numero [NUMBER]"
    assert look_again([spanish], PCI._replace(language="es")).superseding == ()
