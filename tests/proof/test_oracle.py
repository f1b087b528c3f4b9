"""The judge of the proof: what it lets pass, and what it does not."""

import pytest

from service.simulator.speech.script import Word
from service.simulator.words.spans import Span
from tests.proof.marks import behind_marks, ends_known, unscrambled
from tests.proof.oracle import Verdict, judge_ends, judge_lost, judge_told_twice
from tests.proof.trial import Trial
from tests.proof.truth import TrackTruth

OVERLOADED = Trial(1, "media", ("late_answers", "closed_every_5_s"))
HOLES = [Span(1_000, 2_000), Span(2_060, 3_000)]


def truth(
    *, words: tuple[Word, ...] = (), unheard: tuple[Span, ...] = (), edges: tuple[int, ...] = ()
) -> TrackTruth:
    """Return the truth of a track of which this is known."""
    return TrackTruth(
        track="inbound",
        words=words,
        utterances=(words,) if words else (),
        unheard=unheard,
        paused=(),
        silent=(),
        edges=edges,
        cut=frozenset(),
    )


def verdict() -> Verdict:
    """Return the verdict on a run in which audio is missing, nothing having been said yet."""
    return Verdict(trial=Trial(1, "media", ("stream_redialled",)))


@pytest.mark.parametrize(
    "gaps", [[Span(1_000, 3_000)], HOLES, [Span(1_100, 2_000), Span(2_060, 3_100)]]
)
def test_holes_that_nearly_touch_may_be_one_gap(gaps: list[Span]) -> None:
    """Sixty milliseconds are no word."""
    found = verdict()
    judge_ends(found, truth(unheard=tuple(HOLES)), gaps, [])

    assert not found.problems
    assert max(found.gap_errors_ms) <= 100


@pytest.mark.parametrize(
    ("unheard", "gaps"),
    [
        ([Span(1_000, 2_000), Span(2_300, 3_000)], [Span(1_000, 3_000)]),
        (HOLES, [Span(1_000, 3_300)]),
        (HOLES, [Span(1_000, 2_000)]),
    ],
)
def test_a_gap_for_more_or_less_than_was_missing_is_wrong(
    unheard: list[Span], gaps: list[Span]
) -> None:
    """Nor may holes be joined that have a word between them, or one of them be left out."""
    found = verdict()
    judge_ends(found, truth(unheard=tuple(unheard)), gaps, [])

    assert found.problems


@pytest.mark.parametrize(
    ("end_ms", "is_lost", "is_wrong"),
    [(2_250, True, False), (2_250, False, True), (2_480, True, True), (2_000, True, False)],
)
def test_the_rest_of_a_word_that_is_lost_with_a_hole_may_be_told_with_it(
    *, end_ms: int, is_lost: bool, is_wrong: bool
) -> None:
    """Nobody recognises less than half of it; and no more is told than that."""
    found = verdict()
    word, hole = Word("cut", 1_800, 2_250), Span(1_000, 2_000)
    judge_ends(found, truth(unheard=(hole,)), [Span(1_000, end_ms)], [word] if is_lost else [])

    assert bool(found.problems) is is_wrong


@pytest.mark.parametrize(
    ("gap", "is_wrong"),
    [
        (Span(1_000, 4_000), True),
        (Span(2_000, 4_000), False),
        (Span(1_900, 3_300), False),
        (Span(1_500, 3_500), True),
    ],
)
def test_no_final_lies_in_what_is_told_as_lost(gap: Span, is_wrong: bool) -> None:  # noqa: FBT001 - a case
    """Most of it, that is; a gap may touch it, or lie in it where it goes on behind the gap."""
    found = verdict()
    final = {"text": "twice told", "start_ms": 1_200, "end_ms": 3_000}
    across = {"text": "over a hole", "start_ms": 900, "end_ms": 4_200}
    judge_told_twice(found, "inbound", [final, across], [gap])

    assert bool(found.problems) is is_wrong


def test_a_mark_stands_for_the_words_behind_it_up_to_what_was_heard_again() -> None:
    """And for none before it, nor of another utterance."""
    words = [Word(f"w{n}", n * 500, n * 500 + 400) for n in range(1, 7)]
    first, second, third, fourth, fifth, sixth = words
    of_two = (first, second, third, fourth), (fifth, sixth)

    def behind(heard: list[Word], marked: list[Word]) -> list[str]:
        return [word.text for word in behind_marks(of_two, heard, marked)]

    assert behind([first, fourth], [first]) == ["w2", "w3"]
    assert behind([second], [second]) == ["w3", "w4"]
    assert behind([first, fifth], []) == []
    assert behind([first, third], [third]) == ["w4"]


def test_marked_words_are_lost_and_not_untold() -> None:
    """They are counted by themselves."""
    first, second = Word("first", 1_000, 1_400), Word("second", 1_500, 1_900)
    both = truth(words=(first, second))
    found, unmarked = Verdict(trial=OVERLOADED), Verdict(trial=OVERLOADED)
    judge_lost(found, both, [first], [], [first])
    judge_lost(unmarked, both, [first], [])

    assert (found.lost, found.marked, found.untold_ms, found.problems) == (1, 1, 0, [])
    assert (unmarked.lost, unmarked.marked, unmarked.untold_ms) == (1, 0, 400)


def test_only_a_word_that_was_cut_in_half_is_lost_untold() -> None:
    """Its neighbour came whole, so whoever does not tell it has lost it."""
    half, whole = Word("half", 1_000, 1_330), Word("whole", 1_430, 1_760)

    one, both = verdict(), verdict()
    judge_lost(one, truth(words=(half, whole), edges=(1_200,)), [whole], [])
    judge_lost(both, truth(words=(half, whole), edges=(1_200,)), [], [])

    assert (one.lost, one.untold_ms, one.problems) == (0, 0, [])
    assert (both.lost, both.untold_ms) == (1, 330)
    assert "lost though it came: whole" in both.problems[1]


def test_where_a_mark_leaves_the_order_open_texts_may_change_places() -> None:
    """Each with the next one, in the places of both; and no further."""
    words = [Word(f"c{n}", n * 100, n * 100 + 90) for n in range(4)]
    finals = [
        {"text": text, "start_ms": nth * 100, "end_ms": nth * 100 + 90}
        for nth, text in enumerate(["c1", "c0", "c3", "c2"])
    ]

    texts = [final["text"] for final in unscrambled(finals, [90], words)]

    assert texts == ["c0", "c1", "c3", "c2"]
    assert unscrambled(finals, [], words) == finals


@pytest.mark.parametrize(
    ("final", "marks_ms", "known"),
    [
        (Span(500, 3_000), [], Span(500, 3_000)),
        (Span(500, 3_000), [3_000], Span(500, 2_900)),
        (Span(500, 3_000), [1_000], Span(2_500, 3_000)),
        (Span(500, 3_000), [2_400], Span(500, 3_000)),
    ],
)
def test_a_mark_at_a_hole_leaves_open_on_what_side_of_it_a_final_was_said(
    final: Span, marks_ms: list[int], known: Span
) -> None:
    """And one at its end, where that is."""
    words = [Word("c1", 2_500, 2_900)]

    assert ends_known(final, words, [Span(1_000, 2_400)], marks_ms) == known
