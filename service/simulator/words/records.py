"""What an application says it heard: Callscribe's webhooks, or lines of anybody's. Pure.

`fixtures/scenarios/README.md` documents what is read. Everything else is left alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import msgspec

from service.errors import BadInputError
from service.ids import Track
from service.simulator.speech.script import SPEAKER_OF, Speaker
from service.simulator.words.spans import Span

FINAL, GAP, COMPLETED = "transcript.final", "transcript.gap", "transcript.completed"
_ROLES: Mapping[str, Speaker] = {"customer": "customer", "agent": "agent"}
_TRACKS: Mapping[str, Track] = {"inbound": "inbound", "outbound": "outbound"}
_Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """A stretch of settled text, in milliseconds since the call was answered."""

    call: str | None
    """Any id that the simulator gave to the call or its leg; None if the only call is meant."""
    speaker: Speaker | None
    """None if it does not say who spoke."""
    text: str
    leg: str | None = None
    """The leg that it is of; where `call` is an id of the application's own, it says which one."""
    seq: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch that nobody heard, and that is told of. `speaker` None is everybody."""

    call: str | None
    speaker: Speaker | None
    span: Span
    leg: str | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """Nothing more comes of a call."""

    call: str | None


Record = Final | Gap | Completed


class _Fields(msgspec.Struct):
    call_id: str | None = None
    leg: str | None = None
    role: str | None = None
    track: str | None = None
    text: str | None = None
    seq: int | None = None
    start_ms: _Number | None = None
    end_ms: _Number | None = None


def parse_records(body: bytes) -> list[Record]:
    """Return what a body tells: an event, an array of them, or one on each line.

    Events of other types are left out.

    Raises:
        BadInputError: It is no JSON, or a field is not what it should be.
    """
    return [record for event in _events(body) if (record := _read(event)) is not None]


def _events(body: bytes) -> Iterator[object]:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        yield from _lines(body)
    else:
        yield from tree if isinstance(tree, list) else [tree]


def _lines(body: bytes) -> Iterator[object]:
    for line in body.splitlines():
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError):
                raise BadInputError("neither JSON nor lines of JSON") from None


def _read(event: object) -> Record | None:
    if not isinstance(event, dict):
        raise BadInputError("an event should be an object")
    kind = event.get("type", FINAL)
    if kind not in (FINAL, GAP, COMPLETED):
        return None
    try:
        fields = msgspec.convert(event.get("data", event), _Fields)
    except msgspec.ValidationError as error:
        raise BadInputError(f"{kind}: {error}") from None  # which names types, and quotes nothing
    call = fields.call_id or fields.leg
    if kind == COMPLETED:
        return Completed(call)
    return _gap(fields, call) if kind == GAP else _final(fields, call)


def _gap(fields: _Fields, call: str | None) -> Gap:
    start_ms, end_ms = _rounded(fields.start_ms), _rounded(fields.end_ms)
    if start_ms is None or end_ms is None:
        raise BadInputError(f"{GAP}: start_ms and end_ms are needed")
    span = Span(start_ms, end_ms)
    return Gap(call=call, speaker=_speaker(fields), span=span, leg=fields.leg)


def _final(fields: _Fields, call: str | None) -> Final:
    if fields.text is None:
        raise BadInputError(f"{FINAL}: text is needed")
    return Final(
        call=call,
        speaker=_speaker(fields),
        text=fields.text,
        leg=fields.leg,
        seq=fields.seq,
        start_ms=_rounded(fields.start_ms),
        end_ms=_rounded(fields.end_ms),
    )


def _speaker(fields: _Fields) -> Speaker | None:
    role = _ROLES.get(fields.role or "")
    track = _TRACKS.get(fields.track or "")
    return role or (SPEAKER_OF[track] if track else None)


def _rounded(number: float | None) -> int | None:
    return None if number is None else round(number)
