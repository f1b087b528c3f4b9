"""The Python client: what it waits for, takes, refuses, and all faults in a row."""

from pathlib import Path

from tests.clients import checks
from tests.clients.harness import CLIENTS, PYTHON, Impatient


async def test_all_faults_in_a_row_lose_nothing_and_double_nothing() -> None:
    """See `check_all_faults`."""
    await checks.check_all_faults(PYTHON)


async def test_it_waits_as_it_is_asked_and_longer_each_time() -> None:
    """See `check_waits`."""
    await checks.check_waits(PYTHON)


async def test_it_takes_a_new_token_when_the_old_one_is_over() -> None:
    """See `check_renewal`."""
    await checks.check_renewal(PYTHON)


async def test_it_gives_up_a_connection_that_is_silent(tmp_path: Path) -> None:
    """See `check_silence`."""
    path = Impatient("SILENCE_S = 40", "SILENCE_S = 0.5").copy(CLIENTS / "callscribe.py", tmp_path)
    await checks.check_silence((PYTHON[0], str(path)))


async def test_it_ends_when_it_is_refused() -> None:
    """See `check_refusal`."""
    await checks.check_refusal(PYTHON)


async def test_it_ends_where_nobody_gives_out_tokens() -> None:
    """See `check_wrong_token_url`."""
    await checks.check_wrong_token_url(PYTHON)


async def test_what_keeps_failing_is_told() -> None:
    """See `check_what_keeps_failing_is_told`."""
    await checks.check_what_keeps_failing_is_told(PYTHON)


async def test_its_receiver_passes_certification() -> None:
    """See `check_certificate`."""
    await checks.check_certificate(PYTHON)


async def test_its_receiver_takes_a_report_beside_its_event() -> None:
    """See `check_report`."""
    await checks.check_report(PYTHON)
