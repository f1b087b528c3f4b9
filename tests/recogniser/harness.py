"""How the tests set the recogniser up, and judge what it hears."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jiwer

from service.recogniser.audio.samples import Samples
from service.recogniser.models.engine import Engine
from service.recogniser.models.hypothesis import Hypothesis
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.text.boosting import Boost


def word_error_rate(said: str, heard: str) -> float:
    """Compare words, not their spelling or punctuation."""
    return float(jiwer.wer(plain(said), plain(heard) or "nothing"))


def plain(text: str) -> str:
    """Return the words of a text alone."""
    text = text.lower().replace("mister", "mr").replace("y'know", "you know")
    return " ".join(re.sub(r"[^a-z' ]", " ", text).split())


class BrokenEngine(Engine):
    """An engine that fails on whatever it is given."""

    def decode(self, samples: Samples, rate_hz: int, *_: object, **__: object) -> Hypothesis:
        """Fail."""
        raise RuntimeError(f"cannot decode {len(samples)} samples at {rate_hz} Hz")


class StumblingEngine(Engine):
    """An engine that fails once, as where memory was short, and is well again."""

    failed = False

    def decode(
        self,
        samples: Samples,
        rate_hz: int,
        boost: Boost | None = None,
        *,
        draft: Sequence[int] = (),
        words: bool = False,
        voiced_s: float | None = None,
    ) -> Hypothesis:
        """Fail the first time."""
        if self.failed:
            return super().decode(
                samples, rate_hz, boost, draft=draft, words=words, voiced_s=voiced_s
            )
        self.failed = True
        raise MemoryError


class CardEngine(Engine):
    """An engine that always hears the same number."""

    def decode(self, samples: Samples, rate_hz: int, *_: object, **__: object) -> Hypothesis:
        """Hear it."""
        del samples, rate_hz
        return Hypothesis("It is 4111 1111 1111 1111", 0.9)


def with_engine(networks: Networks, engine: type[Engine]) -> Networks:
    """Return the networks with another engine for everything."""
    return replace(networks, engine=engine(find_models("tiny").speech[0]), quick_engine=None)


def container_children() -> list[int]:
    """Return the process ids of our children that read containers."""
    tasks = Path("/proc/self/task").iterdir()
    children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    return [
        int(pid)
        for pid in children
        if b"audio.container_child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
