"""How an endpoint's attempts went of late, in figures."""

from service.delivery.record import Record


def test_it_knows_what_ends_an_outage() -> None:
    """The first to arrive, and whoever arrives after nothing did for five seconds."""
    record = Record()
    assert record.succeeded(0.0)
    assert not record.succeeded(1.0)

    record.failed(10.0)
    assert not record.succeeded(14.9)
    record.failed(20.0)
    record.failed(24.0)
    assert record.succeeded(25.0)


def test_it_is_healthy_when_the_last_attempt_arrived() -> None:
    """Not before anything did, and not after a failure."""
    record = Record()
    assert not record.healthy
    record.succeeded(0.0)
    assert record.healthy
    record.failed(1.0)
    assert not record.healthy


def test_it_knows_for_how_long_all_failed() -> None:
    """From the first failure after a success, whatever failed, once there were ten."""
    record = Record()
    record.failed(100.0)
    assert record.failing_for_s(1_000_000.0) == 0
    for _ in range(9):
        record.failed(200.0)

    assert record.failing_for_s(300.0) == 200
    record.succeeded(300.0)
    assert record.failing_for_s(400.0) == 0


def test_whoever_runs_it_can_have_it_forget() -> None:
    """An endpoint that is enabled again is not disabled again for what was before."""
    record = Record()
    for _ in range(10):
        record.failed(0.0)
    record.reset()

    assert record.failing_for_s(1_000_000.0) == 0


def fail(record: Record, times: int, *, at: float) -> None:
    """Have so many attempts fail in a row."""
    for _ in range(times):
        record.failed(at)


def test_nine_failures_say_nothing() -> None:
    """From the start, after a success, and after it was told to forget."""
    record = Record()
    fail(record, 9, at=100.0)
    assert record.failing_for_s(500.0) == 0
    record.succeeded(500.0)
    fail(record, 9, at=600.0)
    assert record.failing_for_s(700.0) == 0
    record.reset()
    fail(record, 9, at=800.0)
    assert record.failing_for_s(900.0) == 0
    fail(record, 1, at=900.0)
    assert record.failing_for_s(1000.0) == 200


def test_an_outage_is_counted_from_its_own_first_failure() -> None:
    """What failed before a success, or before it was told to forget, is another matter."""
    record = Record()
    record.succeeded(0.0)
    record.failed(10.0)
    record.reset()
    assert record.healthy
    record.failed(14.0)

    assert not record.succeeded(18.9)
    record.failed(20.0)
    assert record.succeeded(25.0)


def test_a_success_ends_what_failed() -> None:
    """It is well from then on, and the next outage is another one."""
    record = Record()
    record.failed(10.0)
    record.succeeded(12.0)
    assert record.healthy
    record.failed(100.0)

    assert not record.succeeded(104.9)
