"""Acting on calls: their words begun, ended, paused and resumed, and all of it erased."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, cast

import structlog
from aiohttp import web
from pydantic import AfterValidator, WithJsonSchema

from service.api.bound_calls import BoundCalls
from service.api.calls.routes import NO_CALL
from service.api.operations import (
    Answer,
    AnyRoute,
    Ask,
    Body,
    NoBody,
    NoQuery,
    Operation,
    Reply,
    Route,
)
from service.api.parameters import Number
from service.api.problems import RefusalError, not_found
from service.api.router import nothing, reply
from service.archive.numbers import check_whole
from service.calls.inputs import ControlName
from service.errors import ControlRefusedError
from service.ids import CallId, Transcription
from service.ports import CallControls, Eraser

log = structlog.get_logger()

_WHOLE: dict[str, object] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 512,
    "pattern": r"^([^\x00-\x1f\x7f*?\[@]+"
    r"|[^\x00-\x1f\x7f]*@([^\x00-\x1f\x7f]*[^\x00-\x1f\x7f*])?)$",
}
"""What `check_whole` takes, as a schema says it."""

_WHY: Mapping[str, str] = {
    "not_answered": "Nobody has answered the call yet.",
    "call_over": "The call is over.",
    "off": "Its transcription is off: start it.",
    "paused": "Its transcription is paused: resume it.",
}


class TranscriptionState(Reply):
    """What holds now."""

    call_id: str
    transcription: Transcription
    at_ms: int | None
    """Since when on the call clock, in milliseconds."""


class ErasureWish(Body):
    """Whose calls are to be erased."""

    number: Annotated[Number, AfterValidator(check_whole), WithJsonSchema(_WHOLE)]
    """A phone number or SIP address, whole; no pattern."""


class Erased(Reply):
    """What was erased."""

    erased: int
    """How many calls."""


CONTROL: Operation[NoQuery, NoBody] = Operation(
    id="control_transcription",
    method="POST",
    path="/v1/calls/{call_id}/transcription/{action}",
    tag="calls",
    summary="Start, stop, pause or resume the words of a live call",
    description="Asking for what holds already is answered with since when. From a pause or stop "
    "on no audio is heard, even before it is answered; what was said meanwhile is not kept.",
    access="calls:write",
    answers=(Answer(description="What holds now.", model=TranscriptionState),),
    errors={**NO_CALL, HTTPStatus.CONFLICT: "The state of the call does not allow it."},
)
ERASE_CALL: Operation[NoQuery, NoBody] = Operation(
    id="erase_call",
    method="DELETE",
    path="/v1/calls/{call_id}",
    tag="calls",
    summary="Erase all that is kept of a call, but that there was one",
    description="Erasing again is harmless. What still arrives of the call is dropped.",
    access="admin",
    noted="erased",
    answers=(Answer(status=HTTPStatus.NO_CONTENT, description="Nothing is left of it."),),
    errors=NO_CALL,
)
ERASE_NUMBER: Operation[NoQuery, ErasureWish] = Operation(
    id="erase_number",
    method="POST",
    path="/v1/erasures",
    tag="calls",
    summary="Erase every call that somebody with a number was in",
    access="admin",
    noted="erased",
    shows="filtered",
    body=ErasureWish,
    answers=(Answer(description="Nothing is left of them.", model=Erased),),
)


class ControlRoutes:
    """Asks the live calls."""

    def __init__(self, controls: CallControls) -> None:
        self._controls = controls

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(CONTROL, self.control)]

    async def control(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Do it, and answer with what holds then."""
        action = cast(ControlName, ask.parts["action"])
        try:
            told = await self._controls.ask(ask.call_id, action)
        except ControlRefusedError as error:
            why = _WHY.get(error.reason, "The state of the call does not allow it.")
            raise RefusalError(HTTPStatus.CONFLICT, why) from error
        if told is None:
            raise not_found("call")
        holds = told.transcription or "off"
        state = TranscriptionState(call_id=ask.call_id, transcription=holds, at_ms=told.at_ms)
        return reply(ask, state)


class ErasureRoutes:
    """Erases calls."""

    def __init__(self, eraser: Eraser, calls: BoundCalls) -> None:
        self._eraser = eraser
        self._calls = calls

    def routes(self) -> list[AnyRoute]:
        """Return the routes."""
        return [Route(ERASE_CALL, self.erase_call), Route(ERASE_NUMBER, self.erase_number)]

    async def erase_call(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Erase one call."""
        log.info("erasure_asked", call_id=ask.call_id, key_id=ask.who.key_id)
        if not await self._eraser.erase(ask.call_id):
            raise not_found("call")
        return nothing()

    async def erase_number(self, ask: Ask[NoQuery, ErasureWish]) -> web.Response:
        """Erase every call of a number that the caller may see."""

        async def only(call_id: CallId) -> bool:
            is_meant = await self._calls.covers(ask.who.binding, call_id)
            ask.shown.extend([call_id] * is_meant)
            return is_meant

        erased = await self._eraser.erase_number(ask.body.number, only=only)
        log.info("number_erased", calls=erased, key_id=ask.who.key_id)
        return reply(ask, Erased(erased=erased))
