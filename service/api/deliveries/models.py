"""Endpoints and deliveries as they are answered."""

from typing import Literal

from service.api.operations import Body, Query, Reply
from service.api.parameters import (
    DEFAULT_LIMIT,
    CallIdText,
    EndpointText,
    Limit,
    Sealed,
    SeqNumber,
    Stamp,
)
from service.delivery.endpoints import EndpointType
from service.ports import Attempt, ParkedDelivery
from service.wire.events import timestamp


class EndpointState(Reply):
    """One endpoint, and what became of its deliveries since the service started."""

    name: str
    type: EndpointType | None
    """Null if it is configured no more."""
    state: Literal["up", "failing", "disabled", "unknown"]
    """`failing`: nobody is found at its host for now, which is tried every 30 seconds at least;
    `unknown`: it is configured no more, and there is something that it did not get."""
    disabled_reason: str | None
    """Why it gets nothing more; null if it does."""
    public_key: str | None = None
    """`whpk_…`: what its `v1a` signatures are verified with, if it has a `signing_key`."""
    same_host: list[str]
    """The endpoints that share its host, and so whether anybody is found there."""
    lanes_behind: int
    """How many calls have events that it has not got yet."""
    behind_since: Stamp | None = None
    """When what it waits for longest happened, as far as is known."""
    last_error: "FailedAttempt | None" = None
    """What came of the last attempt at that, if it failed."""
    delivered: int
    retried: int
    parked: int


class EndpointStates(Reply):
    """All endpoints. There is only one page."""

    data: list[EndpointState]
    next: str | None = None


class Switched(Reply):
    """An endpoint that was switched off or on."""

    name: str
    state: Literal["enabled", "disabled"]
    """Whether it is to get events; how it does, `GET /v1/endpoints` says."""
    changed: bool
    """Whether it was not so before."""
    hurried: int = 0
    """Of how many calls something waited for its next try, and is tried now, if it was enabled
    already."""


class EndpointTest(Reply):
    """How an event of the type `endpoint.test` fared."""

    name: str
    arrived: bool
    status: int | None
    """The HTTP status of the answer; null if there was none, or it is no webhook."""
    error: str | None
    """What was wrong; null if it arrived."""
    took_ms: int


class DeliveriesQuery(Query):
    """Which deliveries are wanted."""

    state: Literal["parked"] = "parked"
    """`parked`: given up. Others are not listed: they are on their way."""
    limit: Limit = DEFAULT_LIMIT
    cursor: Sealed | None = None


class Parked(Reply):
    """A delivery that was given up."""

    id: int
    call_id: str
    endpoint: str
    seq: int
    type: str
    """The event's, which its report goes with; `call.report` if only the report was given up."""
    status: int | None
    """The HTTP status of the last attempt; null if there was no answer."""
    reason: str
    parked_at: Stamp


class ParkedPage(Reply):
    """Deliveries that were given up, newest first."""

    data: list[Parked]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


class AttemptsQuery(Query):
    """How many attempts are wanted."""

    limit: Limit = DEFAULT_LIMIT


class AttemptMade(Reply):
    """One attempt at a delivery."""

    endpoint: str
    seq: int
    made_at: Stamp
    result: Literal["delivered", "failed", "refused", "gone"]
    status: int | None
    """The HTTP status of the answer; null if there was none."""
    took_ms: int
    answer: str
    """The beginning of what the receiver said, or what went wrong; empty if it arrived."""


class FailedAttempt(AttemptMade):
    """An attempt that failed, and the call whose event it was made at."""

    call_id: str


class Attempts(Reply):
    """Attempts at deliveries of a call, newest first. There is only one page."""

    data: list[AttemptMade]
    next: str | None = None


class Retry(Reply):
    """Another try of a delivery that was given up."""

    id: int
    state: Literal["arrived", "failed", "trying"]
    """`trying`: it takes long, and leaves the list when it arrives; or it is an archive's, which
    gets it in order of its call, and is listed again if it is given up again."""
    status: int | None = None
    """The HTTP status of the attempt, if it failed with one."""


class ReplayWish(Body):
    """What an endpoint is to get again."""

    call_id: CallIdText
    endpoint: EndpointText
    after_seq: SeqNumber = 0
    """Only what came after this event."""


class Replay(Reply):
    """What an endpoint will get again, in order, within seconds."""

    call_id: str
    endpoint: str
    after_seq: int


def attempt_of(one: Attempt) -> AttemptMade:
    """Return an attempt as it is answered."""
    return AttemptMade.model_validate(_told(one))


def failed_of(one: Attempt) -> FailedAttempt:
    """Return an attempt that failed as it is answered."""
    return FailedAttempt.model_validate({**_told(one), "call_id": one.call_id})


def _told(one: Attempt) -> dict[str, object]:
    return {
        "endpoint": one.endpoint,
        "seq": one.seq,
        "made_at": timestamp(one.made_at),
        "result": one.result,
        "status": one.status,
        "took_ms": one.took_ms,
        "answer": one.answer,
    }


def parked_of(one: ParkedDelivery) -> Parked:
    """Return a parked delivery as it is answered."""
    return Parked(
        id=one.id,
        call_id=one.call_id,
        endpoint=one.endpoint,
        seq=one.seq,
        type=one.type,
        status=one.status,
        reason=one.reason,
        parked_at=timestamp(one.parked_at),
    )
