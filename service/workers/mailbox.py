"""The mailbox: what came to one worker and is for a call of another, kept in the database."""

import asyncio
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

import structlog

from service.calls.commands import Reply
from service.calls.inputs import AskedInput, WebhookInput
from service.calls.ordering import REORDER_S
from service.calls.webhook import Webhook
from service.errors import InputRefusedError, JournalError, JournalUnavailableError
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
CATCH_UP_S: Final = 2.0
LATELY_S: Final = 30.0
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
        self._by_mail: OrderedDict[CallId, float] = OrderedDict()
        """Calls that were taken or had mail, and when that was last, in the loop's time."""
        self._looked_from = 0.0
        """When the last time began that the mailbox was looked through, in the loop's time."""
        self._looked = asyncio.Event()
        """Set, and made anew, at the end of each time."""
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
            self._note(call_ids)
            self.news.set()

    def forget(self) -> None:
        """Look for nothing any more: what was ours is not."""
        self._by_mail.clear()
        self._tries.clear()

    async def caught_up(self, call_id: CallId) -> None:
        """Return once the mail was told that waits for a call, if it had any lately, or soon.

        What comes in here directly is not to overtake what came in elsewhere before. Of a call that
        had none, what was here when its waiting room took in what it lets out now will do.
        """
        now = asyncio.get_running_loop().time()
        since = now if call_id in self._by_mail else now - REORDER_S
        if self._looked_from >= since:
            return
        self.news.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_S):
                while self._looked_from < since:
                    await self._looked.wait()

    @property
    def is_late(self) -> bool:
        """Whether what came in elsewhere may be on its way here for longer than calls wait."""
        return self._looked_from < asyncio.get_running_loop().time() - REORDER_S

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
        begun, keeps_house = asyncio.get_running_loop().time(), self._member.keeps_house
        is_more = await self._roster.has_mail(worker, keeps_house=keeps_house)
        while is_more:
            page = await self._look(worker, holder)
            done = await self._apply(page, holder, bus)
            await self._roster.drop_mail(done)
            is_more = len(page) == PAGE and len(done) > 0
        self._looked_from = begun
        self._looked.set()
        self._looked = asyncio.Event()
        self._forget_early()

    def _note(self, call_ids: Iterable[CallId]) -> None:
        now = asyncio.get_running_loop().time()
        for call_id in call_ids:
            self._by_mail[call_id] = now
            self._by_mail.move_to_end(call_id)

    def _forget_early(self) -> None:
        early = asyncio.get_running_loop().time() - LATELY_S
        while self._by_mail and next(iter(self._by_mail.values())) < early:
            self._by_mail.popitem(last=False)

    async def _look(self, worker: WorkerId, holder: CallHolder) -> list[Mail]:
        """Return mail that waits, once losses and replies are known; in one transaction."""
        keeps_house = self._member.keeps_house
        losses, replies, page = await asyncio.gather(
            self._roster.losses(worker),
            self._roster.replies(worker),
            self._roster.mail(worker, keeps_house=keeps_house, limit=PAGE),
        )
        for call_id in losses:
            holder.let_go(call_id)
        for number, reply in replies:
            self._answer(number, reply)
        self._note({mail.call_id for mail in page})
        return page

    def _answer(self, number: int, reply: bytes) -> None:
        waiting = self._asking.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(decode_reply(self._seal.open(reply)))

    async def _apply(self, page: Sequence[Mail], holder: CallHolder, bus: Bus) -> list[int]:
        """Have each call take its mail in order; return what of it is not to be kept."""
        by_call: defaultdict[CallId, list[Mail]] = defaultdict(list)
        for mail in page:
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
                    break  # what came later is not to overtake it
                done.append(mail.id)
        return done

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
