"""The facts of what follows once a call is over."""

from dataclasses import dataclass
from typing import ClassVar

from service.ids import CallId, EndpointName


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStored:
    """The call is in an archive, whole: its document, transcript, audio, and a manifest of them."""

    type: ClassVar[str] = "archive.stored"
    endpoint: EndpointName
    revision: int
    """Of the document. A higher one follows where words or audio came late."""
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFailed:
    """A copy of the call could not be written, or not erased; it is tried again.

    It is told once for each revision. Of a copy that outlives its erased call it is told as an
    event of no call, with the call's id as `erased`.
    """

    type: ClassVar[str] = "archive.failed"
    endpoint: EndpointName
    revision: int | None
    reason: str
    erased: CallId | None = None
