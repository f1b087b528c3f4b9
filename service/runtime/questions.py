"""Asks Telnyx what calls want to know: whether a leg lives, and what could not be delivered."""

import asyncio
from collections.abc import Callable

import structlog

from service.calls.carrier_answers import LegStatus
from service.calls.commands import AskStatus, CarrierQuestion, FetchMissed, FindTapes
from service.errors import CarrierError
from service.ids import CallId
from service.ports import Carrier, LegLife
from service.runtime.media_stream import CallInbox
from service.tasks import Tasks

GATHER_S = 0.5
"""How long calls that miss webhooks are gathered, so that Telnyx is asked once for all of them."""

log = structlog.get_logger()


class QuestionRunner:
    """Asks the questions of all calls. A question that gets no answer is the call's to repeat."""

    def __init__(self, carrier: Carrier, tasks: Tasks, clock: Callable[[], float]) -> None:
        self._carrier = carrier
        self._tasks = tasks
        self._clock = clock
        self._missing: dict[CallId, tuple[CallInbox, float]] = {}
        self._fetching = False

    def start(self, call: CallInbox, question: CarrierQuestion) -> None:
        """Begin asking and return at once; `call` gets the answer."""
        if isinstance(question, AskStatus):
            self._tasks.start(self._ask(call, question), "ask_status", of=call.call_id)
            return
        if isinstance(question, FindTapes):
            self._tasks.start(self._find(call, question), "find_tapes", of=call.call_id)
            return
        self._miss(call, question)

    async def _ask(self, call: CallInbox, question: AskStatus) -> None:
        life: LegLife | None = None
        try:
            life = await self._carrier.life(question.leg_id)
        except CarrierError as error:
            log.warning("status_unknown", call_id=call.call_id, reason=type(error).__name__)
        status = LegStatus(
            leg_id=question.leg_id,
            at=self._clock(),
            alive=life.alive if life else None,
            ended_at=life.ended_at if life else None,
        )
        call.post(status)

    async def _find(self, call: CallInbox, question: FindTapes) -> None:
        try:
            tapes = await self._carrier.tapes(question.leg_id, self._clock())
        except CarrierError as error:
            log.warning("tapes_not_listed", call_id=call.call_id, reason=type(error).__name__)
            return
        for tape in tapes:
            call.post(tape)

    def _miss(self, call: CallInbox, question: FetchMissed) -> None:
        self._missing[call.call_id] = (call, question.since)
        if not self._fetching:
            self._fetching = True
            self._tasks.start(self._fetch(), "fetch_missed")

    async def _fetch(self) -> None:
        await asyncio.sleep(GATHER_S)
        calls, self._missing, self._fetching = self._missing, {}, False
        since = min(since for _, since in calls.values())
        try:
            webhooks = await self._carrier.missed(calls.keys(), since)
        except CarrierError as error:
            log.warning("missed_webhooks_not_fetched", reason=type(error).__name__)
            return
        for webhook in webhooks:
            if webhook.call_id in calls:
                calls[webhook.call_id][0].post(webhook)
        log.info("missed_webhooks_fetched", calls=len(calls), webhooks=len(webhooks))
