import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.recogniser.text.punctuation import tidied


@pytest.mark.parametrize(
    ("written", "tidy"),
    [
        ("Tell me the name on the booking? please.", "Tell me the name on the booking, please?"),
        ("Sit down. please wait here.", "Sit down. Please wait here."),
        ("That is perfect. thank you.", "That is perfect. Thank you."),
        ("That works. do I need to pay?", "That works. Do I need to pay?"),
        ("Yes,, Thursday is free.", "Yes, Thursday is free."),
        ("Is it free?. Yes,.", "Is it free? Yes."),
        ("No! no! no!", "No! No! No!"),
        ("At 5 p.m. on Friday, e.g. here.", "At 5 p.m. on Friday, e.g. here."),
        ("Dr. who? and Mr. x.", "Dr. who? And Mr. x."),
        ("Well... maybe. It is 3.5 percent.", "Well... maybe. It is 3.5 percent."),
        ("Please. Please call.", "Please. Please call."),
        ("All is well.", "All is well."),
        ("", ""),
    ],
)
def test_marks_and_capitals_at_joins(written: str, tidy: str) -> None:
    """What people would write; what is right stays as it is."""
    assert tidied(written) == tidy


@given(
    st.lists(st.sampled_from(["please", "no", "I", "p.m", "Mr", "yes", "3"]), max_size=6).flatmap(
        lambda words: st.tuples(
            *(
                st.sampled_from(
                    [f"{word}{mark}" for mark in ("", ".", "?", ",", ",,", "?.", "...")]
                )
                for word in words
            )
        )
    )
)
def test_no_word_is_changed(words: tuple[str, ...]) -> None:
    """As many, the same letters: and what is tidy stays so."""
    tidy = tidied(" ".join(words))

    assert [letters(one) for one in tidy.split()] == [letters(one) for one in words]
    assert tidied(tidy) == tidy


def letters(word: str) -> str:
    """Return a word without marks and capitals."""
    return "".join(filter(str.isalnum, word)).lower()
