"""One turn of a call: what every function of the core is handed, and what came of it.

A turn takes the inputs that wait for a call, all at one moment, and leads to one `Outcome`. The
shell commits the outcome if it is durable, then hands it on; it decides nothing about the call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from service.calls import redactions
from service.calls.commands import Command, Reply, SoundCommand
from service.calls.events import Event, Transcript, TranscriptFinal, TranscriptPartial
from service.calls.routes import Retention, Route
from service.calls.state import CallState, Phase
from service.ids import CallId, EndpointName, InputId, LegId
from service.redaction.redactor import Aloud

UNROUTED: Final = Route(answer=False)
"""Stands for the route of a call that none matched: it wants nothing and tells nobody."""
_DAY_S = 86_400.0


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in a call: a durable event, or a partial (`seq` None)."""

    call_id: CallId
    seq: int | None
    after_seq: int
    """The `seq` of the last durable event before this."""
    event: Event | TranscriptPartial
    occurred_at: float
    """Unix seconds."""
    answered_at: float | None
    """When the call was answered, where the call clock starts; Unix seconds."""
    metadata: Mapping[str, object]
    """What the call's route, and its own application, say along with every event."""

    @property
    def stt_ms(self) -> int | None:
        """How long after its speech a text came; None where nobody here heard the audio."""
        event = self.event
        if not isinstance(event, Transcript) or event.time_source != "audio":
            return None
        if self.answered_at is None:
            return None
        heard_ms = round((self.occurred_at - self.answered_at) * 1000)
        return max(0, heard_ms - (event.end_ms or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long a call is kept: its text until then (Unix seconds), parked deliveries so long."""

    text_due_at: float | None = None
    attempts_s: float | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn of a call came to. All of it is to be committed, then handed on, in order."""

    facts: tuple[Fact, ...] = ()
    """Durable events and partials. A partial whose final is among them is left out."""
    commands: tuple[Command, ...] = ()
    replies: tuple[Reply | None, ...] = ()
    """One for each input of the turn, in its place; None where nobody waits for an answer."""
    input_ids: tuple[InputId, ...] = ()
    """The webhooks among the inputs whose repeats are to be known from now on."""
    legs: tuple[LegId, ...] = ()
    """Legs by which the call is to be found from now on."""
    endpoints: tuple[EndpointName, ...] = ()
    """Who is told of the facts."""
    durable: bool = False
    """Whether it has to be in the journal before anybody may know of it."""
    erased: bool = False
    """Whether all earlier events of the call go with it; the last fact is the tombstone."""
    forgets: bool = False
    """Whether nothing of the call is to be in the journal: no route wants it."""
    keep: Keeping | None = None
    """How long the call is to be kept from now on; None leaves that as it is."""
    phase: Phase = Phase.UNKNOWN
    """How far the call is then."""
    wake_at: float | None = None
    """When the call is to have its next turn, whatever comes; Unix seconds."""

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be expected of the call."""
        return self.phase is Phase.COMPLETE and self.wake_at is None

    @property
    def events(self) -> tuple[Fact, ...]:
        """The durable ones among the facts."""
        return tuple(fact for fact in self.facts if fact.seq is not None)


@dataclass(slots=True)
class Turn:
    """Collects what one turn leads to. `now` is in Unix seconds."""

    state: CallState
    now: float
    route: Route
    """How the call is treated."""
    lag_s: float = 0.0
    """How much later than usual what other workers took for the call may come."""
    commands: list[Command] = field(default_factory=list)
    legs: list[LegId] = field(default_factory=list)
    durable: bool = False
    erased: bool = False
    keep: Keeping | None = None
    reply: Reply | None = None
    """What came of the input that is being received, if somebody waits for it."""
    _facts: list[Fact] = field(default_factory=list)
    _shows: bool = False
    """Whether partials are among the facts."""

    def record(self, event: Event, occurred_at: float, *, is_redacted: bool = False) -> Aloud:
        """Add a durable event: it gets the call's next `seq`.

        A final is redacted by the route, unless that was done before it waited for its turn; what
        is returned says what of its sound is not to be heard.
        """
        aloud = Aloud()
        if isinstance(event, TranscriptFinal) and not is_redacted:
            event, aloud = redactions.redacted(self.state, self.route, event, occurred_at)
        self.durable = True
        self.state.seq += 1
        self._add(event, occurred_at, self.state.seq)
        return aloud

    def show(self, partial: TranscriptPartial, occurred_at: float) -> None:
        """Add a partial, redacted by the route."""
        partial, _ = redactions.redacted(self.state, self.route, partial, occurred_at)
        self._shows = True
        self._add(partial, occurred_at, None)

    def ask(self, command: Command) -> None:
        """Have the runtime carry something out, once it is known that it was asked."""
        self.durable = True
        self.commands.append(command)

    def ask_lightly(self, command: SoundCommand) -> None:
        """Have the runtime carry out what goes with a process: it need not be known before."""
        self.commands.append(command)

    def keep_for(self, retention: Retention, ended_at: float) -> None:
        """Have the call kept as long as its route says, now that it ended."""
        text_days, attempts_days = retention.text_days, retention.attempts_days
        if text_days is None and attempts_days is None:
            return
        self.keep = Keeping(
            text_due_at=None if text_days is None else ended_at + text_days * _DAY_S,
            attempts_s=None if attempts_days is None else attempts_days * _DAY_S,
        )

    def forget_facts(self) -> None:
        """Take back what this turn recorded and showed so far: nobody is to see it any more."""
        if self._facts:
            self.state.seq = self._facts[0].after_seq
        self._facts.clear()
        self.keep = None

    def outcome(
        self,
        *,
        replies: Sequence[Reply | None],
        input_ids: Sequence[InputId],
        wake_at: float | None,
    ) -> Outcome:
        """Close the turn."""
        return Outcome(
            facts=self._without_settled() if self._shows else tuple(self._facts),
            commands=tuple(self.commands),
            replies=tuple(replies),
            input_ids=tuple(input_ids),
            legs=tuple(self.legs),
            endpoints=self.route.endpoints,
            durable=self.durable,
            erased=self.erased,
            forgets=self.state.is_unwanted,
            keep=self.keep,
            phase=self.state.phase,
            wake_at=wake_at,
        )

    def _add(self, event: Event | TranscriptPartial, occurred_at: float, seq: int | None) -> None:
        carried = self.state.carried
        fact = Fact(
            call_id=self.state.call_id,
            seq=seq,
            after_seq=self.state.seq if seq is None else seq - 1,
            event=event,
            occurred_at=occurred_at,
            answered_at=self.state.answered_at,
            metadata={**self.route.metadata, **carried} if carried else self.route.metadata,
        )
        self._facts.append(fact)

    def _without_settled(self) -> tuple[Fact, ...]:
        """Leave out partials whose final came with them: it goes ahead of them."""
        finals = (one.event for one in self._facts if isinstance(one.event, TranscriptFinal))
        settled = {final.utterance_id for final in finals}
        return tuple(
            fact
            for fact in self._facts
            if not (
                isinstance(fact.event, TranscriptPartial) and fact.event.utterance_id in settled
            )
        )
