"""Makes what Telnyx and the fetcher say of Telnyx's own recordings."""

from dataclasses import replace

from service.calls.commands import FetchTape, StartRecording
from service.calls.routes import Route
from service.calls.tape_answers import TapeKept, TapeNotKept
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.ids import InputId, LegId
from tests.calls.harness import CALL, MEDIA, T0, A, Driver, finished, hung_up, talking

TAPED = replace(MEDIA, record="telnyx")
LINK = "https://s3.amazonaws.com/telephony-recorder-prod/a.wav?X-Amz-Signature=a"
OVER = T0 + 60
"""When the calls of these tests are over."""


def saved(
    at: float = OVER + 1,
    *,
    tape: str | None = "tape-1",
    started_at: float | None = T0 + 1.5,
    ended_at: float | None = OVER,
    leg: LegId = A,
    link: str | None = LINK,
) -> TapeSaved:
    """`call.recording.saved`."""
    return TapeSaved(
        input_id=InputId(f"saved {tape} {leg} {at}"),
        call_id=CALL,
        leg_id=leg,
        occurred_at=at,
        tape_id=tape,
        link=link,
        started_at=started_at,
        ended_at=ended_at,
    )


def failed(reason: str | None, *, at: float = OVER + 1) -> TapeFailed:
    """`call.recording.error`."""
    return TapeFailed(
        input_id=InputId(f"failed {at}"), call_id=CALL, leg_id=A, occurred_at=at, reason=reason
    )


def kept(number: int = 1, *, tape_ms: int = 58_000, at: float = OVER + 20) -> TapeKept:
    """It is on the disk."""
    return TapeKept(
        number=number, at=at, tape_ms=tape_ms, duration_ms=500 + tape_ms, size_bytes=9_000
    )


def not_kept(
    reason: str = "unreachable",
    number: int = 1,
    *,
    for_good: bool = False,
    has_expired: bool = False,
) -> TapeNotKept:
    """It is not."""
    return TapeNotKept(
        number=number, at=OVER + 2, reason=reason, for_good=for_good, has_expired=has_expired
    )


def over(route: Route = TAPED) -> Driver:
    """Return a call that Telnyx recorded, and that is over."""
    call = talking(route)
    assert len(call.asked(StartRecording)) == 1
    end(call)
    return call


def end(call: Driver) -> None:
    """Have the call end, and its words be known."""
    call.receive(hung_up(OVER), now=OVER)
    if call.session.state.streams:
        call.receive(finished("inbound"), finished("outbound"), now=OVER + 0.5)


def fetched(call: Driver) -> FetchTape:
    """Return what was to be fetched last."""
    return call.asked(FetchTape)[-1]
