"""What holds for any text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.redaction.memory import Level
from tests.redaction.builders import ALL, Call
from tests.redaction.oracle import digits_in
from tests.redaction.speech import TEENS, TENS, UNITS

WORDS = (
    *UNITS, *TEENS, *TENS, "oh", "double", "and", "uh", "at", "dot", "in", "card", "dollars",
    "flight", "hello", "there", "alpha", "1", "22", "4111", "2019", "$", "10:30", "a@b.example",
    "[CARD]", "[…]", "code", "May", "hundred", "one", "moment", "DE89",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)
SAID = st.lists(st.tuples(st.sampled_from(("in", "out")), TEXTS), min_size=1, max_size=4)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(("strict", "balanced")))
def test_what_is_redacted_stays_as_it_is(text: str, level: Level) -> None:
    """Redacted once more by another call, it is the same."""
    once = Call(ALL._replace(level=level)).final(text)

    assert Call(ALL._replace(level=level)).final(once) == once


@settings(max_examples=300, deadline=None)
@given(SAID)
def test_partials_do_not_make_a_final_show_more(said: list[tuple[str, str]]) -> None:
    """Whatever prefixes were shown before: at most the digits that it shows without them."""
    plain, live = Call(), Call()
    for key, text in said:
        words = text.split()
        for end in range(1, len(words) + 1):
            live.partial(" ".join(words[:end]), key=key)
        live.now = plain.now
        shown = live.final(text, key=key)
        assert len(digits_in(shown)) <= len(digits_in(plain.final(text, key=key)))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_text_and_words_hide_the_same(text: str) -> None:
    """And what is told of it stands where it says."""
    shown = Call().hear(text, words=tuple(text.split()), is_final=True)

    kept = [word for word, label in zip(text.split(), shown.words, strict=True) if not label]
    assert all(word in shown.text for word in kept)
    assert all(shown.text[one.start : one.end].startswith("[") for one in shown.hidden)
