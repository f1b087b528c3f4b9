"""Redacting what a journal keeps of calls that are over, beside a running service.

Both write by the call's version, so one of them is refused and looks again.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import msgspec

from service.calls.after_events import RecordingTranscribed
from service.calls.events import TranscriptFinal
from service.calls.redactions import policy_of
from service.calls.reredaction import KeptFinal, Silent, look_again
from service.calls.routes import Route
from service.errors import JournalUnavailableError, StaleCallError
from service.ids import CallId
from service.ports import Journal, StoredEvent
from service.runtime.call import MAX_ATTEMPTS
from service.runtime.commit import commit_turn, load_call

_PAGE: Final = 500
_OF_WORDS: Final = frozenset({TranscriptFinal.type, RecordingTranscribed.type})

Silence = Callable[[CallId, Sequence[Silent]], Awaitable[None]]
"""Silences what is not to be heard any more of a call's recording."""


@dataclass(frozen=True, slots=True)
class Redone:
    """What was hidden of a call that was kept in clear. `refused`: `unknown`, or `live`."""

    finals: int = 0
    entities: Counter[str] = field(default_factory=Counter)
    refused: str | None = None


class _Final(msgspec.Struct):
    timestamp: str
    data: KeptFinal


_decode = msgspec.json.Decoder(_Final).decode


class LateRedactor:
    """Redacts calls in a journal that another process may serve from. `clock`: Unix seconds."""

    def __init__(self, journal: Journal, silence: Silence, *, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._silence = silence
        self._clock = clock

    async def redact(self, call_id: CallId, like: Route) -> Redone:
        """Hide what a route would hide today; return once no table has it any more.

        The sound goes first: a crash in between leaves a call that is found again. What the files
        still hold goes with the next `Journal.scrub`.

        Raises:
            JournalUnavailableError: Nothing was redacted.
            OSError: The recording cannot be silenced, and nothing was redacted.
        """
        for _ in range(MAX_ATTEMPTS):
            call = await load_call(self._journal, call_id, ())
            kept = await self._kept(call_id)
            finals = [one for one in kept.values() if one.type == TranscriptFinal.type]
            look = look_again([read_final(event) for event in finals], policy_of(like))
            now = self._clock()
            outcome = call.session.redact_again(look, like=like, now=now)
            (reply,) = outcome.replies
            if reply is None or not reply.changed:
                return Redone(refused=None if reply is None else reply.refused)
            await self._silence(call_id, look.silent)
            try:
                await commit_turn(self._journal, call, outcome, now=now, kept=kept)
            except StaleCallError:
                continue
            return Redone(len(look.superseding), look.hidden)
        raise JournalUnavailableError("somebody else keeps writing this call")

    async def _kept(self, call_id: CallId) -> dict[int, StoredEvent]:
        kept: dict[int, StoredEvent] = {}
        after = 0
        while page := await self._journal.read(call_id, after_seq=after, limit=_PAGE):
            after = page[-1].seq
            kept |= {one.seq: one for one in page if one.type in _OF_WORDS}
        return kept


def read_final(event: StoredEvent) -> KeptFinal:
    """Return a final as it is kept."""
    body = _decode(event.body)
    return replace(body.data, at=datetime.fromisoformat(body.timestamp).timestamp())
