"""What an engine was sent at once, and may not have worked off."""

from service.stt.backlog import Backlog


def test_what_is_sent_as_it_is_spoken_is_no_backlog() -> None:
    """Nor is a piece or two that came together."""
    backlog = Backlog(0.0)
    for number in range(100):
        backlog.sent(100, 100 + 100 * number, number / 10)
    backlog.sent(300, 10_300, 10.0)

    assert backlog.queue_ms(10.0) == 0
    assert backlog.burst_ms(0, 10.0) == 0


def test_a_replay_is_worked_off_three_times_as_fast_as_it_was_spoken() -> None:
    """And what comes meanwhile has to wait in line."""
    backlog = Backlog(0.0)
    backlog.sent(9000, 9000, 0.0)
    assert backlog.queue_ms(1.0) == 6000

    backlog.sent(1000, 10_000, 1.0)
    assert backlog.queue_ms(2.0) == 4000
    assert backlog.queue_ms(4.0) == 0


def test_audio_that_came_late_is_a_backlog_in_the_midst_of_a_session() -> None:
    """As when this process stood still: what it sends then at once was said long before."""
    backlog = Backlog(0.0)
    for number in range(60):
        backlog.sent(100, 100 + 100 * number, number / 10)
    backlog.sent(12_000, 18_000, 18.0)

    assert backlog.queue_ms(18.0) == 12_000
    assert backlog.burst_ms(7000, 18.0) == 12_000
    assert backlog.burst_ms(18_000, 18.0) == 0
