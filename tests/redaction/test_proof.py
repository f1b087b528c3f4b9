"""A tenth of `make proof-redaction`."""

from typing import get_args

import pytest

from service.redaction.memory import MAX_SHOWN, Level
from service.redaction.redactor import redact
from tests.redaction.builders import ALL, Call
from tests.redaction.innocents import scripts
from tests.redaction.oracle import digits_in, most_in_order
from tests.redaction.proof import (
    CONTROLS,
    MAX_WRONG,
    SHORT_UTTERANCES,
    prove,
    wrongly_redacted,
)
from tests.redaction.sound import listen
from tests.redaction.tongues import TONGUES


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("level", get_args(Level))
def test_no_prefix_shows_more_of_a_secret_than_the_bound(level: Level, tongue: str) -> None:
    """Nor do all of them together; and of each something is hidden."""
    rows = prove(11, SHORT_UTTERANCES, redact, level, TONGUES[tongue])

    assert {kind: (row.leaked, row.missed) for kind, row in rows.items()} == dict.fromkeys(
        rows, (0, 0)
    )


@pytest.mark.parametrize("name", CONTROLS)
def test_the_proof_notices_what_leaks(name: str) -> None:
    """Without hold-back, and without what chains a number's pieces."""
    rows = prove(11, SHORT_UTTERANCES // 4, CONTROLS[name], "balanced")

    assert sum(row.leaked for row in rows.values()) > 0


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("level", get_args(Level))
def test_innocent_sentences_are_left_alone(level: Level, tongue: str) -> None:
    """All but one in two hundred."""
    wrong = list(wrongly_redacted(11, SHORT_UTTERANCES, level, TONGUES[tongue]))

    assert len(wrong) <= MAX_WRONG * SHORT_UTTERANCES, (MAX_SHOWN[level], wrong)


@pytest.mark.parametrize("level", get_args(Level))
def test_the_demo_and_all_scenarios_are_left_alone(level: Level) -> None:
    """Nobody reads a number out in them."""
    for script in scripts():
        call = Call(ALL._replace(level=level))
        assert [call.final(text, key=speaker) for speaker, text in script] == [
            text for _, text in script
        ]


@pytest.mark.parametrize("level", get_args(Level))
def test_little_of_a_secret_is_heard_in_a_recording(level: Level) -> None:
    """Nothing of most; never more than the text shows: what was shown before the rest is silent."""
    rows = listen(11, SHORT_UTTERANCES // 20, level)

    assert max(row.most for row in rows.values()) <= MAX_SHOWN[level]
    dialogues = sum(row.dialogues for row in rows.values())
    assert sum(row.heard for row in rows.values()) <= 0.05 * dialogues


def test_the_oracle_reads_numbers_by_itself() -> None:
    """In words and digits, and what labels show."""
    assert digits_in("double four, forty-one eleven ninety 5 [CARD …1234]") == "4441119051234"
    assert most_in_order("99411188", "4111222") == 4
