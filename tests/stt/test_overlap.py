"""Overlap: which finals a replay may repeat, and where in the audio that leaves off."""

from service.stt.overlap import Emitted, Found, Overlap


def final(text: str, start_ms: int, end_ms: int, sent_ms: int) -> Emitted:
    """Return a final of these words that was emitted."""
    return Emitted(text.split(), start_ms, end_ms, sent_ms)


def test_only_what_was_final_after_the_replays_beginning_can_repeat() -> None:
    """A final that had arrived by then is about audio from before."""
    overlap = Overlap([final("one", 0, 500, 900), final("two", 1000, 1500, 1900)], 1000)

    assert overlap.find(["one"])[:2] == (0, 0)
    assert overlap.find(["two"])[:2] == (1, 1500)


def test_a_repeat_says_where_its_last_word_ended() -> None:
    """Words of one final share its time evenly."""
    overlap = Overlap([final("one two three four", 1000, 3000, 3500)], 0)

    first = overlap.find(["one", "two"])
    overlap.use_up(first)
    rest = overlap.find(["three", "four", "five"])
    overlap.use_up(rest)

    assert (first[:2], rest[:2]) == ((2, 2000), (2, 3000))
    assert not overlap


def test_a_word_heard_otherwise_is_a_repeat_where_more_was_emitted() -> None:
    """After two emitted words comes the third of them, whatever it sounds like this time."""
    overlap = Overlap([final("one two three four", 1000, 3000, 3500)], 0)

    assert overlap.find(["one", "two", "tree"])[0] == 3
    assert overlap.find(["one", "two", "new"])[0] == 3


def test_a_look_uses_nothing_up() -> None:
    """A partial shows the same words again and again."""
    overlap = Overlap([final("one two", 0, 1000, 1500)], 0)

    assert overlap.find(["one"])[:2] == (1, 500)
    assert overlap.find(["one", "two"])[:2] == (2, 1000)
    assert overlap


def test_a_word_in_the_midst_of_a_text_from_long_before_is_kept_and_not_sure() -> None:
    """The replay began after a long pause: it has all of that text, or nothing of it."""
    before = final("no two okay yes", 5_000, 7_000, 12_000)

    assert Overlap([before], 8_499).find(["yes", "no", "right"])[:3] == (1, 7_000, False)
    assert Overlap([before], 8_500).find(["yes", "no", "right"])[:3] == (0, 0, False)
    assert Overlap([before], 8_500).find(["no", "two", "okay", "yes"])[0] == 4
    assert Overlap([before], 8_500).find(["two", "okay", "yes"])[0] == 3


def test_none_are_expected_for_ever() -> None:
    """Long after the replay the same words are new words."""
    overlap = Overlap([final("yes", 0, 300, 500)], 0)

    overlap.clear()

    assert not overlap
    assert overlap.find(["yes"]) == (0, 0, True, 0)


def test_the_same_words_in_the_same_place_are_said_once_however_late_the_engine_is() -> None:
    """Also once no repeats are expected any more; elsewhere people may say them again."""
    overlap = Overlap([Emitted(["one", "two", "three"], 4_500, 7_600, 11_600)], 4_500)
    overlap.clear()

    assert overlap.find_in_place(["one", "two", "three"], 4_500) == 7_600
    assert overlap.find_in_place(["one", "two"], 4_600) == 6_566
    assert overlap.find_in_place(["one", "two", "three"], 9_000) is None
    assert overlap.find_in_place(["one", "four"], 4_500) is None
    assert overlap.find_in_place([], 4_500) is None


def test_a_text_that_is_merely_like_one_of_long_before_is_kept_and_not_sure() -> None:
    """Who says the same few words all the time says another text; the very same one is a repeat."""
    said = "right no two yes okay right right okay yes two"
    overlap = Overlap([final(said, 600, 4600, 11_800)], 10_100)

    assert overlap.find(["right", "yes", "right", "okay", "no", "yes"]) == Found(
        0, 0, is_sure=False
    )
    assert overlap.find(said.split())[0] == 10
