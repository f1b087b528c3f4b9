"""The backlog: what the journal has left to deliver, and what others changed of it.

It is listed at a start and every few seconds. Calls go on to name an endpoint that was moved; their
events are another one's, and are looked for as soon as there are some.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from service.delivery.acks import AckBatcher
from service.delivery.dispatcher import Dispatcher
from service.delivery.handler import Dependencies
from service.delivery.memories import LaneMemory
from service.delivery.schedule import EndpointLanes
from service.delivery.trouble import note_held_up
from service.errors import JournalUnavailableError
from service.ids import CallId, EndpointName
from service.ports import EVERYTHING, LaneRow

_log = structlog.get_logger()


class Backlog:
    """Takes lanes up where the journal says that they are, and follows who switched endpoints."""

    def __init__(
        self,
        dispatchers: Mapping[EndpointName, Dispatcher],
        acks: AckBatcher,
        dependencies: Dependencies,
    ) -> None:
        self.unknown: dict[EndpointName, int] = {}
        """How many lanes there are for each endpoint that is configured no more."""
        self.held_up: dict[EndpointName, LaneRow] = {}
        """The lane of each endpoint that was tried most often in vain, or else the oldest."""
        self.caught_up = asyncio.Event()
        """Set while no call is to be looked at."""
        self.caught_up.set()
        self._dispatchers = dispatchers
        self._acks = acks
        self._dependencies = dependencies
        self._journal = dependencies.journal
        self._listing = asyncio.Lock()
        self._aliases: Mapping[EndpointName, EndpointName] = {}
        self._wanted: dict[CallId, None] = {}
        self._is_wanted = asyncio.Event()

    async def list(self) -> None:
        """Take up the lanes that the journal has for these endpoints and that are not here yet.

        One listing at a time: what it finds of a switch must not be older than what another one
        found.

        Raises:
            JournalUnavailableError: Nothing was taken up.
        """
        async with self._listing:
            unknown = await self._list()
            if await self._pass_on(unknown):
                unknown = await self._list()  # it is found where it belongs now
            self._note_unknown(unknown)

    async def take_up(self, call_ids: Sequence[CallId]) -> None:
        """Take up the lanes of these calls, also those with nothing left to deliver.

        Raises:
            JournalUnavailableError: Not all were taken up.
        """
        for call_id in call_ids:
            async with self._acks.paused():
                rows = await self._journal.lanes_of(call_id)
                self._dependencies.begun.add(call_id)  # with what is remembered now
                for row in rows:
                    self._take_up(row)

    def look_for(self, name: EndpointName, call_id: CallId) -> None:
        """Look at a call that names an endpoint nobody has here, if it was moved to one here.

        The journal gave the event to whoever took over, and knows where that lane is.
        """
        if self._aliases.get(name) in self._dispatchers:
            self._wanted[call_id] = None
            self._is_wanted.set()
            self.caught_up.clear()

    def let_go(self, call_id: CallId | None = None) -> None:
        """Look no more at a call that is another worker's, or at any."""
        if call_id is None:
            self._wanted.clear()
        else:
            self._wanted.pop(call_id, None)

    async def follow_moved(self) -> None:
        """Take up what calls have for endpoints that were moved, forever."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            wanted, self._wanted = list(self._wanted), {}
            try:
                with suppress(JournalUnavailableError):  # the next listing finds them
                    await self.take_up(wanted)
            finally:
                if not self._wanted:
                    self.caught_up.set()
            for dispatcher in self._dispatchers.values():
                dispatcher.pump()

    async def _list(self) -> dict[EndpointName, int]:
        """List the backlog, and return how many lanes each endpoint has that is not here."""
        await self._follow_switches()
        unknown: Counter[EndpointName] = Counter()
        held_up: dict[EndpointName, LaneRow] = {}
        end: tuple[int, str] | None = None
        while True:
            async with self._acks.paused():  # what is written meanwhile would be read as left over
                page = await self._journal.backlog_page(end)
                for row in page.lanes:
                    note_held_up(held_up, row)
                    unknown[row.endpoint] += not self._adopt(row)
            end = page.end
            if end is None:
                break
        for dispatcher in self._dispatchers.values():
            dispatcher.lanes.end_listing()
        self.held_up = held_up
        return +unknown

    async def _follow_switches(self) -> None:
        async with self._acks.paused():
            before = {name: one.lanes.notings for name, one in self._dispatchers.items()}
            disabled = await self._journal.disabled()
            for name, dispatcher in self._dispatchers.items():
                _follow(dispatcher.lanes, disabled.get(name), before[name])
        self._aliases = await self._journal.aliases()

    async def _pass_on(self, unknown: Mapping[EndpointName, int]) -> bool:
        """Move lanes whose endpoint was moved before; return whether there were any.

        Older versions beside this one make such lanes.
        """
        late = unknown.keys() & self._aliases.keys()
        for name in sorted(late):
            new = self._aliases[name]
            taker = self._dispatchers.get(new)
            wanted = taker.lanes.endpoint.filter if taker else EVERYTHING
            await self._journal.move_lanes(name, new, wanted)
        return bool(late)

    def _note_unknown(self, unknown: dict[EndpointName, int]) -> None:
        for name in unknown.keys() - self.unknown.keys():
            _log.warning(
                "lanes_without_endpoint",
                endpoint=name,
                lanes=unknown[name],
                remedy=f"callscribe endpoints move {name} NEW, or park {name}",
            )
        self.unknown = unknown

    def _take_up(self, row: LaneRow) -> None:
        """Go on with a lane that another worker had, or know of it for when something comes."""
        if row.acked_seq < row.head_seq:
            self._adopt(row)
        elif dispatcher := self._dispatchers.get(row.endpoint):
            memory = LaneMemory(row.generation, asks=bool(row.parked))
            dispatcher.lanes.remember(row.call_id, memory)

    def _adopt(self, row: LaneRow) -> bool:
        """Take up a lane; False if nobody has its endpoint now."""
        dispatcher = self._dispatchers.get(row.endpoint)
        if dispatcher is None:
            return False
        now = self._dependencies.ticks()
        hold_s = min(
            row.due_at - self._dependencies.clock(),
            self._dependencies.policy.longest_delay_s(row.attempts),  # the clock may have been set
        )
        dispatcher.lanes.adopt(row, now, now + hold_s)
        return True


def _follow(lanes: EndpointLanes, disabled_reason: str | None, notings: int) -> None:
    """Begin to list the backlog of an endpoint, which another process may have switched.

    What the journal says is older than what is being noted there, or was since it was asked, when
    `notings` was the count.
    """
    before = lanes.disabled
    is_old = notings % 2 == 1 or notings != lanes.notings
    lanes.begin_listing(disabled=disabled_reason is not None or (before and is_old))
    if lanes.disabled and not before:
        _log.error("endpoint_disabled", endpoint=lanes.endpoint.name, reason=disabled_reason)
    elif before and not lanes.disabled:
        _log.info("endpoint_enabled", endpoint=lanes.endpoint.name)
