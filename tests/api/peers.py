"""What stands on both sides of the API: live calls by script, a store of keys that can fail."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.calls.commands import Reply
from service.calls.engines import Offer
from service.calls.inputs import ControlName
from service.calls.routes import Route
from service.errors import CarrierUnavailableError, ControlRefusedError, SettingsError
from service.ids import CallId, LegId
from service.ports import Attachment, DialWish, ExpectedStream, StreamTarget
from service.ports.keys import KeyStore, StoredKey
from tests.api.builders import CALL


@dataclass
class ScriptedProviders:
    """Gives a list of what Telnyx has, or cannot be reached."""

    listed: list[Offer] | None = None

    async def offers(self) -> Sequence[Offer]:
        """See `Providers.offers`."""
        if self.listed is None:
            raise CarrierUnavailableError("Telnyx could not be reached")
        return self.listed


@dataclass
class ScriptedAttacher:
    """Takes what is to be attached to, and answers as it is told to."""

    answers: list[Attachment | str | None] = field(default_factory=list)
    asked: list[tuple[str, Route]] = field(default_factory=list)

    async def attach(self, leg_id: LegId, route: Route) -> Attachment | None:
        """See `Attacher.attach`."""
        self.asked.append((leg_id, route))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise ControlRefusedError(answer)
        return answer

    async def expect(self, leg_id: LegId, route: Route) -> ExpectedStream:
        """See `Attacher.expect`."""
        self.asked.append((leg_id, route))
        target = StreamTarget(url="wss://calls.example.com/media/token", auth_token="header")
        return ExpectedStream(CallId("session-1"), target)


def route_of(name: str | None, changes: Mapping[str, Any]) -> Route:
    """Return a route with these changes; there are `billing`, `words`, and one without a name."""
    if name == "words":
        return Route(source="in_call", **changes)
    if name not in ("billing", None):
        raise SettingsError(["route: there is none of this name; there are billing"])
    return Route(**changes)


@dataclass
class ScriptedCalls:
    """Takes what is asked of live calls, and answers as it is told to."""

    answers: list[Reply | str | None] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    dialled: list[tuple[CallId, DialWish]] = field(default_factory=list)
    refuses: Exception | None = None
    """What a dial comes to, if it is none."""
    kept: tuple[CallId, ...] = (CallId(CALL), CallId("call-of-number"))
    """The calls that there are, of whichever number."""

    async def ask(
        self, call_id: CallId, action: ControlName, *, reason: str = "api"
    ) -> Reply | None:
        """See `CallControls.ask`."""
        del reason
        self.asked.append((call_id, action))
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise ControlRefusedError(answer)
        return answer

    async def dial(self, call_id: CallId, wish: DialWish) -> bool:
        """See `CallStarts.dial`."""
        self.dialled.append((call_id, wish))
        if self.refuses is not None:
            raise self.refuses
        return True

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """See `Eraser.erase`."""
        del reason
        self.erased.append(call_id)
        return call_id in self.kept

    async def erase_number(
        self,
        number: str,
        *,
        reason: str = "api",
        only: Callable[[CallId], Awaitable[bool]] | None = None,
    ) -> int:
        """See `Eraser.erase_number`."""
        del reason
        self.erased.append(number)
        return len([one for one in self.kept if only is None or await only(one)])


class FaultyKeys:
    """A store of keys that fails, or takes its time, when it is told to."""

    def __init__(self, keys: KeyStore) -> None:
        self.failures: deque[Exception] = deque()
        """What the next look-ups raise."""
        self.hold: Callable[[], Awaitable[object]] | None = None
        """What each look-up waits for."""
        self._keys = keys

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of a store
        return getattr(self._keys, name)

    async def find_key(self, key_id: str) -> StoredKey | None:
        """Fail, or return what the store does."""
        if self.hold is not None:
            await self.hold()
        if self.failures:
            raise self.failures.popleft()
        return await self._keys.find_key(key_id)
