"""Calls that a route connects with somebody, as the runtime drives them."""

from dataclasses import replace

import msgspec

from service.calls.carrier_answers import CommandFailed, CommandName
from service.calls.connecting import CALL as CALL_KEY
from service.calls.connecting import DIAL as DIAL_KEY
from service.calls.inputs import LegBridged, LegHungUp, LegInitiated, SpeakEnded
from service.calls.party_events import CallBridged
from service.calls.routes import Route
from service.ids import InputId, LegId
from tests.calls.harness import CALL, T0, A, B, Driver, answered, hung_up, initiated

AGENT = "+15550177"
MEDIA = Route(source="media", connect=AGENT)
IN_CALL = Route(source="in_call", engine="Deepgram", connect=AGENT)
NOTICE = replace(MEDIA, announce="This call is transcribed.")


def dialled(at: float, *, leg: LegId = B, of: LegId = A) -> LegInitiated:
    """The leg that we had Telnyx dial shows itself."""
    mark = {CALL_KEY: CALL, DIAL_KEY: of}
    return msgspec.structs.replace(initiated(at, leg=leg, incoming=False), client_state=mark)


def bridged(at: float, *, leg: LegId = A) -> LegBridged:
    """The leg is connected with the other one."""
    return LegBridged(input_id=InputId(f"bridged {leg}"), call_id=CALL, leg_id=leg, occurred_at=at)


def spoken(at: float) -> SpeakEnded:
    """What was to be said was said."""
    return SpeakEnded(input_id=InputId("spoken"), call_id=CALL, leg_id=A, occurred_at=at)


def ended(at: float, cause: str, *, leg: LegId = B, code: str = "486") -> LegHungUp:
    """The leg hangs up, for this reason."""
    return msgspec.structs.replace(hung_up(at, leg=leg), cause=cause, sip_code=code)


def unreachable(command: CommandName, *, at: float) -> CommandFailed:
    """Telnyx could not be told."""
    return CommandFailed(leg_id=A, command=command, at=at, code="", reason="unreachable")


def ringing(route: Route, *, telnyx_answers: bool = True) -> Driver:
    """Return a call that was answered, whose agent is being dialled."""
    driver = Driver(route, telnyx_answers=telnyx_answers)
    driver.receive(initiated(), now=T0)
    driver.receive(answered(), now=T0 + 1)
    return driver


def connected(route: Route) -> Driver:
    """Return a call in which both talk, since three seconds after its answer."""
    driver = ringing(route)
    driver.receive(dialled(T0 + 1.1), now=T0 + 1.1)
    driver.receive(answered(T0 + 4, leg=B), now=T0 + 4)
    driver.receive(bridged(T0 + 4), bridged(T0 + 4, leg=B), now=T0 + 4)
    driver.run_until(T0 + 5)
    return driver


def bridges(driver: Driver) -> list[tuple[LegId, LegId]]:
    """Return which legs were told to be connected, in order."""
    return [(event.leg, event.other) for event in driver.events(CallBridged)]
