import pytest

from service.recogniser.text.key_terms import BadKeyTermError, KeyTerm, parse_key_terms


@pytest.mark.parametrize(
    ("given", "terms"),
    [
        ([("keyterm", "Callscribe, Tel  nyx")], [KeyTerm("Callscribe"), KeyTerm("Tel nyx")]),
        ([("keyterm", "one"), ("keyterm", "two")], [KeyTerm("one"), KeyTerm("two")]),
        ([("keywords", "one:2, two:-1.5")], [KeyTerm("one", 2), KeyTerm("two", -1.5)]),
        ([("keywords", "one")], [KeyTerm("one")]),
        ([("keyterm", "ratio 1:2")], [KeyTerm("ratio 1:2")]),
        ([("keyterm", "one"), ("keywords", "one:3")], [KeyTerm("one", 3)]),
        ([("keyterm", " ,, "), ("language", "en")], []),
        ([("keyterm", "x" * 60)], [KeyTerm("x" * 60)]),
    ],
)  # fmt: skip
def test_terms_are_read_in_every_form(given: list[tuple[str, str]], terms: list[KeyTerm]) -> None:
    """A list with commas, or the name again and again; `keywords` with weights."""
    assert parse_key_terms(given) == tuple(terms)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keyterm", "x" * 61),
        ("keyterm", "a b c d e f g"),
        ("keyterm", "Callscribe,日本"),
        ("keyterm", ",".join(f"term{n}" for n in range(101))),
        ("keywords", "one:much"),
        ("keywords", "one:"),
        ("keywords", "one:nan"),
        ("keywords", "one:1e300"),
    ],
)
def test_terms_that_cannot_be_honoured_are_refused(name: str, value: str) -> None:
    """The error names the parameter, and quotes nobody's name."""
    with pytest.raises(BadKeyTermError) as failure:
        parse_key_terms([(name, value)])

    assert failure.value.parameter == name
    assert str(failure.value).startswith(f"{name} ")
    assert value not in str(failure.value)


def test_a_hundred_terms_are_taken_in_all() -> None:
    """Both parameters count together."""
    terms = [("keyterm", f"term{n}") for n in range(100)]

    assert len(parse_key_terms(terms)) == 100
    with pytest.raises(BadKeyTermError):
        parse_key_terms([*terms, ("keywords", "more:1")])
