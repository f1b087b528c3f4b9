"""The carrier: Telnyx's own SDK behind our port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from service.calls.commands import Answer, CarrierCommand, Dial
from service.calls.connecting import call_of
from service.calls.inputs import WebhookInput
from service.calls.tape_webhooks import TapeSaved
from service.carrier.actions import build_action
from service.carrier.answers import (
    MAX_PAGES,
    PAGE_SIZE,
    missed_query,
    read_date,
    read_deliveries,
    read_life,
    read_made,
    read_missed,
    read_tapes,
)
from service.carrier.refusals import (
    LEG_UNHEARD_OF,
    LEG_UNKNOWN,
    NO_SUCH_RESOURCE,
    read_refusal,
)
from service.carrier.sdk import load_client
from service.errors import CarrierUnavailableError, CommandRefusedError
from service.ids import CallId, LegId
from service.ports import Carrier, LegLife, StreamTarget
from service.tasks import DaemonThreads, open_tasks

if TYPE_CHECKING:
    from telnyx import AsyncTelnyx
    from telnyx._response import AsyncAPIResponse


@asynccontextmanager
async def open_carrier(
    api_key: str,
    base_url: str,
    *,
    attempt_timeout_s: float = 4.0,
    deadline_s: float = 15.0,
    load_timeout_s: float = 30.0,
    max_retries: int = 3,
    max_in_flight: int = 64,
    heard: Callable[[float], None] = lambda _: None,
    asked: Callable[[LegId, float], None] = lambda _leg_id, _ago_s: None,
) -> AsyncIterator[Carrier]:
    """Open a client that sends commands to the API at `base_url` (which ends in `/v2`).

    One attempt may take `attempt_timeout_s`; a command with all its retries `deadline_s`, which
    has to stay below the 60 s in which Telnyx knows a repeated command (TELNYX.md §3.2). Retried
    are 408, 409, 429, 5xx, time-outs and lost connections, after 0.5 s or `Retry-After`. At most
    `max_in_flight` are under way, the others wait within their deadlines: the SDK's pool looks
    through all connections for each of its steps, so that hundreds at once (a restart under
    load) would keep the loop from the webhooks for many seconds.

    The SDK takes long to import, so that is done in a thread (`sdk`) while the service already
    takes webhooks; `check` refuses until then, so that no new calls are sent here, and commands of
    calls there are wait for it, `load_timeout_s` at most. Where it cannot be loaded, that is tried
    again for as long as the carrier is open. `heard` is told what time it was at Telnyx, in Unix
    seconds, whenever it says so; `asked` which leg it answers, asked to so many seconds ago.
    """
    load = partial(load_client, api_key, base_url, attempt_timeout_s, max_retries)
    carrier = _TelnyxCarrier(
        load, load_timeout_s, deadline_s, max_in_flight, heard=heard, asked=asked
    )
    async with open_tasks() as tasks:
        tasks.keep(carrier.load, "carrier_sdk")
        try:
            yield carrier
        finally:
            await carrier.close()


class _TelnyxCarrier:
    def __init__(
        self,
        load: "Callable[[], AsyncTelnyx]",
        load_timeout_s: float,
        deadline_s: float,
        max_in_flight: int,
        *,
        heard: Callable[[float], None],
        asked: Callable[[LegId, float], None],
    ) -> None:
        self._load = load
        self._load_timeout_s = load_timeout_s
        self._deadline_s = deadline_s
        self._heard, self._asked = heard, asked
        self._slots = asyncio.Semaphore(max_in_flight)
        self._loaded: asyncio.Future[AsyncTelnyx] = asyncio.get_running_loop().create_future()

    async def load(self) -> None:
        """Load the SDK: a keeper's work, tried again if it fails."""
        self._loaded.set_result(
            await asyncio.get_running_loop().run_in_executor(
                DaemonThreads("carrier-sdk", most=1), self._load
            )
        )

    async def check(self) -> None:
        """See `Carrier.check`."""
        if not self._loaded.done():
            raise CarrierUnavailableError("Telnyx's SDK is not loaded yet")

    async def ready(self) -> None:
        """See `Carrier.ready`."""
        await asyncio.shield(self._loaded)

    async def close(self) -> None:
        """Close the client. A thread that still loads is left behind: nothing can stop it."""
        if self._loaded.done():
            await self._loaded.result().close()

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> LegId | None:
        """Send the command as `Carrier.run` promises."""
        client = await self._client()
        action = build_action(command, command_id, target)
        if isinstance(command, Dial):
            dial = client.calls.with_raw_response.dial
            return read_made(await self._reply(partial(dial, **action.arguments)))
        send = getattr(client.calls.actions.with_raw_response, action.method)
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        await self._reply(partial(send, command.leg_id, **action.arguments))
        if isinstance(command, Answer):
            self._asked(command.leg_id, loop.time() - asked_at)
        return None

    async def life(self, leg_id: LegId) -> LegLife:
        """Ask as `Carrier.life` promises (TELNYX.md §3.5)."""
        client = await self._client()
        try:
            reply = await self._reply(
                partial(client.calls.with_raw_response.retrieve_status, leg_id)
            )
        except CommandRefusedError as error:
            if error.code in LEG_UNKNOWN:
                return LegLife(alive=False, known=error.code not in LEG_UNHEARD_OF)
            raise
        return read_life(reply)

    async def missed(self, call_ids: Collection[CallId], since: float) -> Sequence[WebhookInput]:
        """Ask as `Carrier.missed` promises (TELNYX.md §1.2)."""
        client = await self._client()
        found: list[WebhookInput] = []
        for page in range(1, MAX_PAGES + 1):
            query = missed_query(call_ids, since, page)
            reply = await self._reply(
                partial(client.webhook_deliveries.with_raw_response.list, **query)
            )
            deliveries = read_deliveries(reply)
            found += (one for one in read_missed(deliveries) if call_of(one) in call_ids)
            if len(deliveries) < PAGE_SIZE:
                break
        return found

    async def tapes(self, leg_id: LegId, now: float) -> Sequence[TapeSaved]:
        """Ask as `Carrier.tapes` promises (TELNYX.md §7)."""
        client = await self._client()
        listed = client.recordings.with_raw_response.list
        of_leg: Any = {"call_control_id": leg_id}
        query = partial(listed, filter=of_leg, page_number=1, page_size=PAGE_SIZE)
        return read_tapes(await self._reply(query), leg_id, now)

    async def delete_tape(self, tape_id: str) -> None:
        """Ask as `Carrier.delete_tape` promises (TELNYX.md §7)."""
        client = await self._client()
        try:
            await self._reply(partial(client.recordings.with_raw_response.delete, tape_id))
        except CommandRefusedError as error:
            if error.code != NO_SUCH_RESOURCE:
                raise

    async def _reply(self, send: Callable[[], Awaitable["AsyncAPIResponse[Any]"]]) -> bytes:
        """Return the body of the answer.

        Raises:
            CallOverError: The call has ended.
            CommandRefusedError: Telnyx does not do it.
            CarrierUnavailableError: No answer within the bounded retries.
        """
        from telnyx import APIConnectionError, APIStatusError  # noqa: PLC0415 - loaded by now

        try:
            async with asyncio.timeout(self._deadline_s), self._slots:
                reply = await send()
                body = await reply.read()
        except APIStatusError as error:
            raise read_refusal(error.status_code, error.body) from None
        except (APIConnectionError, TimeoutError) as error:
            reason = type(error.__cause__ or error).__name__
            raise CarrierUnavailableError(f"Telnyx could not be reached: {reason}") from None
        except ValueError:  # an id of dots would lead to another address, which the SDK refuses
            raise CommandRefusedError("", "a leg with this id cannot be commanded") from None
        if (sent_at := read_date(reply.headers)) is not None:
            self._heard(sent_at)
        return body

    async def _client(self) -> "AsyncTelnyx":
        try:
            async with asyncio.timeout(self._load_timeout_s):
                return await asyncio.shield(self._loaded)
        except TimeoutError:
            raise CarrierUnavailableError("Telnyx's SDK could not be loaded") from None
