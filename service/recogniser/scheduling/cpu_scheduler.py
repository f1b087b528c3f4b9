"""Who may use a processor core next: finals, then partials, then files; first come first served."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from service.recogniser.scheduling.load import Load, Work

T = TypeVar("T")


class Turn:
    """One claim on a core, made by `Turns.turn`. Wait for `granted`, then `run` once."""

    def __init__(self, turns: "Turns", work: Work) -> None:
        loop = asyncio.get_running_loop()
        self.work: Work = work
        self.asked_at = loop.time()
        self.granted: asyncio.Future[None] = loop.create_future()
        self._turns = turns
        self._running = False

    def hurry(self) -> None:
        """Make it urgent from now on; nothing happens if it is, or has been granted."""
        self._turns.promote(self)

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` on a thread. If cancelled, the core stays taken until `work` is done."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        future = self._turns.pool.submit(work)
        self._running = True
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._turns.give_back, self))
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._turns.load.worked(self.work, loop.time() - began)

    @property
    def spare(self) -> bool:
        """Whether nobody listens to it as it happens."""
        return self.work == "file"

    def end(self) -> None:
        """Leave the queue, or give the core back unless a thread is still at work on it."""
        if not self.granted.done() or self.granted.cancelled():
            self._turns.forget(self)
        elif not self._running:
            self._turns.give_back(self)


class Turns:
    """Hands out `cores` threads, one turn at a time.

    The queue is as long as there are sessions and files: each waits for one turn at a time.
    Spare turns are for what nobody listens to as it happens. They come last, and leave one core
    of several to the others, who then wait for no more than each other.
    """

    def __init__(self, pool: ThreadPoolExecutor, cores: int, load: Load) -> None:
        self.pool = pool
        self.load = load
        self._free = cores
        # Dicts for their order: the first key is the next turn, and any can be taken out.
        self._urgent: dict[Turn, None] = {}
        self._patient: dict[Turn, None] = {}
        self._spare: dict[Turn, None] = {}
        self._spare_left = max(1, cores - 1)

    @property
    def waiting(self) -> int:
        """How many turns wait for a core."""
        return len(self._urgent) + len(self._patient) + len(self._spare)

    @property
    def idle(self) -> bool:
        """Whether a turn would be granted at once."""
        return self._free > 0

    @asynccontextmanager
    async def turn(self, *, urgent: bool) -> AsyncIterator[Turn]:
        """Ask for a turn; leaving the context gives it up."""
        asked = Turn(self, "final" if urgent else "partial")
        async with self._asked_for(asked, self._urgent if urgent else self._patient) as turn:
            yield turn

    @asynccontextmanager
    async def spare_turn(self) -> AsyncIterator[Turn]:
        """Ask for a turn that no session needs; leaving the context gives it up."""
        async with self._asked_for(Turn(self, "file"), self._spare) as turn:
            yield turn

    @asynccontextmanager
    async def _asked_for(self, turn: Turn, queue: dict[Turn, None]) -> AsyncIterator[Turn]:
        queue[turn] = None
        self._grant()
        try:
            yield turn
        finally:
            turn.end()

    def promote(self, turn: Turn) -> None:
        """Put a waiting turn at the end of the urgent ones."""
        if turn in self._patient:
            del self._patient[turn]
            self._urgent[turn] = None

    def forget(self, turn: Turn) -> None:
        """Take a waiting turn out of the queue."""
        self._urgent.pop(turn, None)
        self._patient.pop(turn, None)
        self._spare.pop(turn, None)

    def give_back(self, turn: Turn) -> None:
        """The core of this turn is free again."""
        self._free += 1
        self._spare_left += turn.spare
        self._grant()

    def _grant(self) -> None:
        while self._free and (queue := self._next_queue()):
            turn = next(iter(queue))
            del queue[turn]
            if not turn.granted.done():
                self._free -= 1
                self._spare_left -= turn.spare
                turn.granted.set_result(None)
                self.load.waited(turn.work, asyncio.get_running_loop().time() - turn.asked_at)

    def _next_queue(self) -> dict[Turn, None]:
        return self._urgent or self._patient or (self._spare if self._spare_left else {})


@asynccontextmanager
async def open_turns(cores: int, load: Load | None = None) -> AsyncIterator[Turns]:
    """Open a pool of `cores` threads; on exit wait for the work that is running."""
    pool = ThreadPoolExecutor(cores, thread_name_prefix="recogniser-decode")
    try:
        yield Turns(pool, cores, load or Load())
    finally:
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)
