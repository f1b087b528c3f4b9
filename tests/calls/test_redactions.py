"""What a route has hidden of words, on both sources, before they are recorded or shown."""

import dataclasses

import pytest

from service.calls.inputs import HandOverBegan, Word, WordsHeard, WordsReported
from service.calls.redactions import careful_route
from service.calls.routes import Route
from service.runtime.codec import decode_state, encode_state
from tests.calls.harness import (
    IN_CALL,
    INBOUND,
    MEDIA,
    T0,
    B,
    Driver,
    answered,
    heard,
    initiated,
    said,
    talking,
)

CARD = "four one one one double one double one 1111 1111"
HIDING = dataclasses.replace(MEDIA, redact=("pci", "email", "numbers"))
HIDING_IN_CALL = dataclasses.replace(IN_CALL, redact=("pci", "numbers"))


def worded(text: str, start_ms: int) -> WordsHeard:
    """A final with the times of its words, 300 ms each."""
    words = tuple(
        Word(text=one, start_ms=start_ms + at * 300, end_ms=start_ms + at * 300 + 300, confidence=1)
        for at, one in enumerate(text.split())
    )
    return WordsHeard(
        ref=INBOUND,
        text=text,
        is_final=True,
        start_ms=start_ms,
        end_ms=words[-1].end_ms,
        words=words,
    )


def test_a_route_that_hides_nothing_shows_what_was_said() -> None:
    """Nothing is remembered of it, either."""
    call = talking(MEDIA)
    call.receive(heard(CARD, 0, 4_000), now=T0 + 6)

    assert call.finals[0].text == CARD
    assert call.finals[0].redactions == ()
    assert call.session.state.redaction.total == 0


def test_a_card_is_in_no_partial_and_no_final() -> None:
    """A partial holds its end back until there are enough digits to hide."""
    call, words = talking(HIDING), f"it is {CARD} thanks".split()
    for count in range(1, len(words) + 1):
        text = " ".join(words[:count])
        call.receive(heard(text, 0, count * 300, final=False), now=T0 + 2 + count * 0.3)
    call.receive(heard(" ".join(words), 0, 4_000), now=T0 + 8)

    shown = [partial.text for partial in call.partials]
    assert shown[:3] == ["it", "it is", "it is […]"]
    assert shown[-1] == call.finals[0].text == "it is [CARD] thanks"
    assert not any(digit in text for text in shown for digit in ("four", "one", "double", "1"))
    assert [one.revision for one in call.partials] == list(range(1, len(words) + 1))


def test_an_event_says_what_is_hidden_and_when_it_was_said() -> None:
    """Never the value; the hidden words share one label, and nobody is told how sure of them."""
    call = talking(HIDING)
    call.receive(worded("my card 4111 1111 1111 1111 yes", 1_000), now=T0 + 6)

    (final,), ((one,),) = call.finals, [final.redactions for final in call.finals]
    assert final.text[one.start : one.end] == "[CARD]"
    assert (one.entity, one.start_ms, one.end_ms) == ("card", 1_800, 3_000)
    assert final.words is not None
    assert [word.text for word in final.words] == ["my", "card", *["[CARD]"] * 4, "yes"]
    assert [word.confidence for word in final.words][1:3] == [1, None]


def test_a_number_goes_on_over_utterances_and_tracks() -> None:
    """Whoever says more of it: what is shown stays below the bound."""
    call = talking(HIDING)
    call.receive(heard("four one one one", 0, 1_000), now=T0 + 4)
    call.receive(heard("one one", 2_000, 3_000, track="outbound"), now=T0 + 6)
    call.receive(heard("one one one one", 4_000, 5_000), now=T0 + 9)

    assert [final.text for final in call.finals] == ["four one one one", "one one", "[NUMBER]"]


def test_an_in_call_final_is_hidden_before_it_waits() -> None:
    """Where it waits is in the journal."""
    call = talking(HIDING_IN_CALL)
    call.receive(said(f"it is {CARD}", T0 + 5), now=T0 + 5)

    (waiting,) = call.session.state.waiting
    assert isinstance(waiting.webhook, WordsReported)
    assert waiting.webhook.text == "it is [CARD]"
    assert decode_state(encode_state(call.session.state)).waiting == [waiting]
    call.run_until(T0 + 6)
    assert call.finals[0].text == "it is [CARD]"
    assert [one.entity for one in call.finals[0].redactions] == ["card"]


def test_an_in_call_final_that_comes_again_counts_once() -> None:
    """What was shown of a number is counted, so a repeat must not be."""
    call = talking(HIDING_IN_CALL)
    piece = said("four one one one", T0 + 5)
    call.receive(piece, piece, said("two two", T0 + 5.1), now=T0 + 5.2)
    call.run_until(T0 + 7)

    assert [final.text for final in call.finals] == ["four one one one", "two two"]


def test_words_that_come_before_their_call_are_hidden_as_the_strictest_route_would() -> None:
    """Nobody knows yet which route is the call's, and they wait in the journal."""
    call = Driver(HIDING_IN_CALL, dataclasses.replace(HIDING, redact_level="strict"))
    call.receive(said("my number is one two three four five", T0 + 2), now=T0 + 2)
    (waiting,) = call.session.state.waiting
    assert isinstance(waiting.webhook, WordsReported)
    assert waiting.webhook.text == "my number is [NUMBER]"

    call.receive(initiated(), answered(), now=T0 + 3)
    call.run_until(T0 + 4)
    assert call.finals[0].text == "my number is [NUMBER]"


