"""One call in memory: a queue of inputs, and one task at a time that works it off.

Load, receive, commit, carry out: what is in the queue when the task comes round is received
in one go and committed as one entry, so a busy call costs fewer commits, not more.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from service.calls.commands import Command, Publish, Record, Reply
from service.calls.controls import transcription
from service.calls.events import CallEnded, TranscriptErased
from service.calls.inputs import (
    ControlAsked,
    EraseAsked,
    Input,
    Webhook,
    WordsHeard,
    WordsReported,
)
from service.calls.routes import Route
from service.calls.session import CallSession
from service.calls.state import CallState, Phase
from service.errors import DuplicateInputError, JournalUnavailableError, StaleCallError
from service.ids import CallId, InputId, Transcription
from service.ports import Entry, Journal, Keeping, Observer, StoredEvent
from service.runtime.codec import decode_state, encode_state
from service.runtime.seen import Seen
from service.wire.events import encode_event, measure

MOST_ATTEMPTS = 5
"""How often a batch is received anew because the stored call was not the one in memory."""
RETRY_S = 1.0
"""How long words wait before they are offered again to a journal that did not take them."""
FAILED_S = 60.0
"""How long a call rests after an error that nobody foresaw."""
MOST_QUEUED = 5_000
"""Inputs kept per call while the journal is away: partials go first, webhooks are refused."""

DAY_S = 86_400.0

log = structlog.get_logger()


class Effects(Protocol):
    """Carries out what a call wants done, once what it said is committed. Never waits."""

    def carry_out(
        self,
        call: "LiveCall",
        route: Route | None,
        stored: Sequence[StoredEvent],
        commands: Sequence[Command],
    ) -> None:
        """Hand the events to the lanes, then start the commands, in order."""

    def forget(self, call: "LiveCall") -> None:
        """Have nobody hear or record a call any more: it was erased."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all live calls share."""

    journal: Journal
    routes: Sequence[Route]
    clock: Callable[[], float]
    seen: Seen
    tasks: asyncio.TaskGroup
    effects: Effects
    observer: Observer


@dataclass(slots=True)
class _Post:
    item: Input
    done: asyncio.Future[Reply | None] | None


