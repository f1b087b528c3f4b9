"""A speech recogniser that reads the script: it returns words as their audio passes. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from service.simulator.speech.script import Utterance, Word


@dataclass(frozen=True, slots=True)
class AsrResult:
    """The words recognised so far of one utterance: a partial, or `is_final`."""

    utterance: Utterance
    words: tuple[Word, ...]
    is_final: bool

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)


class ScriptedAsr:
    """Recognises the utterances of one track: each word when the audio at its middle comes."""

    def __init__(self, utterances: Sequence[Utterance], *, endpointing_ms: int = 300) -> None:
        self._utterances = sorted(utterances, key=lambda utterance: utterance.start_ms)
        pairs = [(word, said) for said in self._utterances for word in said.words]
        self._words = sorted(pairs, key=lambda pair: pair[0].middle_ms)
        self._middles = [word.middle_ms for word, _ in self._words]
        self._endpointing_ms = endpointing_ms
        self._open: Utterance | None = None
        self._spoken: list[Word] = []

    def push(self, start_ms: int, end_ms: int) -> list[AsrResult]:
        """Take the audio from `start_ms` up to `end_ms`; return the results, in order."""
        found: list[AsrResult] = []
        first = bisect_left(self._middles, start_ms)
        last = bisect_left(self._middles, end_ms)
        for word, said in self._words[first:last]:
            if self._open is not said:
                found += self.finalize()
                self._open = said
            self._spoken.append(word)
            found.append(AsrResult(said, tuple(self._spoken), is_final=False))
        if self._open and end_ms >= self._open.end_ms + self._endpointing_ms:
            found += self.finalize()
        return found

    def finalize(self) -> list[AsrResult]:
        """Make the open utterance final, as its end does; return the result, if there is one."""
        if self._open is None:
            return []
        final = AsrResult(self._open, tuple(self._spoken), is_final=True)
        self._open, self._spoken = None, []
        return [final]
