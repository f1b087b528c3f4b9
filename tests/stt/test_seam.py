"""The seam between two sessions: what is taken out, what is kept, what is in doubt."""

from service.calls.inputs import Word, WordsHeard
from service.stt.matching import words_of
from service.stt.overlap import Emitted
from service.stt.seam import Clue, Seam, without_half_words
from tests.stt.builders import plan


def heard(text: str, start_ms: int, end_ms: int, *, is_final: bool = True) -> WordsHeard:
    """Return words that were said then."""
    return WordsHeard(
        ref=plan().ref, text=text, is_final=is_final, start_ms=start_ms, end_ms=end_ms
    )


def timed(*words: tuple[str, int, int]) -> WordsHeard:
    """Return words of which each has its time."""
    return WordsHeard(
        ref=plan().ref,
        text=" ".join(text for text, _, _ in words),
        is_final=True,
        start_ms=words[0][1],
        end_ms=words[-1][2],
        words=tuple(Word(text=text, start_ms=start, end_ms=end) for text, start, end in words),
    )


def after(text: str, start_ms: int, end_ms: int, *, by: Clue, from_ms: int = 0) -> Seam:
    """Return the seam of a session that is sent again what was emitted."""
    emitted = Emitted(words_of(text), start_ms, end_ms, end_ms + 500)
    return Seam([emitted], from_ms, end_ms, by)


def text_of(found: WordsHeard | None) -> str | None:
    """Return what is left."""
    return found.text if found else None


def test_words_with_times_are_cut_where_the_last_ones_ended() -> None:
    """A word counts by its middle."""
    seam = after("one two", 0, 1000, by=Clue.WORDS)

    cut = seam.cut(timed(("two", 600, 1100), ("three", 1150, 1500)), Clue.WORDS)

    assert cut.heard is not None
    assert (cut.heard.text, cut.heard.start_ms) == ("three", 1150)


def test_spans_are_taken_whole_or_not_at_all_where_they_can_be() -> None:
    """One across the end of what was emitted is cut by its text."""
    seam = after("one two", 0, 1000, by=Clue.SPAN)

    assert seam.cut(heard("one two", 0, 1100), Clue.SPAN).heard is None
    assert text_of(seam.cut(heard("one two", 900, 1500), Clue.SPAN).heard) == "one two"
    assert text_of(seam.cut(heard("one two three", 0, 1500), Clue.SPAN).heard) == "three"


def test_text_is_cut_by_text() -> None:
    """Once the repeats were said, the same words are new."""
    seam = after("good morning this is", 0, 2000, by=Clue.TEXT)

    assert text_of(seam.cut(heard("Good morning, this is Claire.", 0, 3000), Clue.TEXT).heard) == (
        "Claire."
    )
    assert text_of(seam.cut(heard("Good morning.", 3000, 4000), Clue.TEXT).heard) == (
        "Good morning."
    )
    assert not seam.is_in_doubt


def test_another_engine_without_times_goes_on_by_text_where_the_first_one_had_them() -> None:
    """Clues of two kinds do not compare."""
    seam = after("good morning", 0, 1000, by=Clue.WORDS)

    assert text_of(seam.cut(heard("Good morning, Claire.", 0, 1500), Clue.TEXT).heard) == "Claire."


def test_words_that_repeat_themselves_leave_a_doubt() -> None:
    """It is told once a seam, by a final."""
    seam = after("one one two one", 0, 2000, by=Clue.TEXT)

    seam.cut(heard("one", 0, 300, is_final=False), Clue.TEXT)
    assert not seam.is_in_doubt
    seam.cut(heard("one one two one one", 0, 3000), Clue.TEXT)
    assert seam.is_in_doubt

    seam.is_in_doubt = False
    seam.cut(heard("two one", 0, 3000), Clue.TEXT)
    assert not seam.is_in_doubt


def test_words_that_should_be_repeated_and_are_not_leave_a_doubt() -> None:
    """They may be kept twice in other words."""
    seam = after("good morning", 0, 1000, by=Clue.TEXT)

    assert text_of(seam.cut(heard("could warning", 0, 1000), Clue.TEXT).heard) == "could warning"
    assert seam.is_in_doubt


def test_what_lies_surely_behind_the_seam_repeats_nothing() -> None:
    """The same words again were said again."""
    seam = after("good morning", 0, 1000, by=Clue.TEXT)
    seam.close(1001)

    assert text_of(seam.cut(heard("Good morning.", 6000, 7000), Clue.TEXT).heard) == (
        "Good morning."
    )


def test_what_is_next_to_a_repeat_may_be_one_for_longer() -> None:
    """An engine that says nothing new yet may be later than it ever was; though not for ever."""
    emitted = [Emitted([*"abc"], 0, 1000, 1500), Emitted([*"def"], 2000, 3000, 3500)]
    soon, late = (Seam(emitted, 0, 3000, Clue.TEXT) for _ in range(2))
    for seam, sure_ms in ((soon, 13_000), (late, 13_001)):
        assert seam.cut(heard("a b c", 0, 1000), Clue.TEXT).heard is None
        seam.close(sure_ms)

    assert text_of(soon.cut(heard("d e f g", 2000, 4000), Clue.TEXT).heard) == "g"
    assert text_of(late.cut(heard("d e f g", 9000, 9900), Clue.TEXT).heard) == "d e f g"


def test_half_a_word_at_a_cut_is_left_out() -> None:
    """Of a text without times nobody knows."""
    words = timed(("good", 0, 400), ("mor", 500, 980))

    assert text_of(without_half_words(words, 1000)) == "good"
    assert without_half_words(timed(("mor", 500, 980)), 1000) is None
    assert without_half_words(words, 1080) is words
    assert without_half_words(words, None) is words
    plain = heard("good mor", 0, 980)
    assert without_half_words(plain, 1000) is plain


def test_a_piece_of_what_was_emitted_that_was_cut_off_is_a_repeat() -> None:
    """In its place, and word for word; with times, or behind that, it is known otherwise."""
    seam = after("good morning this is claire", 0, 2000, by=Clue.TEXT)

    assert seam.has_piece(heard("This is", 500, 1000, is_final=False), Clue.TEXT)
    assert not seam.has_piece(heard("this was", 500, 1000, is_final=False), Clue.TEXT)
    assert not seam.has_piece(heard("this is", 1800, 2600, is_final=False), Clue.TEXT)
    assert not seam.has_piece(heard("this is", 500, 1000, is_final=False), Clue.SPAN)
