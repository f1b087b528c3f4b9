"""A journal that stumbles, for the keeper to work with."""

from service.ids import CallId
from service.ports import Journal


class StumblingJournal:
    """A real journal that fails once in a way nobody foresaw, when it is asked what is due."""

    def __init__(self, journal: Journal) -> None:
        self.asked = 0
        self._journal = journal

    def __getattr__(self, name: str) -> object:
        return getattr(self._journal, name)

    async def text_due(self, now: float, *, limit: int) -> list[CallId]:
        """Fail, and from the second time on answer."""
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError("nobody foresaw this")
        return await self._journal.text_due(now, limit=limit)
