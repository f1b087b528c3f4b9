"""The mailbox: what came to one worker and is for a call of another, kept in the database."""

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from service.calls.commands import Reply
from service.calls.inputs import AskedInput, WebhookInput
from service.calls.ordering import REORDER_S
from service.calls.webhook import Webhook
from service.errors import (
    InputRefusedError,
    JournalError,
    JournalTooNewError,
    JournalUnavailableError,
)
from service.ids import CallId, WorkerId
from service.ports import Bus, CallHolder, Mail, Roster
from service.workers.mail import (
    decode,
    decode_reply,
    encode_asked,
    encode_reply,
    encode_webhook,
)
from service.workers.membership import Membership
from service.workers.sealing import Seal

POLL_S: Final = 0.2
"""How often the mailbox is read unprompted: a nudge may be lost, and words that came in elsewhere
are to be here before those that came after them are let out of the waiting room."""
ASK_TIMEOUT_S: Final = 5.0
PAGE: Final = 200
MAX_TRIES: Final = 5
"""How often a webhook is given to its call that cannot be worked on; then it is set aside."""
_NO_REPLY: Final = "the worker that has the call did not answer in time"

log = structlog.get_logger()


class Mailbox:
    """Gives other workers what is for their calls, and has this one's calls take what is theirs."""

    def __init__(self, roster: Roster, member: Membership, seal: Seal) -> None:
        self.news = asyncio.Event()
        """Set by whoever knows that there is something."""
        self._roster = roster
        self._seal = seal
        self._lease = member.lease
        self._member = member
        self._counters = member.counters
        self._looked_from = -math.inf
        """When the last time began that the mailbox was looked through, in the loop's time."""
        self._owed: dict[CallId, float] = {}
        """Calls that have not taken all of their mail, and since when: a look that began earlier
        says nothing of them."""
        self._stuck: set[CallId] = set()
        """Calls that took something not, this time: what came for them later has to wait."""
        self._asking: dict[int, asyncio.Future[Reply | None]] = {}
        self._tries: Counter[int] = Counter()

    async def send(self, call_id: CallId, item: WebhookInput) -> None:
        """Keep a webhook for whoever owns its call.

        Raises:
            JournalUnavailableError: It was not kept.
        """
        await self._roster.send(call_id, item.input_id, self._seal.close(encode_webhook(item)))
        self._counters.mail["sent", "webhook"] += 1

    async def ask(
        self, call_id: CallId, item: AskedInput, wake: Callable[[], None]
    ) -> Reply | None:
        """Ask the owner of a call for something, `wake` it, and return its reply.

        Raises:
            JournalUnavailableError: It did not reply in time, or nothing was asked.
        """
        worker = self._lease.worker
        if worker is None:
            raise JournalUnavailableError(_NO_REPLY)
        number = await self._roster.ask(call_id, self._seal.close(encode_asked(item)), worker)
        self._counters.mail["sent", "question"] += 1
        reply: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._asking[number] = reply
        self.news.set()
        wake()
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                await reply
        except TimeoutError:
            with suppress(JournalUnavailableError):
                await self._roster.drop_mail([number])
            raise JournalUnavailableError(_NO_REPLY) from None
        finally:
            del self._asking[number]
        return reply.result()

    def expect(self, call_ids: Sequence[CallId]) -> None:
        """Look for mail of calls that were just taken: what waits there came first."""
        if call_ids:
            self._owe(call_ids)
            self.news.set()

    def forget(self) -> None:
        """Look for nothing any more: what was ours is not."""
        self._owed.clear()
        self._tries.clear()

    def lag_s(self, call_id: CallId) -> float:
        """See `Ownership.lag_s`.

        What came in here is let out once the mailbox was looked through since: what was said
        before it was acknowledged before it, so its mail was there. However long that takes: a
        database that does not show the mail does not take what would be written instead.
        """
        if self._looked_from < self._owed.get(call_id, -math.inf):
            return math.inf
        return max(0.0, asyncio.get_running_loop().time() - self._looked_from - REORDER_S)

    async def run(self, holder: CallHolder, bus: Bus) -> None:
        """Take what comes, forever."""
        is_away = False
        while True:
            self.news.clear()
            if worker := self._lease.worker:
                try:
                    await self.collect(worker, holder, bus)
                    is_away = False
                except JournalUnavailableError as error:
                    if not is_away:  # once an outage: it is looked often
                        log.warning("mailbox_not_read", reason=str(error))
                    is_away = True
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self.news.wait()

    async def collect(self, worker: WorkerId, holder: CallHolder, bus: Bus) -> None:
        """Let go of what others took; have calls take what waits, and those who asked the replies.

        Raises:
            JournalUnavailableError: The rest still waits.
        """
        begun = asyncio.get_running_loop().time()
        try:
            await self._collect_all(worker, holder, bus)
        except JournalUnavailableError:
            raise
        except Exception:  # what nobody foresaw is not to hold up every call for ever
            self._looked_through(begun)
            raise
        self._looked_through(begun)

    async def _collect_all(self, worker: WorkerId, holder: CallHolder, bus: Bus) -> None:
        self._stuck.clear()
        is_more = await self._roster.has_mail(worker, keeps_house=self._member.keeps_house)
        last = 0
        while is_more:
            page = await self._look(worker, holder, last)
            done = await self._apply(page, holder, bus)
            await self._roster.drop_mail(done)
            is_more = len(page) == PAGE
            last = page[-1].id if page else last

    def _owe(self, call_ids: Iterable[CallId]) -> None:
        now = asyncio.get_running_loop().time()
        self._owed.update((call_id, now) for call_id in call_ids)

    def _looked_through(self, begun: float) -> None:
        self._looked_from = begun
        self._owed = {call_id: since for call_id, since in self._owed.items() if since > begun}

    async def _look(self, worker: WorkerId, holder: CallHolder, after: int) -> list[Mail]:
        """Return mail that waits, once losses and replies are known; in one transaction."""
        keeps_house = self._member.keeps_house
        losses, replies, page = await asyncio.gather(
            self._roster.losses(worker),
            self._roster.replies(worker),
            self._roster.mail(worker, keeps_house=keeps_house, limit=PAGE, after=after),
        )
        for call_id in losses:
            holder.let_go(call_id)
        for number, reply in replies:
            self._answer(number, reply)
        return page

    def _answer(self, number: int, reply: bytes) -> None:
        waiting = self._asking.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(decode_reply(self._seal.open(reply)))

    async def _apply(self, page: Sequence[Mail], holder: CallHolder, bus: Bus) -> list[int]:
        """Have each call take its mail in order; return what of it is not to be kept."""
        by_call: defaultdict[CallId, list[Mail]] = defaultdict(list)
        for mail in page:
            if mail.call_id not in self._stuck:
                by_call[mail.call_id].append(mail)
        taken = await asyncio.gather(*(self._take(each, holder, bus) for each in by_call.values()))
        return [number for each in taken for number in each]

    async def _take(self, mails: Iterable[Mail], holder: CallHolder, bus: Bus) -> list[int]:
        done = []
        for mail in mails:
            try:
                if await self._give(mail, holder, bus):
                    done.append(mail.id)
                self._tries.pop(mail.id, None)
            except JournalError as error:
                log.warning("mail_not_taken", call_id=mail.call_id, reason=str(error))
                if not self._is_hopeless(mail, error):
                    self._hold_up(mail.call_id, error)
                    break
                done.append(mail.id)
        return done

    def _hold_up(self, call_id: CallId, error: JournalError) -> None:
        """Have nothing that came later overtake what was not taken.

        What another version is needed for holds only other mail up: that may take for ever.
        """
        self._stuck.add(call_id)
        if not isinstance(error, JournalTooNewError):
            self._owe([call_id])

    async def _give(self, mail: Mail, holder: CallHolder, bus: Bus) -> bool:
        """Give something to its call; return whether it may be dropped: an answer may not."""
        content = decode(self._seal.open(mail.body))
        if isinstance(content, Webhook):
            await holder.told(mail.call_id, content)
            self._counters.mail["taken", "webhook"] += 1
            return True
        reply = await holder.asked(mail.call_id, content.item)
        await self._roster.reply(mail.id, self._seal.close(encode_reply(reply)))
        self._counters.mail["taken", "question"] += 1
        if mail.asked_by is not None:
            bus.nudge(mail.asked_by)
        return False

    def _is_hopeless(self, mail: Mail, error: JournalError) -> bool:
        if not isinstance(error, InputRefusedError):
            return False  # a full disk may last, and this was acknowledged
        self._tries[mail.id] += 1
        if self._tries[mail.id] < MAX_TRIES:
            return False
        del self._tries[mail.id]
        log.error("input_set_aside", call_id=mail.call_id, kind="mail")
        return True
