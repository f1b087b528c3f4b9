"""A part of `make proof-redaction`: secrets read out to a running service."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from service.redaction.labels import Kind
from service.redaction.memory import Level
from tests.redaction.whole import media
from tests.redaction.whole.proof import leaks, listen


@pytest.mark.slow
@pytest.mark.parametrize("level", get_args(Level))
async def test_nobody_sees_more_of_a_secret_anywhere_than_the_bound(
    tmp_path: Path, level: Level
) -> None:
    """Webhooks, reports, feed, API, exports, search, journal, log, traces, archive."""
    rows = await listen(tmp_path, 5, 1, level, get_args(Kind))

    assert {place: row.leaked for place, row in rows.items()} == dict.fromkeys(rows, 0)


@pytest.mark.slow
async def test_the_proof_looks_where_the_words_are(tmp_path: Path) -> None:
    """With nothing hidden each place that has words leaks, and no other one."""
    nothing: Sequence[Kind] = ()
    rows = await listen(tmp_path, 5, 1, "balanced", nothing)

    assert leaks(rows), rows


@pytest.mark.slow
@pytest.mark.parametrize("level", get_args(Level))
async def test_no_more_of_a_secret_that_is_heard_is_shown_or_recorded(
    tmp_path: Path, level: Level
) -> None:
    """Webhooks, journal, log, and what can be heard in the recordings."""
    rows = await media.listen(tmp_path, 5, 1, level, get_args(Kind))

    assert {place: row.leaked for place, row in rows.items()} == dict.fromkeys(rows, 0)


@pytest.mark.slow
async def test_the_proof_hears_what_is_recorded(tmp_path: Path) -> None:
    """With nothing hidden words, journal and recordings leak."""
    nothing: Sequence[Kind] = ()
    rows = await media.listen(tmp_path, 5, 1, "balanced", nothing)

    assert all(rows[place].leaked for place in media.WITH_WORDS), rows
