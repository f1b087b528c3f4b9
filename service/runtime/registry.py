"""Every live call of this process: finds the call a webhook belongs to, and drains them all.

Where several workers share a database, what is for a call of another is passed on to it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog

from service.calls.commands import Reply
from service.calls.inputs import (
    BEGINNINGS,
    AskedInput,
    ControlAsked,
    ControlName,
    EraseAsked,
    OwnInput,
    ServiceRestarted,
    ServiceStopping,
    WebhookInput,
)
from service.calls.routes import Route
from service.calls.state import Phase
from service.calls.webhook import Webhook
from service.errors import (
    CallElsewhereError,
    ControlRefusedError,
    DrainingError,
    JournalUnavailableError,
)
from service.ids import CallId
from service.ports import (
    UNOBSERVED,
    Audience,
    Carrier,
    Claim,
    Journal,
    Lanes,
    Observer,
    Orphans,
    Ownership,
    Recognitions,
    Recorder,
)
from service.runtime.call import GONE, CallContext, LiveCall
from service.runtime.commands import CommandRunner
from service.runtime.dedup import Dedup
from service.runtime.effects import RealEffects
from service.runtime.handing_over import prepare_hand_over
from service.runtime.leg_lookup import call_of_leg
from service.runtime.legs import Legs
from service.runtime.media_streams import MediaStreams, Ticket
from service.runtime.media_tokens import MediaTokens
from service.runtime.questions import QuestionRunner
from service.runtime.second_hearing import RecordingsHeard, SecondHearer
from service.runtime.tapes import TapeFetcher, TapeRoom
from service.runtime.upkeep import notice, prune, until
from service.tasks import open_tasks
from service.workers.alone import Alone

SWEEP_S = 30.0
"""How often calls that are over are dropped from memory."""
MAX_TRIES = 5
"""How often something is given to a call that workers take from each other meanwhile."""

log = structlog.get_logger()


class CallRegistry:
    """The `Calls` and the `MediaDoor` of this process, by call and by leg."""

    def __init__(
        self,
        context: CallContext,
        streams: MediaStreams,
        tokens: MediaTokens,
        own_clock: Callable[[], float],
    ) -> None:
        self._context = context
        self.ownership = context.ownership
        self._streams = streams
        self.tokens = tokens
        """What lets media WebSockets in."""
        self._own_clock = own_clock
        self._calls: dict[CallId, LiveCall] = {}
        self._legs = Legs()
        self.draining = False
        self.has_successors = False
        """Whether other workers take the calls once this one drains."""

    @property
    def hearing(self) -> int:
        """How many tracks are being heard."""
        return self._streams.hearing

    @property
    def finishing(self) -> int:
        """How many tracks are saying their last word."""
        return self._streams.finishing

    @property
    def live(self) -> int:
        """How many calls are in memory."""
        return len(self._calls)

    async def admit(self, token: str, auth_token: str | None) -> Ticket | None:
        """See `MediaDoor.admit`.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """
        kept = await self.tokens.redeem(token, auth_token)
        if kept is None:
            return None
        return Ticket(kept.leg_id, partial(self._own_for_media, kept.call_id), self._streams)

    async def tell(self, item: WebhookInput) -> None:
        """See `Calls.tell`. What is for another worker's call is kept for it.

        Raises:
            DrainingError: It begins a new call, and this process is stopping.
            JournalUnavailableError: Nothing was committed.
        """
        call_id = await self.call_of(item)
        if self.draining and isinstance(item, BEGINNINGS) and call_id not in self._calls:
            raise DrainingError("this process is stopping and takes no new calls")
        for _ in range(MAX_TRIES):
            found = await self._owned(call_id)
            if isinstance(found, Claim):
                await self.ownership.forward(call_id, item, found.owner)
                return
            try:
                await found.tell(item)
            except CallElsewhereError:
                continue
            return
        raise JournalUnavailableError("workers keep taking this call from each other")

    async def ask(
        self, call_id: CallId, action: ControlName, *, reason: str = "api"
    ) -> Reply | None:
        """See `CallControls.ask`."""
        asked = ControlAsked(
            action=action, at=self._context.clock(), asked_at=self._own_clock(), reason=reason
        )
        reply = await self._ask_owner(call_id, asked)
        if reply is None or reply.refused == "unknown":
            return None
        if reply.refused:
            raise ControlRefusedError(reply.refused)
        return reply

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """See `Eraser.erase`. What is left in the files is scrubbed by whoever keeps them."""
        reply = await self._ask_owner(call_id, EraseAsked(at=self._context.clock(), reason=reason))
        return reply is not None and reply.refused is None

    def has(self, call_id: CallId) -> bool:
        """See `CallHolder.has`."""
        call = self._calls.get(call_id)
        return not (call is None or call.is_gone or (self.ownership.is_shared and call.is_unkept))

    def call(self, call_id: CallId) -> LiveCall:
        """Return the live call of this id, made if need be."""
        call = self._calls.get(call_id)
        if call is None or call.is_gone:
            call = self._calls[call_id] = LiveCall(call_id, self._context)
        return call

    async def resume(self) -> int:
        """Take up the calls that another process left unfinished; return how many."""
        resumed = 0
        while (orphans := await self.ownership.orphans()).call_ids:
            self.take_up(orphans)
            resumed += len(orphans.call_ids)
        return resumed

    def take_up(self, orphans: Orphans) -> None:
        """See `CallHolder.take_up`. What came for some meanwhile has begun them already."""
        for call_id in orphans.call_ids:
            if not self.has(call_id):
                self._take_over(call_id, was_down=orphans.was_down)

    def let_go(self, call_id: CallId) -> None:
        """See `CallHolder.let_go`."""
        if call := self._calls.pop(call_id, None):
            call.let_go()

    def let_go_of_all(self) -> None:
        """See `CallHolder.let_go_of_all`."""
        for call_id in list(self._calls):
            self.let_go(call_id)

    async def told(self, call_id: CallId, item: WebhookInput | OwnInput) -> None:
        """See `CallHolder.told`; also for what a call is to know after its end."""
        found = await self._owned(call_id)
        if isinstance(found, Claim):
            raise CallElsewhereError(GONE)
        if isinstance(item, Webhook) and item.leg_id:
            self._legs.learn(item.leg_id, call_id)
        await found.tell(item)

    async def asked(self, call_id: CallId, item: AskedInput) -> Reply | None:
        """See `CallHolder.asked`."""
        found = await self._owned(call_id)
        if isinstance(found, Claim):
            raise CallElsewhereError(GONE)
        return await self._ask_call(found, item)

    async def drain(self, timeout_s: float) -> None:
        """Refuse new calls, and give live ones that long to end by themselves.

        Webhooks and media of live calls are taken, here and until they are handed over. Where other
        workers could have them, they need not end.
        """
        self.draining = True
        try:
            self.has_successors = await self.ownership.leave()
        except JournalUnavailableError:
            log.warning("successors_unknown")
        if not self.has_successors:
            await until(lambda: not self._unfinished(), timeout_s)

    async def hand_over(self, timeout_s: float) -> int:
        """Have what is being heard settled; return how many calls go on without this process.

        They are in the journal, and the next start takes them up.
        """
        for call in list(self._calls.values()):
            if call.phase is Phase.TALKING:
                call.post(ServiceStopping(at=self._context.clock()))
        await until(lambda: not self._busy(), timeout_s)
        return self._unfinished()

    async def give_away(self) -> bool:
        """Give the calls that go on to the other workers, at once; False if none are there."""
        if not self.has_successors:
            return False
        await prepare_hand_over(self._calls.values())
        try:
            await self.ownership.hand_over()
        except JournalUnavailableError:
            log.warning("calls_not_handed_over", calls=len(self._calls))
            return False
        self.let_go_of_all()
        return True

    def _busy(self) -> bool:
        return self.finishing > 0 or any(call.busy for call in self._calls.values())

    def _unfinished(self) -> int:
        over = (Phase.COMPLETE, Phase.UNKNOWN, None)
        return sum(call.phase not in over or call.holds_back for call in self._calls.values())

    async def sweep(self) -> None:
        """Drop the calls that are over from memory, again and again."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self.drop_idle()

    async def notice_erased(self, after: int | None) -> int:
        """Look at calls again that were erased after a position; return the newest position."""
        newest, erased = await self._context.journal.erasures(2**62 if after is None else after)
        for call_id in erased:
            if call := self._calls.get(call_id):
                call.look_again()
        return newest

    async def settle(self, timeout_s: float) -> None:
        """Wait until what was told so far is committed and under way, but not for ever."""
        await until(lambda: not self._busy(), timeout_s)

    def drop_idle(self) -> None:
        """Drop the calls that are over from memory."""
        for call_id in [call_id for call_id, call in self._calls.items() if call.idle]:
            self._drop(call_id)
        self._legs.sweep(self._calls)

    def stop_timers(self) -> None:
        """Let no call wake any more."""
        for call in self._calls.values():
            call.stop()

    async def _owned(self, call_id: CallId) -> LiveCall | Claim:
        """Return a call that is ours, or who has it."""
        if self.has(call_id):
            return self._calls[call_id]
        claim = await self.ownership.claim(call_id)
        if not claim.is_ours:
            if not self.has(call_id):
                self._drop(call_id)  # what is in this memory alone: others keep the call
            return claim
        if claim.was_taken and not self.has(call_id):
            return self._take_over(call_id, was_down=claim.owner is not None)
        return self.call(call_id)

    async def _own_for_media(self, call_id: CallId) -> LiveCall:
        if not self.has(call_id) and await self.ownership.take(call_id):  # its audio is here
            return self._take_over(call_id, was_down=False)
        return self.call(call_id)

    def _drop(self, call_id: CallId) -> None:
        if call := self._calls.pop(call_id, None):
            call.stop()

    def _take_over(self, call_id: CallId, *, was_down: bool) -> LiveCall:
        self._drop(call_id)
        call = self.call(call_id)
        call.post(ServiceRestarted(at=self._context.clock(), was_down=was_down))
        return call

    async def _ask_owner(self, call_id: CallId, item: AskedInput) -> Reply | None:
        """Have a call do what people ask; None of one that nobody knows: ids are made up."""
        if not self.has(call_id) and await self._context.journal.load(call_id) is None:
            return None
        for _ in range(MAX_TRIES):
            found = await self._owned(call_id)
            if isinstance(found, Claim):
                return await self.ownership.ask(call_id, item, found.owner)
            try:
                return await self._ask_call(found, item)
            except CallElsewhereError:
                continue
        raise JournalUnavailableError("workers keep taking this call from each other")

    async def _ask_call(self, call: LiveCall, item: AskedInput) -> Reply | None:
        if isinstance(item, ControlAsked) and item.action in ("pause", "stop"):
            with self._streams.pausing(call.call_id):
                return await call.tell(item)
        return await call.tell(item)

    async def call_of(self, item: WebhookInput) -> CallId:
        """Return the call that a webhook belongs to, from now on."""
        if not item.leg_id and item.call_id is not None:
            return item.call_id
        known = self._legs.call_of(item.leg_id)
        if known is None:
            kept = await call_of_leg(item, self._context.routes, self._context.journal)
            # another webhook of the leg may have been faster
            known = self._legs.learn(item.leg_id, kept)
        return known


