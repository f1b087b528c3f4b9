"""What is kept of a turn: an outcome becomes one entry of the journal, its facts become bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from service.calls.after_events import RecordingTranscribed
from service.calls.events import TranscriptRedacted
from service.calls.parties import numbers
from service.calls.routes import Route
from service.calls.session import CallSession
from service.calls.state import CallState
from service.calls.turn import Outcome
from service.ids import CallId, WorkerId
from service.ports import Entry, Journal, StoredEvent
from service.runtime.codec import decode_state, encode_state
from service.wire.events import emptied, encode, read_superseded_seq, subject_of, superseded

RELOADS_AN_EPOCH: Final = 1_000
NOTHING_KEPT: Final[Mapping[int, StoredEvent]] = MappingProxyType({})


_HANDS: Final = 2
"""How often a hand-over raises the epoch: when the call is given away, and when it is taken."""


@dataclass(slots=True)
class LoadedCall:
    """A call as it was last committed, and what it was committed as."""

    session: CallSession
    version: int = 0
    epoch: int = 0
    owner: WorkerId | None = None
    numbers: frozenset[str] = frozenset()
    """Whose numbers this process has had written of it."""

    @property
    def state(self) -> CallState:
        """What the call remembers."""
        return self.session.state

    @property
    def heir(self) -> int:
        """The life that the call begins with whoever takes it, once it was handed over."""
        return (self.epoch + _HANDS) * RELOADS_AN_EPOCH


async def load_call(
    journal: Journal, call_id: CallId, routes: Sequence[Route], *, reloads: int = 0
) -> LoadedCall:
    """Return a call from the journal; a new one if nothing was kept of it.

    `reloads` says how often this process has lost its memory of the call.

    Raises:
        JournalUnavailableError: The journal does not answer.
        JournalTooNewError: A newer version of the service wrote it.
    """
    kept = await journal.load(call_id)
    if kept is None:
        return LoadedCall(CallSession(CallState(call_id=call_id, life=reloads), routes))
    state = decode_state(kept.state)
    state.life = kept.epoch * RELOADS_AN_EPOCH + reloads
    return LoadedCall(CallSession(state, routes), kept.version, kept.epoch, kept.owner)


async def commit_turn(
    journal: Journal,
    call: LoadedCall,
    outcome: Outcome,
    *,
    now: float,
    kept: Mapping[int, StoredEvent] = NOTHING_KEPT,
) -> tuple[StoredEvent, ...]:
    """Return the durable events of a turn once they, and the call's new state, would survive.

    Of a call that is forgotten nothing is kept; where nothing was, nothing is written. `now` is in
    Unix seconds. What the turn redacts of what is `kept`, by `seq`, is kept so from then on. If it
    raises, the call in memory is ahead of the journal: load it anew and have it take the inputs
    again.

    Raises:
        DuplicateInputError: Some of the inputs were committed before.
        StaleCallError: Somebody else wrote the call.
        JournalUnavailableError: Nothing was written.
    """
    if outcome.forgets and call.version == 0:
        return ()
    events = _stored(outcome, now)
    entry = _entry(call, outcome, events, kept)
    await journal.commit(entry)
    call.version = 0 if outcome.forgets else call.version + 1
    call.numbers = frozenset() if outcome.forgets else call.numbers.union(entry.numbers)
    return events


def _entry(
    call: LoadedCall,
    outcome: Outcome,
    events: tuple[StoredEvent, ...],
    kept: Mapping[int, StoredEvent],
) -> Entry:
    return Entry(
        call_id=call.state.call_id,
        version=call.version,
        epoch=call.epoch,
        state=encode_state(call.state),
        input_ids=outcome.input_ids,
        legs=outcome.legs,
        events=events,
        endpoints=outcome.endpoints,
        wake_at=outcome.wake_at,
        ended=outcome.ended,
        erases=outcome.erased,
        forgets=outcome.forgets,
        amends=_amended(events, kept),
        numbers=tuple(sorted(numbers(call.state) - call.numbers)),
        shows_numbers=call.state.route is not None and call.state.route.numbers == "full",
        keeping=outcome.keep,
    )


def _amended(
    events: Sequence[StoredEvent], kept: Mapping[int, StoredEvent]
) -> tuple[StoredEvent, ...]:
    amended = []
    for event in events:
        if event.type == TranscriptRedacted.type:
            old = kept[read_superseded_seq(event.body)]
            amended.append(replace(old, body=superseded(old.body, event.body)))
    heard = [one for one in kept.values() if one.type == RecordingTranscribed.type]
    if amended:  # what the recording says is heard anew, with more of it silent
        amended += [replace(one, body=emptied(one.body)) for one in heard]
    return tuple(amended)


def _stored(outcome: Outcome, now: float) -> tuple[StoredEvent, ...]:
    return tuple(
        StoredEvent(
            fact.call_id, fact.seq, fact.event.type, encode(fact, now=now), subject_of(fact.event)
        )
        for fact in outcome.facts
        if fact.seq is not None
    )
