"""What redaction costs a partial and a final, with all kinds on."""

import time
from collections.abc import Iterator
from random import Random
from typing import Final, get_args

from service.redaction.labels import Kind
from service.redaction.memory import Memory, Policy
from service.redaction.redactor import Spoken, redact
from tests.bench.table import Row, median
from tests.redaction.dialogues import dialogue
from tests.redaction.innocents import sentences
from tests.redaction.secrets import MAKERS

_POLICY: Final = Policy(frozenset(get_args(Kind)))
_AIM: Final = "p99 1 ms"


def measure(*, texts: int, rounds: int) -> list[Row]:
    """Measure talk in which one text in four is of a number that is read out."""
    said = list(_said(texts))
    rows = []
    for what, is_final in (("a partial", False), ("a final", True)):
        medians, tails = [], []
        for _ in range(rounds):
            took_us = sorted(_times(said, is_final=is_final))
            medians.append(median(took_us))
            tails.append(took_us[int(len(took_us) * 0.99)])
        figures = f"{median(medians):.0f} / {median(tails):.0f} us"
        rows.append(Row(f"redaction of {what}, p50 / p99", figures, "", None, _AIM))
    return rows


def _said(texts: int) -> Iterator[Spoken]:
    """Yield texts of several calls in a row, as partials."""
    dice = Random(3)  # noqa: S311 - a benchmark, the same each time
    kinds = sorted(MAKERS)
    numbers = (
        heard for at in range(texts) for heard in dialogue(dice, kinds[at % len(kinds)]).heard
    )
    for at, (_, sentence) in enumerate(sentences(dice, texts, 7)):
        text = " ".join(next(numbers).words) if at % 4 == 0 else sentence
        words = tuple(text.split())
        yield Spoken(text=text, key="in", at=at * 2.0, is_final=False, language="en", words=words)


def _times(said: list[Spoken], *, is_final: bool) -> Iterator[float]:
    memory = Memory()
    for one in said:
        spoken = Spoken(
            text=one.text,
            key=one.key,
            at=one.at,
            is_final=is_final,
            language=one.language,
            words=one.words,
        )
        began = time.thread_time()
        redact(memory, _POLICY, spoken)
        yield (time.thread_time() - began) * 1e6
