"""Sessions for an engine that answers once, when the audio stops: a socket for each utterance.

While one utterance is being answered, the next one is heard already. Their words keep the order
of their audio. Where audio stops coming in the midst of one, it is answered; the rest is another.
"""

import asyncio
from dataclasses import dataclass

from service.errors import RecognitionLostError
from service.stt.line import Line, one_piece_of_work
from service.stt.session import Session
from service.stt.stint import Stint
from service.stt.utterances import Utterance, Utterances


@dataclass(slots=True)
class _Live:
    """An utterance that is heard or answered."""

    utterance: Utterance
    stint: Stint
    task: asyncio.Task[None]
    session: Session | None = None


class Sockets:
    """Runs the sessions of one engine over a track, up to its end."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._utterances = Utterances(line.track.speech, line.track.resume_ms)
        self._live: list[_Live] = []
        self._wake = asyncio.Event()

    def pass_on(self) -> None:
        """Send the newest audio, and see where utterances begin and end."""
        for live in self._live:
            if live.session:
                live.session.pass_on()
        self._wake.set()

    def end(self) -> None:
        """Have all that is left be said: the track has ended."""
        self._wake.set()

    async def run(self) -> None:
        """Return when the track's end is heard.

        Raises:
            RecognitionError: A session could not be had, or was lost.
        """
        track, utterances = self._line.track, self._utterances
        async with one_piece_of_work() as group:
            while True:
                self._cut_answered()
                while len(self._live) < self._line.limits.max_sockets and (
                    begun := utterances.look(track.pushed_ms, ended=track.ended)
                ):
                    self._begin(group, begun)
                utterances.look_for_end(track.pushed_ms, ended=track.ended)
                self._end_utterances()
                if not self._live:
                    self._line.emit(track.pass_over(utterances.silent_until_ms))
                    self._line.emit(track.release())
                if track.ended and not utterances.is_open and self._has_seen_all():
                    return
                self._wake.clear()
                await self._wake.wait()

    def _has_seen_all(self) -> bool:
        return len(self._live) < self._line.limits.max_sockets

    def _begin(self, group: asyncio.TaskGroup, utterance: Utterance) -> None:
        stint = self._line.begin(start_ms=utterance.start_ms)
        task = group.create_task(self._hear(stint))
        self._live.append(_Live(utterance, stint, task))

    def _cut_answered(self) -> None:
        """End the utterance that was answered already: what comes behind it, nobody will answer."""
        for live in self._live:
            early_ms = live.stint.answered_early_ms
            if live.utterance.end_ms is None and early_ms is not None:
                self._utterances.cut(early_ms)

    def _end_utterances(self) -> None:
        """Tell the sessions where their utterances turned out to end."""
        for live in list(self._live):
            if live.utterance.was_none:
                live.task.cancel()
                self._over(live.stint)
            elif live.stint.until_ms != live.utterance.end_ms:
                live.stint.until_ms = live.utterance.end_ms
                if live.session:
                    live.session.end()

    async def _hear(self, stint: Stint) -> None:
        """Connect and run the session of one utterance."""
        line = self._line
        async with line.connect() as connection:
            session = line.session(connection, stint)
            for live in self._live:
                if live.stint is stint:
                    live.session = session
            try:
                await session.run()
            except RecognitionLostError:
                if not stint.has_final:
                    raise
        self._cut_answered()
        self._end_utterances()
        self._over(stint)

    def _over(self, stint: Stint) -> None:
        self._live = [live for live in self._live if live.stint is not stint]
        self._line.close(stint)
        self._wake.set()
