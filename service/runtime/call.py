"""One call in memory: a mailbox of inputs, and one task at a time that works it off.

Receive, commit, hand on: what is in the mailbox when the task comes round is one turn of the
call and one entry of the journal, so a busy call costs fewer commits, not more.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import structlog

from service.calls.commands import Reply
from service.calls.inputs import AudioLost, HandOverBegan, Input, LegInitiated, WordsHeard
from service.calls.routes import Route
from service.calls.state import Phase
from service.calls.turn import Outcome
from service.calls.webhook import Webhook
from service.errors import (
    CallElsewhereError,
    DuplicateInputError,
    InputRefusedError,
    JournalUnavailableError,
    StaleCallError,
)
from service.ids import CallId, InputId
from service.ports import Journal, Observer, Ownership, StoredEvent
from service.runtime.commit import LoadedCall, commit_turn, load_call
from service.runtime.dedup import Dedup
from service.tasks import Tasks

MAX_ATTEMPTS = 5
"""How often a turn is taken anew because the stored call was not the one in memory."""
RETRY_S = 1.0
"""How long words wait before they are offered again to a journal that did not take them."""
FAILED_S = 60.0
"""How long a call rests after a turn without inputs failed on what nobody foresaw."""
PUT_BACK_S = 1.0
"""By how much the clock has to be behind a timer that rings to have been put back meanwhile."""
LOOK_S = 0.05
"""How often a timer looks whether what other workers took is here."""
MAX_QUEUED = 5_000
"""Inputs kept per call while the journal is away: partials go first, webhooks are refused."""
GONE = "another worker has the call"

log = structlog.get_logger()


class Effects(Protocol):
    """Hands on what a turn led to, once it is committed. Never waits."""

    def hand_on(self, call: "LiveCall", outcome: Outcome, stored: Sequence[StoredEvent]) -> None:
        """Tell whoever is told of the facts, then start the commands, in order."""

    def forget(self, call: "LiveCall") -> None:
        """Have nobody hear or record a call any more: it was erased."""

    def let_go(self, call: "LiveCall") -> None:
        """Have nobody here hear a call or deliver of it any more: it is another worker's."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """What all live calls share."""

    journal: Journal
    routes: Sequence[Route]
    clock: Callable[[], float]
    seen: Dedup[InputId]
    tasks: Tasks
    effects: Effects
    observer: Observer
    ownership: Ownership


@dataclass(slots=True)
class _Post:
    item: Input
    done: asyncio.Future[Reply | None] | None = None

    def answer(self, reply: Reply | None) -> None:
        if self.done and not self.done.done():
            self.done.set_result(reply)

    def refuse(self, why: str) -> None:
        self.fail(JournalUnavailableError(why))

    def fail(self, error: Exception) -> None:
        if self.done and not self.done.done():
            self.done.set_exception(error)


