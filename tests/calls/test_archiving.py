"""Copies of the call in archives."""

from service.calls.after_events import ArchiveFailed, ArchiveStored
from service.calls.archive_answers import ArchiveRefused, ArchiveWritten
from service.calls.inputs import EraseAsked
from service.ids import EndpointName
from tests.calls.harness import IN_CALL, T0, Driver, hung_up, talking

COLD = EndpointName("cold")


def over() -> Driver:
    """Return a call that is complete."""
    call = talking(IN_CALL)
    call.receive(hung_up(T0 + 7), now=T0 + 7)
    call.run_until(T0 + 60)
    return call


def written(revision: int) -> ArchiveWritten:
    """A revision is in the archive."""
    return ArchiveWritten(endpoint=COLD, at=T0 + 61, revision=revision, files=3, size_bytes=100)


def refused(revision: int) -> ArchiveRefused:
    """A revision is not, for now."""
    return ArchiveRefused(endpoint=COLD, at=T0 + 61, revision=revision, reason="unreachable")


def test_a_copy_is_told_of_once() -> None:
    """An attempt that is repeated after its answer was lost tells nothing more."""
    call = over()
    call.receive(written(1), written(1), now=T0 + 61)

    assert call.events(ArchiveStored) == [
        ArchiveStored(endpoint=COLD, revision=1, files=3, size_bytes=100)
    ]
    assert call.types[-2:] == ["transcript.completed", "archive.stored"]
    assert call.outcome.ended


def test_trouble_is_told_once_for_each_revision() -> None:
    """However often it is tried; and not of one that is there."""
    call = over()
    call.receive(refused(1), refused(1), written(1), refused(1), refused(2), now=T0 + 61)

    assert [(one.revision, one.reason) for one in call.events(ArchiveFailed)] == [
        (1, "unreachable"),
        (2, "unreachable"),
    ]
    assert [one.revision for one in call.events(ArchiveStored)] == [1]


def test_each_archive_is_told_of_by_itself() -> None:
    """What one has says nothing of another."""
    call = over()
    other = ArchiveWritten(
        endpoint=EndpointName("b"), at=T0 + 62, revision=1, files=3, size_bytes=1
    )
    call.receive(written(1), other, now=T0 + 62)

    assert [one.endpoint for one in call.events(ArchiveStored)] == ["cold", "b"]


def test_nothing_is_told_of_an_erased_call() -> None:
    """Its tombstone stays the last event."""
    call = over()
    call.receive(EraseAsked(at=T0 + 61), now=T0 + 61)
    call.receive(written(1), now=T0 + 62)

    assert call.types[-1] == "transcript.erased"
