"""What became of a call's copy in an archive, as the archive tells it."""

from dataclasses import dataclass

from service.ids import EndpointName


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveWritten:
    """All files of a revision are in the archive, the manifest last."""

    endpoint: EndpointName
    at: float
    revision: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRefused:
    """A revision could not be written now; what can still help is tried. `reason` is a slug."""

    endpoint: EndpointName
    at: float
    revision: int
    reason: str


ArchiveAnswer = ArchiveWritten | ArchiveRefused
