"""Where a replay begins: in a silence that separates what was emitted from what was not."""

from service.stt.resume import resume_point
from service.stt.ring import Span


def point(
    *spans: tuple[int, int],
    sure_ms: int,
    sent_ms: int,
    quiet_ms: int | None = None,
    pending_ms: int | None = None,
) -> int:
    """Return where a replay begins after this speech."""
    return resume_point(
        [Span(*span) for span in spans],
        sure_ms=sure_ms,
        sent_ms=sent_ms,
        quiet_ms=quiet_ms,
        pending_ms=pending_ms,
    )


def test_it_begins_in_the_last_long_silence() -> None:
    """A little before the speech that follows it."""
    begin_ms = point(
        (500, 2000), (6000, 9000), (11_000, 12_000), sure_ms=9000, sent_ms=12_000
    )  # fmt: skip

    assert begin_ms == 10_600


def test_it_takes_the_longest_silence_where_none_is_long() -> None:
    """The longer the silence, the surer it separates."""
    begin_ms = point(
        (500, 2000), (2300, 4000), (4900, 6000), (6300, 7000), sure_ms=6000, sent_ms=7000
    )  # fmt: skip

    assert begin_ms == 4500


def test_it_does_not_trust_a_silence_after_what_is_surely_answered() -> None:
    """A final may be for less than it seems."""
    begin_ms = point(
        (5000, 6000), (8000, 8300), (10_000, 10_500), sure_ms=6000, sent_ms=10_500
    )  # fmt: skip

    assert begin_ms == 7600


def test_a_silence_that_lasts_is_sent_again_in_part_where_the_engine_had_time_to_answer() -> None:
    """Words may be too faint for the detector; seconds of silence cost little."""
    assert point((500, 2000), sure_ms=0, sent_ms=60_000, quiet_ms=4000) == 57_000


def test_a_silence_settles_nothing_where_the_engine_does_not_answer() -> None:
    """However long it is: what was said before it is owed."""
    assert point((500, 2000), sure_ms=0, sent_ms=9_000, quiet_ms=None) == 250
    assert point((500, 2000), sure_ms=0, sent_ms=9_000, quiet_ms=8000) == 250


def test_it_goes_back_before_a_partial_that_is_pending() -> None:
    """Its words are somewhere after its beginning."""
    begin_ms = point(
        (500, 2000), (50_000, 52_000), sure_ms=52_000, sent_ms=60_000, pending_ms=49_900
    )  # fmt: skip

    assert begin_ms == 49_500


def test_it_goes_back_ten_seconds_where_nobody_ever_paused() -> None:
    """The text has to find the overlap then."""
    assert point((0, 30_000), sure_ms=27_000, sent_ms=30_000) == 17_000


def test_it_begins_at_the_beginning_at_first() -> None:
    """Nothing was emitted yet."""
    assert point(sure_ms=0, sent_ms=0) == 0
    assert point((0, 900), sure_ms=0, sent_ms=1000) == 0
