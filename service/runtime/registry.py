"""Every live call of this process: finds the call a webhook belongs to, and drains them all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from service.calls.commands import Reply
from service.calls.inputs import (
    ControlAsked,
    ControlName,
    EraseAsked,
    LegInitiated,
    ServiceRestarted,
    ServiceStopping,
    WebhookInput,
)
from service.calls.routes import Route
from service.calls.state import Phase
from service.errors import ControlRefusedError, DrainingError, JournalUnavailableError
from service.ids import CallId, LegId, Transcription
from service.ports import (
    UNOBSERVED,
    Audience,
    Carrier,
    Journal,
    Lanes,
    Observer,
    Recognitions,
    Recorder,
)
from service.runtime.call import CallContext, LiveCall
from service.runtime.commands import CommandRunner
from service.runtime.dedup import Dedup
from service.runtime.effects import RealEffects
from service.runtime.media_streams import MediaStreams, Ticket
from service.runtime.media_tokens import MediaTokens
from service.runtime.questions import QuestionRunner
from service.tasks import open_tasks

PRUNE_EVERY_S = 3600.0
KEEP_INPUTS_S = 8 * 24 * 3600.0
"""How long repeats of a webhook are known; Telnyx may send one again for days."""
NOTICE_S = 5.0
"""How often it is looked whether somebody erased a call from the command line."""
SWEEP_S = 30.0
"""How often calls that are over are dropped from memory."""
_END = 2**62
RESUMED_AT_ONCE = 500
"""How many calls a start takes up together: the journal does not let any number wait."""
POLL_S = 0.05
"""How often a drain looks whether the calls are over."""

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
        self._streams = streams
        self._tokens = tokens
        self._own_clock = own_clock
        self._calls: dict[CallId, LiveCall] = {}
        self._legs: dict[LegId, CallId] = {}
        self.draining = False

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
        kept = await self._tokens.redeem(token, auth_token)
        if kept is None:
            return None
        return Ticket(kept.leg_id, self.call(kept.call_id), self._streams)

    async def tell(self, item: WebhookInput) -> None:
        """Give a webhook to its call and return once what must survive is committed.

        Raises:
            DrainingError: It begins a new call, and this process is stopping.
            JournalUnavailableError: Nothing was committed.
        """
        call_id = await self._call_of(item)
        if self.draining and isinstance(item, LegInitiated) and call_id not in self._calls:
            raise DrainingError("this process is stopping and takes no new calls")
        await self.call(call_id).tell(item)

    async def ask(
        self, call_id: CallId, action: ControlName, *, reason: str = "api"
    ) -> Reply | None:
        """See `CallControls.ask`."""
        call = await self._known(call_id)
        if call is None:
            return None
        asked = ControlAsked(
            action=action, at=self._context.clock(), asked_at=self._own_clock(), reason=reason
        )
        if action in ("pause", "stop"):
            with self._streams.pausing(call_id):
                reply = await call.tell(asked)
        else:
            reply = await call.tell(asked)
        if reply is None or reply.refused == "unknown":
            return None
        if reply.refused:
            raise ControlRefusedError(reply.refused)
        return reply

    def transcription(self, call_id: CallId) -> Transcription | None:
        """See `CallControls.transcription`."""
        call = self._calls.get(call_id)
        return call.transcription if call else None

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """See `Eraser.erase`. What is left in the files is scrubbed by whoever keeps them."""
        call = await self._known(call_id)
        if call is None:
            return False
        reply = await call.tell(EraseAsked(at=self._context.clock(), reason=reason))
        return reply is not None and reply.refused is None

    async def _known(self, call_id: CallId) -> LiveCall | None:
        """Find a call without making one of an id that somebody made up."""
        if call_id not in self._calls and await self._context.journal.load(call_id) is None:
            return None
        return self.call(call_id)

    def call(self, call_id: CallId) -> LiveCall:
        """Return the live call of this id, made if need be."""
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = LiveCall(call_id, self._context)
        return call

    async def resume(self) -> int:
        """Take up the calls that another process left unfinished; return how many."""
        unfinished = await self._context.journal.unfinished()
        adopt = self._context.journal.adopt
        for first in range(0, len(unfinished), RESUMED_AT_ONCE):
            some = unfinished[first : first + RESUMED_AT_ONCE]
            await asyncio.gather(*(adopt(kept.call_id) for kept in some))  # in few transactions
            for kept in some:
                self.call(kept.call_id).post(ServiceRestarted(at=self._context.clock()))
        return len(unfinished)

    async def drain(self, timeout_s: float) -> None:
        """Refuse new calls, and give live ones that long to end by themselves.

        Webhooks and media of live calls are taken, here and until they are handed over.
        """
        self.draining = True
        await _until(lambda: not self._talking(), timeout_s)

    async def hand_over(self, timeout_s: float) -> int:
        """Have what is being heard settled; return how many calls go on without this process.

        They are in the journal, and the next start takes them up.
        """
        for call in list(self._calls.values()):
            if call.phase is Phase.TALKING:
                call.post(ServiceStopping(at=self._context.clock()))
        await _until(lambda: not self._busy(), timeout_s)
        return self._talking()

    def _busy(self) -> bool:
        return self.finishing > 0 or any(call.busy for call in self._calls.values())

    def _talking(self) -> int:
        over = (Phase.COMPLETE, Phase.UNKNOWN, None)
        return sum(call.phase not in over for call in self._calls.values())

    async def sweep(self) -> None:
        """Drop the calls that are over from memory, again and again."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self.drop_idle()

    async def notice(self) -> None:
        """Look at calls again that another process erased, again and again."""
        newest = None
        while True:
            try:
                newest = await self.notice_erased(newest)
            except JournalUnavailableError:
                log.warning("erasures_not_noticed")
            await asyncio.sleep(NOTICE_S)

    async def notice_erased(self, after: int | None) -> int:
        """Look at calls again that were erased after a position; return the newest position."""
        newest, erased = await self._context.journal.erasures(_END if after is None else after)
        for call_id in erased:
            if call := self._calls.get(call_id):
                call.look_again()
        return newest

    async def prune(self) -> None:
        """Have the journal forget webhooks that nobody will repeat, again and again."""
        while True:
            try:
                await self._context.journal.prune(self._context.clock() - KEEP_INPUTS_S)
            except JournalUnavailableError:
                log.warning("prune_failed")
            await asyncio.sleep(PRUNE_EVERY_S)

    async def settle(self, timeout_s: float) -> None:
        """Wait until what was told so far is committed and under way, but not for ever."""
        await _until(lambda: not self._busy(), timeout_s)

    def drop_idle(self) -> None:
        """Drop the calls that are over from memory."""
        idle = {call_id for call_id, call in self._calls.items() if call.idle}
        for call_id in idle:
            self._calls.pop(call_id).stop()
        if idle:
            self._legs = {leg: call for leg, call in self._legs.items() if call not in idle}

    def stop_timers(self) -> None:
        """Let no call wake any more."""
        for call in self._calls.values():
            call.stop()

    async def _call_of(self, item: WebhookInput) -> CallId:
        if not item.leg_id and item.call_id is not None:
            return item.call_id
        known = self._legs.get(item.leg_id)
        if known is None:
            known = await self._context.journal.find_call(item.leg_id)
            # Another webhook of the leg may have been faster: a leg never has two calls.
            known = self._legs.setdefault(item.leg_id, known or item.call_id or CallId(item.leg_id))
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
) -> AsyncIterator[CallRegistry]:
    """Open the registry and its tasks; on exit what still runs is cancelled, so drain first.

    `media_url` is where Telnyx is told to send audio; a token is appended to it. `clock` is the
    telephone network's time as well as it is known, `own_clock` that of this machine, where the
    two differ.
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
            clock=clock,
        )
        context = CallContext(journal, routes, clock, Dedup(), tasks, effects, observer)
        registry = CallRegistry(context, streams, tokens, own_clock or clock)
        for keeper in (registry.sweep, registry.prune, registry.notice):
            tasks.keep(keeper, f"{keeper.__name__}_calls")
        try:
            yield registry
        finally:
            registry.stop_timers()


async def _until(done: Callable[[], bool], timeout_s: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not done() and loop.time() < deadline:  # noqa: ASYNC110 - many things, rarely asked
        await asyncio.sleep(POLL_S)
