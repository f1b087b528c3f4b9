"""What was heard of a call, held against what was said."""

import pytest

from service.simulator.report import StreamEnd
from service.simulator.words.compare import count_words
from service.simulator.words.count import Count
from service.simulator.words.records import Final, Gap
from service.simulator.words.spans import Span
from tests.simulator.words.builders import call, final, said, stream

CALL = call(said("customer", "c1", "c2", "c3"), said("agent", "a1", "a2"))
ALL = (final("customer", "c1 c2 c3"), final("agent", "a1 a2"))


def count(*finals: Final, gaps: tuple[Gap, ...] = (), of: object = CALL) -> Count:
    """Count what was heard of a call."""
    return count_words(of, finals, gaps, max_shift_ms=500)  # type: ignore[arg-type] # a call


def gap(speaker: str | None, start_ms: int, end_ms: int) -> Gap:
    """Return a gap that was told of."""
    return Gap(call="call", speaker=speaker, span=Span(start_ms, end_ms))  # type: ignore[arg-type]


def test_a_word_is_heard_whatever_its_case_and_punctuation() -> None:
    """People write it as they like."""
    found = count(final("customer", "C1, c2! — “c3”"), final("agent", "A1… a2."))

    assert found == Count(said=5, heard=5)
    assert not found.is_wrong


def test_a_word_that_nobody_heard_is_lost_and_untold() -> None:
    """For as long as it took to say."""
    found = count(final("customer", "c1 c3"), ALL[1])

    assert (found.heard, found.lost, found.told, found.untold_ms) == (4, 1, 0, 400)
    assert found.is_wrong


def test_a_word_in_a_gap_is_told() -> None:
    """Of its own speaker, or of everybody."""
    heard = final("customer", "c1 c3"), ALL[1]
    own, everybody, other = (
        count(*heard, gaps=(gap(who, 750, 1050),)) for who in ("customer", None, "agent")
    )

    assert [(one.lost, one.told, one.is_wrong) for one in (own, everybody, other)] == [
        (1, 1, False),
        (1, 1, False),
        (1, 0, True),
    ]


def test_a_word_that_comes_again_is_doubled() -> None:
    """Where words are unlike each other, and where they are not."""
    again = count(*ALL, final("customer", "c2"))
    yes = call(said("customer", "yes", "yes", "no"))
    twice = count(final("customer", "yes yes no"), of=yes)
    thrice = count(final("customer", "yes yes no yes"), of=yes)

    assert (again.doubled, again.lost) == (1, 0)
    assert twice == Count(said=3, heard=3)
    assert (thrice.doubled, thrice.heard) == (1, 3)


def test_a_word_of_the_other_speaker_is_on_the_wrong_track_and_not_lost() -> None:
    """Whether or not it was heard on its own as well."""
    instead = count(final("customer", "c1 c2 c3 a1"), final("agent", "a2"))
    too = count(final("customer", "c1 c2 c3 a1"), ALL[1])

    assert (instead.wrong_track, instead.lost, instead.heard) == (1, 0, 4)
    assert (too.wrong_track, too.lost, too.heard, too.doubled) == (1, 0, 5, 0)
    assert instead.is_wrong
    assert too.is_wrong


def test_words_of_nobody_are_on_the_wrong_track() -> None:
    """An application that does not say who spoke has not said it."""
    found = count(final(None, "c1 c2 c3 a1 a2"))

    assert (found.heard, found.lost, found.wrong_track) == (0, 0, 5)


def test_a_word_of_no_script_is_unsaid() -> None:
    """And nothing fails for it: it may be a noise that is told of."""
    found = count(*ALL, final("agent", "[music]"))

    assert (found.unsaid, found.is_wrong) == (1, False)