@asynccontextmanager
async def open_calls(
    *,
    journal: Journal,
    lanes: Lanes,
    audience: Audience,
    carrier: Carrier,
    recognitions: Recognitions,
    recorder: Recorder,
    routes: Sequence[Route],
    media_url: str,
    clock: Callable[[], float],
    own_clock: Callable[[], float] | None = None,
    observer: Observer = UNOBSERVED,
    ownership: Ownership | None = None,
    heard: RecordingsHeard | None = None,
    tapes: TapeRoom | None = None,
) -> AsyncIterator[CallRegistry]:
    """Open the registry and its tasks; on exit what still runs is cancelled, so drain first.

    `media_url` is where Telnyx is told to send audio; a token is appended to it. `clock` is the
    telephone network's time as well as it is known, `own_clock` that of this machine, where the
    two differ. Without an `ownership` the journal is this process's own;
    `heard` is who transcribes recordings, `tapes` who fetches those that Telnyx made.
    """
    async with open_tasks() as tasks:
        tokens = MediaTokens(journal=journal, media_url=media_url, clock=clock)
        streams = MediaStreams(
            recognitions=recognitions,
            recorder=recorder,
            tasks=tasks,
            clock=clock,
        )
        effects = RealEffects(
            lanes=lanes,
            audience=audience,
            observer=observer,
            streams=streams,
            commands=CommandRunner(carrier=carrier, tokens=tokens, tasks=tasks, clock=clock),
            questions=QuestionRunner(carrier, tasks, clock),
            second=SecondHearer(heard, tasks, clock),
            tapes=TapeFetcher(tapes, tasks, clock),
            clock=clock,
        )
        ownership = ownership or Alone(journal)
        context = CallContext(journal, routes, clock, Dedup(), tasks, effects, observer, ownership)
        registry = CallRegistry(context, streams, tokens, own_clock or clock)
        tasks.keep(registry.sweep, "sweep_calls")
        tasks.keep(partial(notice, registry.notice_erased), "notice_calls")
        tasks.keep(partial(prune, journal, ownership, clock), "prune_calls")
        try:
            yield registry
        finally:
            registry.stop_timers()
