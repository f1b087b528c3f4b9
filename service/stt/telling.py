"""What is told of a track: its words, what of it is lost, and how far all is accounted for."""

from collections.abc import Iterable, Iterator

from service.calls.inputs import Input, WordsHeard
from service.stt.accounts import Accounts
from service.stt.headway import Headway
from service.stt.inputs import TrackInputs
from service.stt.ring import Chunk, Span
from service.stt.speech import Speech
from service.stt.transcript import Transcript

_SETTLED_EVERY_MS = 10_000
"""How often it is told that audio is settled, when nothing else is."""


class Telling:
    """Makes the inputs of one track, in order of time, and books what is lost. Pure."""

    def __init__(
        self,
        inputs: TrackInputs,
        transcript: Transcript,
        speech: Speech,
        headway: Headway,
        *,
        wants_partials: bool,
    ) -> None:
        self._inputs = inputs
        self._transcript = transcript
        self._speech = speech
        self._headway = headway
        self._wants_partials = wants_partials
        self._accounts = Accounts()

    def words(self, words: Iterable[WordsHeard]) -> list[Input]:
        """Book words, and leave partials out if the route does not want them."""
        inputs: list[Input] = []
        for item in words:
            if item.is_final:
                self._headway.moved()
                lost = self._accounts.emit(Span(item.start_ms, item.end_ms))
                inputs += [self._inputs.lost(span, reason) for span, reason in lost]
            if item.is_final or self._wants_partials:
                inputs.append(item)
        if (doubt_ms := self._transcript.take_doubt()) is not None:
            inputs.append(self._inputs.degraded("seam_uncertain", start_ms=doubt_ms))
        return inputs

    def lost(self, until_ms: int, *, is_losing: bool = False) -> list[Input]:
        """Account for all before a time; what is lost about there may grow while `is_losing`."""
        lost = self._accounts.settle(until_ms, is_losing=is_losing)
        return [self._inputs.lost(span, reason) for span, reason in lost]

    def settled(self) -> Iterator[Input]:
        """Give how far all is accounted for, if nothing was told for a while."""
        accounts = self._accounts
        if accounts.settled_ms - accounts.told_ms >= _SETTLED_EVERY_MS:
            accounts.told_ms = accounts.settled_ms
            yield self._inputs.settled(accounts.settled_ms)

    def lose(self, span: Span, reason: str) -> None:
        """Book audio that never came."""
        self._accounts.lose(span, reason)

    def lose_unanswered(self, until_ms: int, reason: str) -> None:
        """Book the speech before a time that no final covers."""
        progress = self._transcript.progress
        if progress.is_owed(until_ms):
            self._accounts.lose_all(progress.unanswered(until_ms), reason)
        progress.settle(until_ms)

    def lose_unheard(self, gone: Chunk, reason: str) -> None:
        """Book what sounds in a piece that no session will be sent, and none was to any avail.

        Where nobody heard it, nobody can say that it was no voice.
        """
        transcript = self._transcript
        sounds = self._speech.sounds(max(gone.start_ms, transcript.heard_until()), gone.end_ms)
        self._accounts.lose_all(sounds, reason, apart_ms=transcript.pending_end_ms)
        self._speech.forget(gone.start_ms, gone.end_ms)
