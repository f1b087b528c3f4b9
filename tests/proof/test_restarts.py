"""The restart matrix in short: the service is killed at every third write of a call's life.

`make proof-words ARGS=--restarts` is the whole of it.
"""

import pytest

from tests.proof.__main__ import SHORT_EVERY
from tests.proof.changes import BOTH, Source
from tests.proof.restarts import Restart, kill, table
from tests.proof.runs import be_quiet, kill_all

SEED = 1


def test_a_call_survives_a_kill_wherever_it_strikes() -> None:
    """It is answered once, heard again, and told whole; nothing is asked once it is over."""
    kills = list(kill_all(SEED, SHORT_EVERY))

    failed = {
        f"{killed.restart.side} {killed.write} on {killed.restart.source}": problems
        for killed in kills
        if (problems := killed.verdict.problems)
    }
    assert not failed
    assert f"| all | {len(kills)} | 0 | 0 | 0 | 0 | 0 | 0 |" in table(kills)


@pytest.mark.parametrize("source", BOTH)
def test_the_matrix_bites(source: Source) -> None:
    """A service that does not ask again for what a dead process had asked is found out."""
    be_quiet()
    restart = Restart(SEED, source, ("killed",), 1, "after")

    killed = kill(restart, off="resuming")

    assert killed.answers == 0
    assert "answered 0 times" in killed.verdict.problems