class LiveCall:
    """The only one in this process who works on a call. Use from the event loop only."""

    def __init__(self, call_id: CallId, context: CallContext) -> None:
        self.call_id = call_id
        self._context = context
        self._mailbox: deque[_Post] = deque()
        self._singly = 0
        """How many of the first take a turn each: together they failed."""
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._loaded: LoadedCall | None = None
        self._reloads = 0
        self._wake_at: float | None = None
        self.phase: Phase | None = None
        """How far the call is by its last turn; None if this process has not looked."""
        self.forgotten = False
        """Whether nothing is waited for: the call may be dropped from memory."""
        self.is_leaving = False
        """Whether it is about to be: what is shown of it now, nobody would know of."""
        self.is_gone = False
        """Whether it is another worker's: this one works on it no more."""

    @property
    def busy(self) -> bool:
        """Whether something is queued or being worked off."""
        return self._task is not None or bool(self._mailbox)

    @property
    def holds_back(self) -> bool:
        """Whether a webhook waits for its turn, be the call complete or not yet known."""
        return self._loaded is not None and bool(self._loaded.state.waiting)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued, running, or waited for."""
        return not self.busy and (self.forgotten or self.is_gone)

    @property
    def is_unkept(self) -> bool:
        """Whether it is in this memory alone, as no route wants it: others may have it by now."""
        return not self.busy and self._loaded is not None and self._loaded.version == 0

    def post(self, item: Input) -> None:
        """Queue an input; returns at once. Of a call that is another worker's it is dropped."""
        if self.is_gone:
            return
        if len(self._mailbox) >= MAX_QUEUED and not self._make_room():
            log.error("input_lost", call_id=self.call_id, kind=type(item).__name__)
            return
        self._mailbox.append(_Post(item))
        self._kick()

    async def tell(self, item: Input) -> Reply | None:
        """Queue an input and return once what came of it is committed and under way.

        What people asked for is answered with what came of it; all else with None.

        Raises:
            CallElsewhereError: The call is another worker's; nothing was committed.
            JournalUnavailableError: Nothing was committed.
        """
        if self.is_gone:
            raise CallElsewhereError(GONE)
        if len(self._mailbox) >= MAX_QUEUED:
            raise JournalUnavailableError("too much is waiting for the journal")
        done: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._mailbox.append(_Post(item, done))
        self._kick()
        return await done

    async def prepare_hand_over(self) -> None:
        """Show no partial any more, and have written what partials showed, if that matters.

        Raises:
            CallElsewhereError: The call is another worker's.
            JournalUnavailableError: It was not written: whoever is next has to think the worst.
        """
        self.is_leaving = True
        if self._loaded is not None:
            await self.tell(HandOverBegan(heir=self._loaded.heir))

    def look_again(self) -> None:
        """Have the call loaded anew, unless that is about to happen: somebody else wrote it."""
        if not self.busy and self._loaded is not None and not self._loaded.state.erased:
            self._loaded = None
            self._kick()

    def let_go(self) -> None:
        """Work on the call no more: it is another worker's. What waits is not committed."""
        if self.is_gone:
            return
        self.is_gone, self.phase = True, None
        self.stop()
        waiting, self._mailbox = self._mailbox, deque()
        for post in waiting:
            post.fail(CallElsewhereError(GONE))
        self._context.effects.let_go(self)

    def stop(self) -> None:
        """Cancel the timer; what is queued is still worked off."""
        if self._timer:
            self._timer.cancel()

    def _make_room(self) -> bool:
        kept = [p for p in self._mailbox if not isinstance(p.item, WordsHeard) or p.item.is_final]
        self._mailbox = deque(kept)
        return len(kept) < MAX_QUEUED

    def _kick(self) -> None:
        if self._task is None:
            self._task = self._context.tasks.start(self._work(), "call", of=self.call_id)

    async def _work(self) -> None:
        try:
            first = True
            while self._mailbox or first:
                first = False
                await self._work_off(self._next_batch())
        except JournalUnavailableError:
            if not self.is_gone:
                self._wait_until(self._context.clock() + RETRY_S)
        finally:
            self._task = None
        if self.is_gone:
            return
        self._set_timer()
        if self._mailbox and self._timer is None:
            self._kick()

    def _next_batch(self) -> list[_Post]:
        if self._singly:
            self._singly -= 1
            return [self._mailbox.popleft()]
        batch = list(self._mailbox)
        self._mailbox.clear()
        return batch

    async def _work_off(self, batch: Sequence[_Post]) -> None:
        """Take a turn with these inputs; where it fails, find out which of them it is.

        Raises:
            JournalUnavailableError: Nothing was committed; what nobody waits for is queued again.
        """
        try:
            await self._turn(batch)
        except JournalUnavailableError as error:
            self._give_back(batch, error)
            raise
        except CallElsewhereError as error:
            for post in batch:
                post.fail(error)
            self.let_go()
        except asyncio.CancelledError:
            for post in batch:
                post.refuse("this process is stopping")
            raise
        except Exception:  # one call never stops another, and one input never stops a call
            log.exception("turn_failed", call_id=self.call_id, inputs=len(batch))
            self._loaded = None
            self._wait_until(self._context.clock() + (RETRY_S if batch else FAILED_S))
            if len(batch) > 1:
                self._mailbox.extendleft(reversed(batch))
                self._singly = len(batch)
            elif batch:
                self._set_aside(batch[0])

    def _set_aside(self, post: _Post) -> None:
        """Go on without an input that no turn can take; of words, the gap is told."""
        log.error("input_set_aside", call_id=self.call_id, kind=type(post.item).__name__)
        post.fail(InputRefusedError("the call could not be worked on"))
        item = post.item
        if isinstance(item, WordsHeard) and item.is_final:
            lost = AudioLost(
                ref=item.ref,
                start_ms=item.start_ms,
                end_ms=item.end_ms,
                reason="internal_error",
            )
            self._mailbox.append(_Post(lost))

    async def _turn(self, batch: Sequence[_Post]) -> None:
        """Receive, commit, hand on; again if the memory of the call was old."""
        context = self._context
        for _ in range(MAX_ATTEMPTS):
            call = self._loaded or await self._load()
            posts = self._without_repeats(batch)
            outcome = call.session.receive(
                [p.item for p in posts],
                now=context.clock(),
                lag_s=context.ownership.lag_s(self.call_id),
            )
            stored: tuple[StoredEvent, ...] = ()
            if outcome.durable:
                try:
                    stored = await self._commit(call, outcome)
                except DuplicateInputError as error:
                    context.seen.update(InputId(i) for i in error.input_ids)
                    self._loaded = None
                    continue
                except StaleCallError:
                    self._loaded = None
                    continue
            context.seen.update(p.item.input_id for p in posts if isinstance(p.item, Webhook))
            if call.session.state.route is None and any(map(_begins, posts)):
                log.info("call_left_alone", call_id=self.call_id, reason="no route matches it")
            if not self.is_gone:  # whoever has it now reads it from the journal
                self._hand_on(outcome, stored)
            for post, reply in zip(posts, outcome.replies, strict=True):
                post.answer(reply)
            for post in batch:
                post.answer(None)  # a repeat: what came of it the first time is committed
            return
        raise JournalUnavailableError("somebody else keeps writing this call")

    async def _commit(self, call: LoadedCall, outcome: Outcome) -> tuple[StoredEvent, ...]:
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        stored = await commit_turn(self._context.journal, call, outcome, now=self._context.clock())
        self._context.observer.commit_took(loop.time() - began_at)
        return stored

    async def _load(self) -> LoadedCall:
        context = self._context
        call = await load_call(context.journal, self.call_id, context.routes, reloads=self._reloads)
        if call.version and not context.ownership.is_ours(call.owner):
            raise CallElsewhereError(GONE)
        self._loaded = call
        self._reloads += 1
        self._wake_at = call.session.wake_at
        self.phase = call.state.phase
        if call.state.erased:
            self._context.effects.forget(self)
        return call

    def _hand_on(self, outcome: Outcome, stored: Sequence[StoredEvent]) -> None:
        self._wake_at = outcome.wake_at
        self.phase = outcome.phase
        self.forgotten = outcome.wake_at is None
        if self.is_leaving:
            outcome = msgspec.structs.replace(outcome, facts=outcome.events)
        try:
            self._context.effects.hand_on(self, outcome, stored)
        except Exception:  # it is committed: to take the inputs again would double them
            log.exception("outcome_not_handed_on", call_id=self.call_id)

    def _without_repeats(self, batch: Iterable[_Post]) -> list[_Post]:
        """Leave out webhooks that were committed before, or come twice in this batch."""
        fresh: dict[InputId, None] = {}
        posts = []
        for post in batch:
            if isinstance(post.item, Webhook):
                input_id = post.item.input_id
                if input_id in self._context.seen or input_id in fresh:
                    continue
                fresh[input_id] = None
            posts.append(post)
        return posts

    def _give_back(self, batch: Sequence[_Post], error: JournalUnavailableError) -> None:
        """Refuse the webhooks, whose sender will come again; keep the words and try later."""
        log.warning("journal_refused", call_id=self.call_id, inputs=len(batch))
        self._loaded = None
        for post in batch:
            post.refuse(str(error))
        if self.is_gone:
            return
        self._mailbox.extendleft(post for post in reversed(batch) if post.done is None)

    def _set_timer(self) -> None:
        if self._loaded and self._wake_at is not None:
            self._wait_until(self._wake_at)

    def _wait_until(self, wake_at: float) -> None:
        """Have the timer ring at `wake_at` or before: an early ring sets it anew."""
        if self._timer and wake_at >= self._rings_at:
            return
        if self._timer:
            self._timer.cancel()
        self._rings_at = wake_at
        delay_s = max(0.0, wake_at - self._context.clock())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        wake_at, now = self._wake_at if self._loaded else None, self._context.clock()
        was_put_back = now < self._rings_at - PUT_BACK_S  # the clock: the call has to see it
        if wake_at is not None and wake_at > now and not (was_put_back or self._mailbox):
            self._wait_until(wake_at)
        elif wake_at is not None and self._context.ownership.lag_s(self.call_id) > 0:
            self._wait_until(now + LOOK_S)  # what waits is not let out before what came first
        elif not self.forgotten or self._mailbox:
            self._kick()


def _begins(post: _Post) -> bool:
    return isinstance(post.item, LegInitiated)
