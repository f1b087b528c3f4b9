"""What comes once people have hung up, or would as well: audio that is kept, copies elsewhere."""

from typing import assert_never

from service.calls import archiving, recordings, removals, second_hearing, tapes
from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.calls.inputs import RecordingWritten
from service.calls.second_hearing_answers import RecordingHeard, RecordingUnheard
from service.calls.tape_answers import TapeDeleted, TapeKept, TapeNotDeleted, TapeNotKept
from service.calls.turn import Turn

AfterInput = (
    RecordingWritten
    | ArchiveWritten
    | ArchiveRefused
    | RecordingHeard
    | RecordingUnheard
    | TapeKept
    | TapeNotKept
    | TapeDeleted
    | TapeNotDeleted
)


def take(turn: Turn, item: AfterInput) -> None:
    """Tell what became of the call's audio, or of its copy in an archive."""
    match item:
        case RecordingWritten():
            recordings.written(turn, item)
        case ArchiveWritten() | ArchiveRefused():
            archiving.told(turn, item)
        case RecordingHeard() | RecordingUnheard():
            second_hearing.take(turn, item)
        case TapeKept() | TapeNotKept():
            tapes.take(turn, item)
        case TapeDeleted() | TapeNotDeleted():
            removals.take(turn, item)
        case _:
            assert_never(item)
