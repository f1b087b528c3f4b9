"""Long answers on their way to clients: how much of them may be in memory."""

from http import HTTPStatus
from typing import Final
from weakref import WeakSet

from aiohttp import web

from service.api.problems import RefusalError

MAX_BYTES: Final = 128 << 20
_RETRY_AFTER_S: Final = "5"


class LongAnswer(web.Response):
    """An answer that lets go of its body once it was sent, or the client has left."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Send it."""
        try:
            await super().write_eof(data)
        finally:
            self.body = None  # an idle connection holds its last answer


class Outgoing:
    """Answers that clients have not taken yet, of about `max_bytes` in all.

    A client that reads slowly keeps its answer here until it is cut off: when that much waits,
    the next is refused before it is made.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._answers: WeakSet[web.Response] = WeakSet()

    def check_room(self) -> None:
        """See that there is room for one more.

        Raises:
            RefusalError: 503, there is none.
        """
        waiting = sum(len(one.body) for one in self._answers if isinstance(one.body, bytes))
        if waiting >= self._max_bytes:
            raise RefusalError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Too much is being fetched: come again soon.",
                headers={"Retry-After": _RETRY_AFTER_S},
            )

    def add(self, answer: web.Response) -> None:
        """Count an answer until its body is gone."""
        self._answers.add(answer)
