"""Calls that somebody else controls, and wants transcribed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from service.calls.routes import Route
from service.ids import CallId, LegId
from service.ports.carrier import StreamTarget

RouteFor = Callable[[str | None, Mapping[str, Any]], Route]
"""Returns the route of a name (None: that of every call) with changes; raises `SettingsError`."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """The call that a leg is transcribed in."""

    call_id: CallId
    is_confirmed: bool
    """Whether Telnyx said that the leg lives; if it could not be asked, that is tried on."""


@dataclass(frozen=True, slots=True)
class ExpectedStream:
    """Where a leg's own application is to have its audio streamed to, within a minute."""

    call_id: CallId
    target: StreamTarget


class Attacher(Protocol):
    """Has live legs transcribed."""

    async def attach(self, leg_id: LegId, route: Route) -> Attachment | None:
        """Return the call of a leg once it is certain that it is going to be transcribed.

        Attaching again is harmless: it is the same call, by the route that it began with. None is
        returned for a leg that Telnyx does not know.

        Raises:
            ControlRefusedError: The leg is over.
            DrainingError: It would begin a call, and this process is stopping.
            JournalUnavailableError: Nothing was done.
        """

    async def expect(self, leg_id: LegId, route: Route) -> ExpectedStream:
        """Return where the audio of a leg may come to, whose own application starts the stream.

        Telnyx is not asked about the leg: it may ring yet. If nothing comes within a minute, it
        is asked to stream.

        Raises:
            DrainingError: It would begin a call, and this process is stopping.
            JournalUnavailableError: Nothing was done.
        """
