"""The roster on PostgreSQL: heartbeats on a connection of their own, the rest in group commits."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import asyncpg

from service.ids import CallId, InputId, WorkerId
from service.journal.postgresql.claims import Claims, Letter, Letters, Take, claim, take
from service.journal.postgresql.connection import (
    DRIVER_ERRORS,
    OF_WORKER,
    Connection,
    KeptConnection,
    Query,
    Reader,
    Row,
    connect,
    unreachable,
)
from service.journal.postgresql.migrations import expect_whole, lock_service, migrate
from service.journal.postgresql.opening import explained
from service.journal.postgresql.text import from_database, to_database
from service.journal.postgresql.writer import Work, Writer
from service.journal.statements import load_statements
from service.journal.task_worker import open_task_worker
from service.journal.worker import Worker
from service.ports import Beat, Claim, Lease, Mail, Neighbour, Roster, Taken

BEAT_TIMEOUT_S: Final = 2.0
ASK_TIMEOUT_S: Final = 5.0
"""How long whoever asked another worker for something waits for the reply."""
_STALE_ASK_S: Final = 60.0
_MAX_WAITING: Final = 10_000
_SQL: Final = load_statements("postgresql", "workers")


@dataclass(frozen=True, slots=True)
class _Queues:
    """Where what is asked waits until it is done together with what came meanwhile."""

    beats: Worker[Query]
    fenced: Worker[Work]
    claims: Worker[Take]
    takes: Worker[Take]
    letters: Worker[Letter]


class PostgresqlRoster:
    """A `Roster`; its methods are documented there."""

    def __init__(self, url: str, queues: _Queues) -> None:
        self._url = url
        self._beats = queues.beats
        self._fenced = queues.fenced
        self._claims = queues.claims
        self._takes = queues.takes
        self._letters = queues.letters

    async def register(self, worker: WorkerId, url: str, settings: str) -> None:
        """See `Roster.register`."""
        await self._do_unfenced("register", worker, url, settings)

    async def beat(self, worker: WorkerId, settings: str) -> Beat:
        """See `Roster.beat`."""
        beating = partial(_at_once, "beat", (worker, settings))
        for keeps_house, unlike in cast(list[Row], await self._beats.do(beating)):
            neighbours = (Neighbour(WorkerId(other), theirs) for other, theirs in unlike)
            return Beat(is_known=True, keeps_house=bool(keeps_house), unlike=tuple(neighbours))
        return Beat(is_known=False)

    async def begin_drain(self, worker: WorkerId) -> None:
        """See `Roster.begin_drain`."""
        await self._change("begin_drain", worker)

    async def withdraw(self, worker: WorkerId) -> None:
        """See `Roster.withdraw`."""
        await self._do_unfenced("withdraw", worker)

    async def bury(self, silent_s: float) -> list[WorkerId]:
        """See `Roster.bury`. What the dead have under way at the server is broken off first."""
        return cast(list[WorkerId], await self._fenced.do(partial(_bury, silent_s)))

    async def others(self, worker: WorkerId, silent_s: float) -> int:
        """See `Roster.others`."""
        ((others,),) = await self._change("others", worker, silent_s)
        return cast(int, others)

    async def claim(self, call_id: CallId, worker: WorkerId) -> Claim:
        """See `Roster.claim`."""
        return cast(Claim, await self._claims.do((to_database(call_id), worker)))

    async def take(self, call_id: CallId, worker: WorkerId) -> Claim:
        """See `Roster.take`."""
        return cast(Claim, await self._takes.do((to_database(call_id), worker)))

    async def losses(self, worker: WorkerId) -> list[CallId]:
        """See `Roster.losses`."""
        rows = await self._change("losses", worker)
        return [CallId(from_database(call_id)) for (call_id,) in rows]

    async def take_orphans(self, worker: WorkerId, limit: int) -> Taken:
        """See `Roster.take_orphans`."""
        return cast(Taken, await self._fenced.do(partial(_take_orphans, worker, limit)))

    async def owned(self, worker: WorkerId) -> list[CallId]:
        """See `Roster.owned`."""
        rows = await self._change("owned", worker)
        return [CallId(from_database(call_id)) for (call_id,) in rows]

    async def hand_over(self, worker: WorkerId) -> int:
        """See `Roster.hand_over`."""
        ((calls,),) = await self._change("hand_over", worker)
        return cast(int, calls)

    async def send(self, call_id: CallId, input_id: InputId, body: bytes) -> None:
        """See `Roster.send`."""
        await self._letters.do((to_database(call_id), to_database(input_id), body))

    async def ask(self, call_id: CallId, body: bytes, asked_by: WorkerId) -> int:
        """See `Roster.ask`."""
        ((number,),) = await self._change("ask", call_id, body, asked_by)
        return cast(int, number)

    async def has_mail(self, worker: WorkerId, *, keeps_house: bool) -> bool:
        """See `Roster.has_mail`."""
        look = partial(_at_once, "has_mail", (worker, keeps_house, ASK_TIMEOUT_S))
        ((found,),) = cast(list[Row], await self._beats.do(look))
        return bool(found)

    async def mail(
        self, worker: WorkerId, *, keeps_house: bool, limit: int, after: int = 0
    ) -> list[Mail]:
        """See `Roster.mail`."""
        rows = await self._change("mail", worker, keeps_house, ASK_TIMEOUT_S, limit, after)
        return [Mail(one, CallId(from_database(call)), *rest) for one, call, *rest in rows]

    async def drop_mail(self, ids: Sequence[int]) -> None:
        """See `Roster.drop_mail`."""
        if ids:
            await self._change("drop_mail", list(ids))

    async def reply(self, mail_id: int, reply: bytes) -> None:
        """See `Roster.reply`."""
        await self._change("reply", mail_id, reply)

    async def replies(self, worker: WorkerId) -> list[tuple[int, bytes]]:
        """See `Roster.replies`."""
        return [(number, reply) for number, reply in await self._change("replies", worker)]

    async def _do_unfenced(self, name: str, *values: object) -> None:
        try:
            db = await connect(self._url, name="register")
            try:
                await _rows(name, values, db)
            finally:
                await db.close()
        except DRIVER_ERRORS as error:
            raise unreachable(error) from error

    async def _change(self, name: str, *values: object) -> list[Row]:
        given = tuple(to_database(one) if isinstance(one, str) else one for one in values)
        return cast(list[Row], await self._fenced.do(partial(_rows, name, given)))


async def _rows(name: str, values: Sequence[object], db: Connection) -> list[Any]:
    return await db.fetch(_SQL[name].text, *values)


async def _at_once(name: str, values: Sequence[object], db: Connection) -> list[Any]:
    return await db.fetch(_SQL[name].text, *values, timeout=BEAT_TIMEOUT_S)


async def _bury(silent_s: float, db: Connection) -> list[WorkerId]:
    await _rows("drop_stale_asks", (_STALE_ASK_S,), db)
    silent = [worker for (worker,) in await _rows("silent", (silent_s,), db)]
    if not silent:
        return []
    try:
        async with db.transaction():
            await _rows("cut_off", (silent,), db)
    except asyncpg.InsufficientPrivilegeError:
        pass  # of another role: what it has under way ends by the server's own time limit
    buried = await _rows("bury", (silent, silent_s), db)
    await _rows("forget_losses", (), db)
    return [worker for (worker,) in buried]


async def _take_orphans(worker: WorkerId, limit: int, db: Connection) -> Taken:
    gone = [owner for (owner,) in await _rows("gone_owners", (), db)]
    rows = await _rows("take_open", (worker, gone, limit), db)
    await _rows("take_waited_for", (worker, limit), db)
    taken = [(CallId(from_database(call_id)), live, died) for call_id, live, died in rows]
    return Taken(
        tuple(call_id for call_id, _, _ in taken),
        tuple(call_id for call_id, live, _ in taken if live),
        any(died for _, _, died in taken),
    )


@asynccontextmanager
async def open_postgresql_roster(
    url: str, lease: Lease, *, clock: Callable[[], float]
) -> AsyncIterator[Roster]:
    """Open the roster in this database, whose tables are made or updated first.

    What is written for a worker is written under its `lease`.

    Raises:
        JournalUnavailableError: The server cannot be reached or used.
        JournalTooNewError: A newer version wrote it.
    """
    beating = KeptConnection(url, name="heartbeat", connect_timeout_s=BEAT_TIMEOUT_S)
    writing = KeptConnection(url, name="roster", settings=OF_WORKER)
    async with explained(beating):
        db = await beating.get()
        await lock_service(db)
        await migrate(db)
        await expect_whole(db)
    async with (
        open_task_worker(Reader(beating), limit=_MAX_WAITING) as beats,
        open_task_worker(Writer(writing, clock, lease), limit=_MAX_WAITING) as fenced,
        open_task_worker(Claims(fenced, claim), limit=_MAX_WAITING) as claims,
        open_task_worker(Claims(fenced, take), limit=_MAX_WAITING) as takes,
        open_task_worker(Letters(fenced), limit=_MAX_WAITING) as letters,
    ):
        yield PostgresqlRoster(url, _Queues(beats, fenced, claims, takes, letters))