class LiveCall:
    """The only one in this process who works on a call. Use from the event loop only."""

    def __init__(self, call_id: CallId, office: Office) -> None:
        self.call_id = call_id
        self._office = office
        self._queue: deque[_Post] = deque()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        self._session: CallSession | None = None
        self._version = 0
        self._epoch = 0
        self._legs_stored = 0
        self._phase: Phase | None = None
        self.transcription: Transcription | None = None
        """Whether its words are to be had, by what was committed last; None unless people talk."""
        self.answered_at: float | None = None
        """Where the call clock starts, by what was received last; in Unix seconds."""
        self.forgotten = False
        """Whether nothing is waited for: the call may be dropped from memory."""

    @property
    def working(self) -> bool:
        """Whether its task runs; what waits for a journal that is away is queued, not worked."""
        return self._task is not None

    @property
    def busy(self) -> bool:
        """Whether something is queued or being worked off."""
        return self._task is not None or bool(self._queue)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued, running, or waited for."""
        return not self.busy and self.forgotten

    @property
    def phase(self) -> Phase | None:
        """How far the call is by what was committed last; None if this process has not looked."""
        return self._phase

    def post(self, item: Input) -> None:
        """Queue an input; returns at once."""
        if len(self._queue) >= MOST_QUEUED and not self._make_room():
            log.error("input_lost", call_id=self.call_id, kind=type(item).__name__)
            return
        self._queue.append(_Post(item, None))
        self._kick()

    async def tell(self, item: Input) -> Reply | None:
        """Queue an input and return once what came of it is committed and under way.

        What people asked for is answered with what came of it; all else with None.

        Raises:
            JournalUnavailableError: Nothing was committed.
        """
        if len(self._queue) >= MOST_QUEUED:
            raise JournalUnavailableError("too much is waiting for the journal")
        done: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._queue.append(_Post(item, done))
        self._kick()
        return await done

    def look_again(self) -> None:
        """Have the call loaded anew, unless that is about to happen: somebody else wrote it."""
        if not self.busy and self._session is not None and not self._session.state.erased:
            self._session = None
            self._kick()

    def stop(self) -> None:
        """Cancel the timer; what is queued is still worked off."""
        if self._timer:
            self._timer.cancel()

    def _make_room(self) -> bool:
        kept = [p for p in self._queue if not isinstance(p.item, WordsHeard) or p.item.is_final]
        self._queue = deque(kept)
        return len(kept) < MOST_QUEUED

    def _kick(self) -> None:
        if self._task is None:
            name = f"call {self.call_id}"
            self._task = self._office.tasks.create_task(self._work(), name=name)

    async def _work(self) -> None:
        try:
            await self._work_off()
        except Exception:  # not CancelledError: one call never stops another
            log.exception("call_failed", call_id=self.call_id)
            self._session = None
            self._wait_until(self._office.clock() + FAILED_S)
        finally:
            self._task = None
        self._set_timer()
        if self._queue and self._timer is None:
            self._kick()

    async def _work_off(self) -> None:
        first = True
        while self._queue or first:
            first = False
            batch = list(self._queue)
            self._queue.clear()
            try:
                await self._apply(batch)
            except JournalUnavailableError as error:
                self._give_back(batch, error)
                return
            except BaseException as error:
                for post in batch:
                    if post.done and not post.done.done():
                        post.done.set_exception(
                            JournalUnavailableError("the call could not be worked on")
                        )
                raise error from None

    async def _apply(self, batch: Sequence[_Post]) -> None:
        """Receive a batch, commit it, carry it out; again if the memory of the call was old."""
        for _ in range(MOST_ATTEMPTS):
            session = self._session or await self._make_session()
            commands, input_ids = self._receive(session, batch)
            stored = self._stored(session.state, commands)
            replies = [one for one in commands if isinstance(one, Reply)]
            changed = any(reply.changed for reply in replies)
            if stored or changed or any(_must_survive(post.item) for post in batch):
                try:
                    await self._commit(session, input_ids, stored)
                except DuplicateInputError as error:
                    self._office.seen.update(InputId(i) for i in error.input_ids)
                    self._session = None
                    continue
                except StaleCallError:
                    self._session = None
                    continue
            self._phase = session.state.phase
            self.answered_at = session.state.answered_at
            self.transcription = transcription(session.state)
            self._office.effects.carry_out(self, session.state.route, *_left(stored, commands))
            _answer(batch, replies)
            self.forgotten = session.wake_at is None
            return
        raise JournalUnavailableError("somebody else keeps writing this call")

    def _receive(
        self, session: CallSession, batch: Sequence[_Post]
    ) -> tuple[list[Command], tuple[InputId, ...]]:
        now = self._office.clock()
        commands: list[Command] = []
        fresh: dict[InputId, None] = {}
        for post in batch:
            item = post.item
            if isinstance(item, Webhook):
                if item.input_id in self._office.seen or item.input_id in fresh:
                    continue
                if isinstance(item, WordsReported) and item.is_final is False:
                    self._office.seen.update([item.input_id])
                else:
                    fresh[item.input_id] = None
            commands += session.receive(item, now=now)
        wake_at = session.wake_at
        if wake_at is not None and now >= wake_at:
            commands += session.wake(now=now)
        return commands, tuple(fresh)

    def _stored(self, state: CallState, commands: Sequence[Command]) -> tuple[StoredEvent, ...]:
        metadata = state.route.metadata if state.route else {}
        now = self._office.clock()
        return tuple(
            StoredEvent(
                self.call_id,
                c.seq,
                c.event.type,
                encode_event(
                    self.call_id,
                    c.seq,
                    c.event,
                    occurred_at=c.occurred_at,
                    metadata=metadata,
                    timing=measure(
                        c.event,
                        occurred_at=c.occurred_at,
                        answered_at=state.answered_at,
                        now=now,
                    ),
                ),
            )
            for c in commands
            if isinstance(c, Record)
        )

    async def _commit(
        self, session: CallSession, input_ids: tuple[InputId, ...], stored: tuple[StoredEvent, ...]
    ) -> None:
        state = session.state
        legs = tuple(state.legs) if len(state.legs) != self._legs_stored else ()
        entry = Entry(
            call_id=self.call_id,
            version=self._version,
            epoch=self._epoch,
            state=encode_state(state),
            input_ids=input_ids,
            legs=legs,
            events=stored,
            endpoints=state.route.endpoints if state.route else (),
            wake_at=session.wake_at,
            ended=state.phase is Phase.COMPLETE and session.wake_at is None,
            erases=any(event.type == TranscriptErased.type for event in stored),
            keeping=_keeping(state) if any(e.type == CallEnded.type for e in stored) else None,
        )
        began = asyncio.get_running_loop().time()
        await self._office.journal.commit(entry)
        self._office.observer.committed(asyncio.get_running_loop().time() - began)
        self._version += 1
        self._legs_stored = len(state.legs)
        self._office.seen.update(input_ids)

    async def _make_session(self) -> CallSession:
        kept = await self._office.journal.load(self.call_id)
        state = decode_state(kept.state) if kept else CallState(call_id=self.call_id)
        self._version = kept.version if kept else 0
        self._epoch = kept.epoch if kept else 0
        self._legs_stored = len(state.legs)
        self._phase = state.phase
        self.transcription = transcription(state)
        self._session = CallSession(state, self._office.routes)
        if state.erased:
            self._office.effects.forget(self)
        return self._session

    def _give_back(self, batch: Sequence[_Post], error: JournalUnavailableError) -> None:
        """Refuse the webhooks, whose sender will come again; keep the words and try later."""
        log.warning("journal_refused", call_id=self.call_id, inputs=len(batch))
        self._session = None
        for post in batch:
            if post.done and not post.done.done():
                post.done.set_exception(JournalUnavailableError(str(error)))
        self._queue.extendleft(post for post in reversed(batch) if post.done is None)
        self._wait_until(self._office.clock() + RETRY_S)

    def _set_timer(self) -> None:
        wake_at = self._session.wake_at if self._session else None
        if wake_at is not None:
            self._wait_until(wake_at)

    def _wait_until(self, wake_at: float) -> None:
        """Have the timer ring at `wake_at` or before: an early ring sets it anew."""
        if self._timer and wake_at >= self._rings_at:
            return
        if self._timer:
            self._timer.cancel()
        self._rings_at = wake_at
        delay_s = max(0.0, wake_at - self._office.clock())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        wake_at = self._session.wake_at if self._session else None
        if wake_at is not None and wake_at > self._office.clock() and not self._queue:
            self._wait_until(wake_at)
        elif not self.forgotten or self._queue:
            self._kick()


def _must_survive(item: Input) -> bool:
    """Whether what an input changed has to be in the journal: all but partials.

    Of what people ask for, the reply says whether it changed anything.
    """
    if isinstance(item, WordsHeard | WordsReported):
        return item.is_final is not False
    return not isinstance(item, ControlAsked | EraseAsked)


def _keeping(state: CallState) -> Keeping | None:
    """Return how long the call is to be kept, now that it ended."""
    if state.route is None or state.ended_at is None:
        return None
    kept = state.route.retention
    if kept.text_days is None and kept.attempts_days is None:
        return None
    return Keeping(
        text_due_at=None if kept.text_days is None else state.ended_at + kept.text_days * DAY_S,
        attempts_s=None if kept.attempts_days is None else kept.attempts_days * DAY_S,
    )


def _left(
    stored: tuple[StoredEvent, ...], commands: Sequence[Command]
) -> tuple[tuple[StoredEvent, ...], Sequence[Command]]:
    """Leave out, if the call was erased, what came before that: nobody is to see it any more."""
    tombstones = tuple(event for event in stored if event.type == TranscriptErased.type)
    if not tombstones:
        return stored, commands
    kept = [
        command
        for command in commands
        if not isinstance(command, Publish)
        and not (isinstance(command, Record) and not isinstance(command.event, TranscriptErased))
    ]
    return tombstones, kept


def _answer(batch: Sequence[_Post], replies: Sequence[Reply]) -> None:
    """Let go of those who wait; each who asked for something gets the reply to it."""
    waiting = iter(replies)
    for post in batch:
        asked = isinstance(post.item, ControlAsked | EraseAsked)
        reply = next(waiting) if asked else None
        if post.done and not post.done.done():
            post.done.set_result(reply)
