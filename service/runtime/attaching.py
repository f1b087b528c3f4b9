"""Attaches to legs that somebody else controls: Telnyx is asked about them, then their call is."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from service.calls.inputs import LegAttached
from service.calls.routes import Route
from service.errors import CarrierError, ControlRefusedError
from service.ids import CallId, InputId, LegId
from service.ports import Attachment, Carrier, ExpectedStream, LegLife
from service.runtime.registry import CallRegistry

CONFIRM_S: Final = 5.0
"""How long Telnyx may take to say whether a leg lives; then its call begins without that."""

log = structlog.get_logger()


class LegAttacher:
    """The `Attacher` of this process. The calls may be other workers'."""

    def __init__(self, calls: CallRegistry, carrier: Carrier, clock: Callable[[], float]) -> None:
        self._calls = calls
        self._carrier = carrier
        self._clock = clock

    async def attach(self, leg_id: LegId, route: Route) -> Attachment | None:
        """See `Attacher.attach`. It is kept, and done once, as a webhook is."""
        life = await self._life(leg_id)
        if life is not None and not life.known:
            return None
        if life is not None and not life.alive:
            raise ControlRefusedError("call_over")
        item = LegAttached(
            input_id=InputId(f"attach {leg_id}"),
            call_id=life.call_id if life else None,
            leg_id=leg_id,
            client_state=life.client_state if life else {},
            occurred_at=self._clock(),
            route=route,
            began_at=life.began_at if life else None,
        )
        call_id = await self._tell(item)
        log.info("leg_attached", call_id=call_id, confirmed=life is not None)
        return Attachment(call_id, is_confirmed=life is not None)

    async def expect(self, leg_id: LegId, route: Route) -> ExpectedStream:
        """See `Attacher.expect`. Asked again, it is the same call, and another address."""
        item = LegAttached(
            input_id=InputId(f"attach {leg_id}"),
            call_id=None,
            leg_id=leg_id,
            occurred_at=self._clock(),
            route=route,
            brings_stream=True,
        )
        call_id = await self._tell(item)
        target = await self._calls.tokens.issue(call_id, leg_id)
        log.info("stream_expected", call_id=call_id)
        return ExpectedStream(call_id, target)

    async def _tell(self, item: LegAttached) -> CallId:
        call_id = await self._calls.call_of(item)
        await self._calls.tell(item)
        return call_id

    async def _life(self, leg_id: LegId) -> LegLife | None:
        try:
            async with asyncio.timeout(CONFIRM_S):
                return await self._carrier.life(leg_id)
        except (CarrierError, TimeoutError) as error:
            log.warning("leg_not_confirmed", reason=type(error).__name__)
            return None
