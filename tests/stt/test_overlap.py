"""Repeats: which finals a replay may say again, and where in the audio that leaves off."""

from service.stt.overlap import Repeats, Told


def told(text: str, start_ms: int, end_ms: int, arrived_ms: int) -> Told:
    """Return a final of these words."""
    return Told(text.split(), start_ms, end_ms, arrived_ms)


def test_only_what_was_answered_after_the_replays_beginning_can_repeat() -> None:
    """A final that had arrived by then is about audio from before."""
    repeats = Repeats([told("one", 0, 500, 900), told("two", 1000, 1500, 1900)], 1000)

    assert repeats.find(["one"], use_up=True) == (0, 0)
    assert repeats.find(["two"], use_up=True) == (1, 1500)


def test_a_repeat_says_where_its_last_word_ended() -> None:
    """Words of one final share its time evenly."""
    repeats = Repeats([told("one two three four", 1000, 3000, 3500)], 0)

    assert repeats.find(["one", "two"], use_up=True) == (2, 2000)
    assert repeats.find(["three", "four", "five"], use_up=True) == (2, 3000)
    assert not repeats


def test_a_word_heard_otherwise_is_a_repeat_where_more_was_told() -> None:
    """What follows two told words is the third told word, whatever it sounds like this time."""
    repeats = Repeats([told("one two three four", 1000, 3000, 3500)], 0)

    assert repeats.find(["one", "two", "tree"], use_up=False)[0] == 3
    assert repeats.find(["one", "two", "new"], use_up=False)[0] == 3


def test_a_look_uses_nothing_up() -> None:
    """A partial shows the same words again and again."""
    repeats = Repeats([told("one two", 0, 1000, 1500)], 0)

    assert repeats.find(["one"], use_up=False) == (1, 500)
    assert repeats.find(["one", "two"], use_up=False) == (2, 1000)
    assert repeats


def test_none_are_expected_for_ever() -> None:
    """Long after the seam the same words are new words."""
    repeats = Repeats([told("yes", 0, 300, 500)], 0)

    repeats.clear()

    assert not repeats
    assert repeats.find(["yes"], use_up=True) == (0, 0)
