from service.recogniser.models.draft import Draft


def test_a_draft_is_followed_while_it_is_right() -> None:
    """A dozen tokens at a time are tried, from where the text is."""
    draft = Draft(range(100))

    assert draft.ahead() == [*range(12)]
    draft.take(0)
    assert draft.ahead() == [*range(1, 13)]


def test_a_draft_finds_its_place_again() -> None:
    """After a word that was heard otherwise, or left out, it goes on where both say the same."""
    draft = Draft([1, 2, 3, 4, 5, 6])

    draft.take(1)
    draft.take(99)
    assert draft.ahead() == []
    draft.take(4)
    assert draft.ahead() == [5, 6]


def test_a_draft_that_is_over_has_nothing_to_say() -> None:
    """Nor has an empty one."""
    draft = Draft([1])

    draft.take(1)

    assert draft.ahead() == Draft([]).ahead() == []