def test_words_of_a_leg_that_is_not_heard_count_nothing_and_show_no_number() -> None:
    """They may yet be kept, if it takes over before their turn."""
    call = talking(HIDING_IN_CALL)
    call.receive(said("order one two", T0 + 5, leg=B), now=T0 + 5)

    (waiting,) = call.session.state.waiting
    assert isinstance(waiting.webhook, WordsReported)
    assert waiting.webhook.text == "order [NUMBER]"
    assert call.session.state.redaction.total == 0


def test_interims_of_the_call_hold_their_end_back() -> None:
    """They do not wait; their final shows what was not too much."""
    call = talking(HIDING_IN_CALL)
    call.receive(said("room one two", T0 + 5, final=False), now=T0 + 5)
    call.receive(said("room one two", T0 + 6), now=T0 + 6)
    call.run_until(T0 + 7)

    (partial,) = call.partials
    assert (partial.text, partial.redactions[0].entity) == ("room […]", "held")
    assert call.finals[0].text == "room one two"


def test_a_route_is_as_careful_as_the_strictest_of_all() -> None:
    """Routes that hide nothing have no say."""
    routes = (Route(redact_level="strict"), Route(redact=("ssn",)), Route(redact=("pci",)))

    assert careful_route(routes) == Route(redact=("pci", "ssn"))
    assert careful_route((Route(redact=("ssn",), redact_level="strict"),)).redact_level == "strict"


def test_a_process_that_lost_its_memory_shows_no_digit_for_a_while() -> None:
    """What its predecessor showed in partials is not known any more."""
    call = talking(HIDING)
    call.session.state.life = 1_000
    call.receive(heard("one two", 0, 1_000), now=T0 + 4)

    assert call.finals[0].text == "[NUMBER]"


def test_words_do_not_end_a_number_that_nobody_remembers() -> None:
    """Half a minute does."""
    call = talking(HIDING)
    call.session.state.life = 1_000
    call.receive(heard("I will look for my glasses somewhere else now", 0, 1_000), now=T0 + 4)
    call.receive(heard("one two", 1_500, 2_000), now=T0 + 6)
    call.receive(heard("one two", 40_000, 41_000), now=T0 + 45)

    assert [one.text for one in call.finals[1:]] == ["[NUMBER]", "one two"]


def handed_over(route: Route, text: str) -> Driver:
    """Return a call that showed this in a partial, and was written down for the life 3,000."""
    call = talking(route)
    call.session.state.life = call.session.state.redaction.life = 1_000
    for at in (T0 + 4, T0 + 8):  # the second time as nothing was added to it
        call.receive(heard(text, 0, 2_000, final=False), now=at)
    call.receive(HandOverBegan(heir=3_000), now=T0 + 8)
    call.session.state.redaction = decode_state(encode_state(call.session.state)).redaction
    return call


def test_whoever_is_handed_a_call_knows_what_its_partials_showed() -> None:
    """It hides no more than if the call had stayed."""
    call = handed_over(HIDING, "room one two")
    assert call.outcome.durable
    assert call.partials[-1].text == "room one two"
    call.session.state.life = 3_000
    call.receive(heard("three four", 2_500, 3_500, track="outbound"), now=T0 + 9)

    assert call.finals[0].text == "three four"


def test_over_a_hand_over_no_more_of_a_number_is_shown_than_may_be() -> None:
    """What partials had shown before counts."""
    call = handed_over(HIDING, "one two three four five six")
    assert call.partials[-1].text == "one two three four five six"
    call.session.state.life = 3_000
    call.receive(heard("seven eight", 2_500, 3_500, track="outbound"), now=T0 + 9)

    assert call.finals[0].text == "[NUMBER]"


@pytest.mark.parametrize("life", [2_000, 3_001, 4_000])
def test_only_the_life_that_a_call_was_handed_to_knows(life: int) -> None:
    """Not who took it otherwise, nor who lost its memory after that: partials may have come."""
    call = handed_over(HIDING, "room one two")
    call.session.state.life = 3_000
    if life > 3_000:
        call.receive(heard("three four", 2_500, 3_500, final=False), now=T0 + 9)
    call.session.state.life = life
    call.receive(heard("five", 4_000, 4_500, track="outbound"), now=T0 + 10)

    assert call.finals[0].text == "[NUMBER]"


def test_a_call_that_hides_nothing_writes_nothing_before_a_hand_over() -> None:
    """A worker may have thousands."""
    assert not handed_over(MEDIA, "room one two").outcome.durable


@pytest.mark.parametrize(
    ("route", "found", "text", "shown"),
    [
        ("multi", "es", "mi numero one two three four five six seven eight", "mi numero [NUMBER]"),
        ("multi", "en", "my number cuatro uno uno uno dos tres cuatro cinco", "my number [NUMBER]"),
        ("en", "es", "it is one two three four five six seven eight", "it is [NUMBER]"),
        ("es", "en", "it is one two three four five six seven eight", "it is [NUMBER]"),
        ("en-US", "en", "at once you called me once and once again now", "unchanged"),
        (None, None, "es uno dos tres cuatro five six seven eight", "es [NUMBER]"),
    ],
)
def test_what_language_an_engine_finds_takes_none_away(
    route: str | None, found: str | None, text: str, shown: str
) -> None:
    """People change it within a sentence; with another than the route's, both are looked for."""
    call = talking(dataclasses.replace(HIDING, language=route))
    call.receive(dataclasses.replace(worded(text, 0), language=found), now=T0 + 6)

    assert call.finals[0].text == (text if shown == "unchanged" else shown)


def test_routes_of_one_language_have_it_together() -> None:
    """Of several nobody knows which it is."""
    english, spanish = Route(redact=("pci",), language="en"), Route(language="es")

    assert careful_route((english, english)).language == "en"
    assert careful_route((english, spanish)).language is None
