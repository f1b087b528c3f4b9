"""Calls and transcripts as `service/archive` writes them, and what may be asked of them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.api.operations import Query, Reply
from service.api.parameters import (
    DEFAULT_LIMIT,
    Flag,
    Limit,
    Metadata,
    Moment,
    Number,
    Sealed,
    Seq,
    Stamp,
)
from service.archive.exports import ExportForm
from service.archive.transcript import Note, SpeakerTurn
from service.calls.party_events import Participant
from service.calls.webhook import Direction
from service.ports import UNBOUND, Binding, CallFilter

Status = Literal["ringing", "talking", "ending", "complete", "erased"]


class Call(Reply):
    """One call: what its events say, and how far it is."""

    call_id: str
    status: Status
    direction: Direction | None
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    started_at: Stamp
    answered_at: Stamp | None
    ended_at: Stamp | None
    duration_ms: int | None
    """From the answer to the end; null if nobody answered, or it has not ended."""
    utterances: int
    words: int
    gaps: int
    last_seq: int
    metadata: dict[str, Any]
    """The route's."""
    transcription: Literal["on", "paused", "off"] | None
    """Null until words are to be expected."""
    has_audio: bool


class WholeCall(Call):
    """One call, with who was in it."""

    participants: list[Participant]
    """Whoever answered, by when their legs began. Empty until the call is bridged, or over."""


class CallPage(Reply):
    """Calls, newest first."""

    data: list[Call]
    next: str | None
    """The `cursor` of the next page; null on the last one."""


class CallTranscript(Reply):
    """What was said in a call: turns and notes, each in the order of the call clock."""

    call: WholeCall
    turns: list[SpeakerTurn]
    notes: list[Note]
    """What the words do not tell: gaps, pauses, failures."""


class CallWishes(Query):
    """Which calls are wanted; what is left out asks for nothing."""

    number: Number | None = None
    """`from` or `to`; a `*` at the end stands for any ending."""
    started_from: Moment | None = None
    started_before: Moment | None = None
    metadata: Metadata = Field(default_factory=dict)
    """Top-level keys of the route's metadata, and what they must be."""


class CallsQuery(CallWishes):
    """Which calls are wanted."""

    live: Flag | None = None
    """Whether the call has not ended."""
    limit: Limit = DEFAULT_LIMIT
    cursor: Sealed | None = None


class TranscriptQuery(Query):
    """Which transcript is wanted."""

    format: ExportForm = "json"


class EventsQuery(Query):
    """Which events of a call are wanted."""

    after_seq: Seq = 0
    limit: Limit = DEFAULT_LIMIT


def filter_of(
    wishes: CallWishes, *, live: bool | None = None, binding: Binding = UNBOUND
) -> CallFilter:
    """Return the wishes as the library takes them, of whoever is bound like this."""
    return CallFilter(
        live=live,
        started_from=wishes.started_from,
        started_before=wishes.started_before,
        number=wishes.number,
        metadata=wishes.metadata,
        binding=binding,
    )
