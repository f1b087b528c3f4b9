"""Calls made on request: dialled, and heard from the first word on."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import structlog
from pydantic import AfterValidator, Field, WithJsonSchema

from service.api.access import Caller
from service.api.operations import Body
from service.api.parameters import PLAIN
from service.api.problems import RefusalError
from service.calls.outgoing import new_call_id
from service.errors import ControlRefusedError, DrainingError
from service.ids import CallId
from service.ports import CallStarts, DialWish
from service.wire.parties import PARTY, check_party

MAX_METADATA = 50
_MAX_NUMBER = 10**15
_WHY: Mapping[str, str] = {
    "no_route": "No route is for this call.",
    "no_connection": "Nothing says through which application: set connection_id.",
    "another": "This idempotency_key was used for another call.",
    "unknown": "This call was erased.",
}
Party = Annotated[
    str,
    AfterValidator(check_party),
    Field(max_length=256),
    WithJsonSchema({"type": "string", "pattern": PARTY, "maxLength": 256}),
]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN)]
Text = Annotated[str, Field(max_length=1000, pattern=PLAIN)]
Whole = Annotated[int, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER)]
Number = Annotated[float, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER)]
Metadata = Annotated[
    dict[Key, Text | Whole | Number | bool | None],
    Field(max_length=MAX_METADATA),
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_METADATA,
            "propertyNames": {"pattern": PLAIN, "minLength": 1, "maxLength": 200},
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "pattern": PLAIN, "maxLength": 1000},
                    {"type": "number", "minimum": -_MAX_NUMBER, "maximum": _MAX_NUMBER},
                    {"type": "boolean"},
                    {"type": "null"},
                ]
            },
        }
    ),
]


class DialBody(Body):
    """Whom to call."""

    from_: Party = Field(alias="from")
    """A number of yours, which is shown to whoever is called."""
    to: Party
    """Who is called: a number in E.164, or a SIP address."""
    route: Annotated[str, Field(max_length=64, pattern=PLAIN)] | None = None
    """The name of a route; without it, the first one that matches such an outgoing call."""
    metadata: Metadata = Field(default_factory=dict)
    """Goes out with every event of the call, beside what the route says."""
    idempotency_key: Key | None = None
    """Asking again with the same key makes no second call; keys of one API key are its own."""


log = structlog.get_logger()


class Dialling:
    """Has calls made, for `POST /v1/calls`."""

    def __init__(self, starts: CallStarts, *, connection_id: str | None) -> None:
        self._starts = starts
        self._connection_id = connection_id

    async def dial(self, who: Caller, body: DialBody) -> CallId:
        """Return the id of the call that is being made.

        Raises:
            RefusalError: It is not made; the status and the text say why.
        """
        key = body.idempotency_key
        call_id = new_call_id(f"{who.key_id} {key}" if key is not None else uuid.uuid4().hex)
        wish = DialWish(
            from_number=body.from_,
            to_number=body.to,
            route=body.route,
            connection_id=self._connection_id,
            metadata=body.metadata,
        )
        try:
            is_new = await self._starts.dial(call_id, wish)
        except ControlRefusedError as error:
            why = _WHY.get(error.reason, "It cannot be made.")
            raise RefusalError(HTTPStatus.CONFLICT, why) from error
        except DrainingError as error:
            why = "This process is stopping: ask again."
            raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, why) from error
        log.info("call_asked", call_id=call_id, key_id=who.key_id, new=is_new)
        return call_id
