"""Bound keys and tokens: whether the call that a request is about is one of theirs.

The one place that decides it for a single call; lists, searches and feeds have their queries
filtered by the same binding, so that no page comes short.
"""

import asyncio
from typing import Final, Literal

from service.api.problems import not_found
from service.ids import CallId
from service.ports import Binding, Library
from service.wire.metadata import facts_of

Reach = Literal["call", "filtered", "installation", "nothing"]
"""What an operation may show or touch, and so what becomes of a bound caller.

`call`: the call that its path names; the router has it checked. `filtered`: calls that its handler
looks for by the caller's binding. `installation`: the installation as a whole; refused. `nothing`:
nothing of any call.
"""
BOUND: Final = "This is about the whole installation, and the key is bound to some of its calls."
REFUSED_AFTER_S: Final = 0.02
"""When a bound caller is told that there is no such call, since it was looked for.

Another's call takes some microseconds longer to judge than one that there is not, and who asks a
thousand times could tell. Either takes less than this, so that the answer comes at the same time.
"""


class BoundCalls:
    """Tells by the library which calls a binding covers: the latest that is known of each."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def covers(self, binding: Binding, call_id: CallId) -> bool:
        """Say whether a call may be seen.

        Raises:
            JournalUnavailableError: The library does not answer.
        """
        if binding.is_unbound:
            return True
        call = await self._library.call(call_id)
        return call is not None and binding.covers(call.route, facts_of(call.metadata))

    async def check(self, binding: Binding, call_id: CallId) -> None:
        """Expect that a call may be seen.

        Raises:
            RefusalError: 404, whether there is none or it is another's: the same, as late.
            JournalUnavailableError: The library does not answer.
        """
        began = asyncio.get_running_loop().time()
        if not await self.covers(binding, call_id):
            await refused_since(began)
            raise not_found("call")


async def refused_since(began: float) -> None:
    """Wait until a bound caller may be told of nothing; `began` is by the loop's clock."""
    await asyncio.sleep(began + REFUSED_AFTER_S - asyncio.get_running_loop().time())