def test_words_of_finals_too_far_off_are_shifted() -> None:
    """At either end; what has no offsets is not."""
    good, early, late = (
        count(final("customer", "c1 c2 c3", start, end), ALL[1])
        for start, end in ((700, 1900), (-300, 1500), (300, 2100))
    )

    assert [one.shifted for one in (good, early, late)] == [0, 3, 3]
    assert not late.is_wrong


def test_a_final_whose_ends_are_said_twice_is_not_measured() -> None:
    """Nobody can tell which of them it is."""
    found = count(
        final("customer", "yes", 5_000, 6_000), of=call(said("customer", "yes", "no", "yes"))
    )

    assert found.shifted == 0


def test_a_word_of_which_a_frame_is_missing_is_cut_and_no_fault() -> None:
    """The hole is too short to be told of; a long one has to be."""
    streams = [stream("inbound", (0, 500), (600, 10_000)), stream("outbound", (0, 10_000))]
    chipped = call(said("customer", "c1", "c2", "c3"), streams=streams)
    short = count(final("customer", "c1 c3"), of=chipped)
    streams[0].spans["inbound"] = [(0, 400), (1_000, 10_000)]
    long = count(final("customer", "c1 c3"), of=chipped)

    assert (short.cut, short.lost, short.untold_ms, short.is_wrong) == (1, 0, 0, False)
    assert (long.cut, long.lost, long.untold_ms, long.is_wrong) == (0, 1, 400, True)


@pytest.mark.parametrize("end", ["dropped", "closed_by_peer"])
def test_a_word_in_whose_midst_a_stream_was_cut_is_cut(end: StreamEnd) -> None:
    """Each side has a piece of it, be it the network that cut it or who listens."""
    streams = [
        stream("inbound", (0, 600), end=end),
        stream("inbound", (600, 10_000)),
    ]
    found = count(
        final("customer", "c1 c3"), of=call(said("customer", "c1", "c2", "c3"), streams=streams)
    )

    assert (found.cut, found.lost) == (1, 0)


def test_what_was_not_said_to_its_end_is_not_counted() -> None:
    """Somebody hung up meanwhile."""
    one = call(said("customer", "c1", "c2", "c3"))
    one.talk_ms = 900

    assert count(final("customer", "c1 c2"), of=one) == Count(said=2, heard=2)


def test_finals_without_offsets_are_taken_by_number_or_as_they_come() -> None:
    """Where the same is said twice their order decides what is missing."""
    script = call(said("customer", "yes", "no", "yes", "maybe"))
    numbered = [
        Final(call=None, speaker="customer", text=text, seq=seq)
        for text, seq in (("yes maybe", 2), ("yes no", 1))
    ]

    assert count(*numbered, of=script).heard == 4
    assert count(*(final("customer", one) for one in ("yes no", "yes maybe")), of=script).heard == 4


def test_a_word_of_a_talk_that_was_late_is_told_where_it_was_sent() -> None:
    """The simulator had no processor for a second: whoever hears that counts it in."""
    late = call(said("customer", "c1", "c2", "c3"), said("agent", "a1", "a2"))
    late.note_late(300, 1_000)
    late.note_late(400, 1_050)
    heard, at = (final("customer", "c1", 300, 700), ALL[1]), gap("customer", 1_600, 2_500)

    assert count(*heard, gaps=(at,), of=late).told == 2
    assert count(*heard, gaps=(at,)).told == 0
    assert count(*heard, gaps=(gap("customer", 100, 400),), of=late).told == 0
    assert late.late == [(300, 1_000)]


def test_a_final_of_a_talk_that_was_late_may_be_as_late() -> None:
    """And no later."""
    late = call(said("customer", "c1", "c2", "c3"))
    late.note_late(300, 1_000)
    moved = [final("customer", "c1 c2 c3", at_ms, at_ms + 1_200) for at_ms in (1_400, 2_000)]

    assert [count(one, of=late).shifted for one in moved] == [0, 3]
    assert count(moved[0], of=call(said("customer", "c1", "c2", "c3"))).shifted == 3
