"""Where a replay begins: in a silence that separates what was emitted from what was not."""

from service.stt.resume import resume_point
from service.stt.ring import Span


def point(
    *spans: tuple[int, int],
    emitted_ms: int,
    covered_ms: int,
    sent_ms: int,
    pending_ms: int | None = None,
) -> int:
    """Return where a replay begins after this speech."""
    return resume_point(
        [Span(*span) for span in spans],
        emitted_ms=emitted_ms,
        covered_ms=covered_ms,
        sent_ms=sent_ms,
        pending_ms=pending_ms,
    )


def test_it_begins_in_the_last_long_silence() -> None:
    """A little before the speech that follows it."""
    begin_ms = point(
        (500, 2000),
        (6000, 9000),
        (11_000, 12_000),
        emitted_ms=9000,
        covered_ms=9000,
        sent_ms=12_000,
    )

    assert begin_ms == 10_600


def test_it_takes_the_longest_silence_where_none_is_long() -> None:
    """The longer the silence, the surer it separates."""
    begin_ms = point(
        (500, 2000), (2300, 4000), (4900, 6000), (6300, 7000),
        emitted_ms=6000, covered_ms=6000, sent_ms=7000,
    )  # fmt: skip

    assert begin_ms == 4500


def test_it_does_not_trust_a_final_that_may_cover_less() -> None:
    """Silence after the point that is surely covered does not count, emitted or not."""
    begin_ms = point(
        (5000, 6000), (8000, 8300), (10_000, 10_500),
        emitted_ms=8300, covered_ms=6000, sent_ms=10_500,
    )  # fmt: skip

    assert begin_ms == 7600


def test_it_sends_a_lasting_silence_again_in_part() -> None:
    """Words may be too faint for the detector; seconds of silence cost little."""
    assert point((500, 2000), emitted_ms=2000, covered_ms=2000, sent_ms=60_000) == 57_000


def test_it_goes_back_before_a_partial_that_is_pending() -> None:
    """Its words are somewhere after its beginning."""
    begin_ms = point(
        (500, 2000), emitted_ms=2000, covered_ms=2000, sent_ms=60_000, pending_ms=50_000
    )

    assert begin_ms == 49_600


def test_it_goes_back_ten_seconds_where_nobody_ever_paused() -> None:
    """The text has to find the overlap then."""
    assert point((0, 30_000), emitted_ms=29_000, covered_ms=27_000, sent_ms=30_000) == 19_000


def test_it_begins_at_the_beginning_at_first() -> None:
    """Nothing was emitted yet."""
    assert point(emitted_ms=0, covered_ms=0, sent_ms=0) == 0
    assert point((0, 900), emitted_ms=0, covered_ms=0, sent_ms=1000) == 0
