"""Operations: each route of the API, declared once.

The router checks a request by what stands here, and OpenAPI is written from it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from service.api.access import Access, Caller
from service.api.bound_calls import Reach
from service.ids import AccessAction, CallId

JSON = "application/json"
MAX_BODY_BYTES = 64 * 1024

Method = Literal["GET", "POST", "DELETE"]


class Query(BaseModel):
    """The base of what a query may hold; a field `metadata` takes every `metadata.<key>`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Body(BaseModel):
    """The base of what a JSON body may hold."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


class Reply(BaseModel):
    """The base of what is answered."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class NoQuery(Query):
    """Takes no parameters."""


class NoBody(Body):
    """Takes no body."""


Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True)
class Part:
    """A variable part of a path: what it may look like. What does not is not there: 404."""

    pattern: str
    description: str
    example: str


PARTS: dict[str, Part] = {
    "call_id": Part(r"[^\x00-\x1f\x7f/]{1,512}", "A call's id.", "428c31b6-7af4-4bcb"),
    "action": Part(r"start|stop|pause|resume", "What is to be done.", "pause"),
    "endpoint_name": Part(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "An endpoint's name.", "crm"),
    "delivery_id": Part(r"[1-9][0-9]{0,17}", "The number of a parked delivery.", "17"),
    "search_id": Part(r"srch_[A-Za-z0-9_-]{16}", "A saved search's id.", "srch_q4dk0Zs8xw3fYb1A"),
}
"""The variable parts that paths of the API may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation answers when it works."""

    description: str
    status: HTTPStatus = HTTPStatus.OK
    model: type[Reply] | None = None
    """Of `application/json`."""
    content: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Other content types, and the JSON Schema of each (`{}` for anything)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of its own, and what they say."""

    @property
    def content_types(self) -> tuple[str, ...]:
        """All content types it may have."""
        return (*((JSON,) if self.model else ()), *self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Q, B]):
    """One route. Query and body are read by their models before the handler runs."""

    id: str
    """A snake_case name, unique: OpenAPI's `operationId`."""
    method: Method
    path: str
    tag: str
    summary: str
    access: Access | None
    """The scope it needs, `any_key`, or None: open to everybody."""
    answers: tuple[Answer, ...]
    noted: AccessAction | None = None
    """What the access log is told once it is answered; of streams, their connection tells it."""
    shows: Reach | None = None
    """What it shows or touches; None: the call that its path names, or else the installation."""
    query: type[Q] = NoQuery  # type: ignore[assignment]  # a default for a type variable
    body: type[B] = NoBody  # type: ignore[assignment]  # the same
    errors: Mapping[HTTPStatus, str] = field(default_factory=dict)
    """Refusals of its own, besides those that follow from the rest: why."""
    description: str = ""
    browser: bool = False
    """Whether the token may come where a browser can put it: `?access_token=`, subprotocols."""
    counted: bool = True
    """Whether it counts towards the key's limit of requests."""
    negotiated: bool = True
    """Whether an `Accept` that excludes every answer is refused with 406."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the variable parts of the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def reach(self) -> Reach:
        """What it shows or touches: who is bound is let in by that."""
        if self.shows is not None:
            return self.shows
        return "call" if "call_id" in self.parts else "installation"

    @property
    def tagged(self) -> bool:
        """Whether its answers have an `ETag`: those of a GET that is no stream."""
        return self.method == "GET" and self.negotiated

    @property
    def content_types(self) -> tuple[str, ...]:
        """All content types it may answer with."""
        return tuple(kind for answer in self.answers for kind in answer.content_types)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Generic[Q, B]):
    """A request that was let in, and read."""

    request: web.Request
    caller: Caller | None
    """None where the operation is open to everybody."""
    parts: Mapping[str, str]
    query: Q
    body: B
    shown: list[CallId] = field(default_factory=list)
    """The calls of which something is shown, or which are acted on, where no path names one."""

    @property
    def call_id(self) -> CallId:
        """The call that the path names."""
        return CallId(self.parts["call_id"])

    @property
    def who(self) -> Caller:
        """The caller of an operation that asks for a key."""
        assert self.caller is not None, "the operation is open to everybody"  # noqa: S101
        return self.caller


@dataclass(frozen=True, slots=True)
class Route(Generic[Q, B]):
    """An operation and what carries it out."""

    operation: Operation[Q, B]
    handler: Callable[[Ask[Q, B]], Awaitable[web.StreamResponse]]


AnyRoute = Route[Any, Any]
