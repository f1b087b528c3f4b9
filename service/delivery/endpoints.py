"""Endpoints: the configured places that events go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.errors import SettingsError
from service.ids import EndpointName
from service.ports import EventFilter

EndpointType = Literal["webhook", "log", "archive"]
"""Which sink an endpoint has: see `sinks`."""

Order = Literal["strict", "go_on"]
"""What an event that its receiver fails at does to those behind it, of the same call: `strict`, it
holds them up; `go_on`, it is parked after a few attempts. A host that is away holds all up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveTarget:
    """Where an archive is, and what it keeps of each call."""

    url: str
    """`file:///folder`, or `s3://bucket/prefix`."""
    formats: tuple[str, ...] = ("txt",)
    """Of the transcript, beside `call.json`."""
    audio: bool = True
    """Whether the recording goes there, too, where there is one."""
    region: str | None = None
    s3_endpoint: str | None = None
    """Of a host that is not Amazon's."""
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    timeout_s: float = 300.0
    """How long one attempt may take, with all audio."""
    max_audio_bytes: int = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One `[[endpoint]]` of the settings, which documents and checks it."""

    name: EndpointName
    type: EndpointType
    url: str | None = field(default=None, repr=False)
    """Out of the repr, as are secrets and headers: people put tokens into all of them."""
    secret: str | None = field(default=None, repr=False)
    """`whsec_…`; a webhook always has one."""
    secret_previous: str | None = field(default=None, repr=False)
    signing_key: str | None = field(default=None, repr=False)
    """`whsk_…`: signs as well, for receivers that are to hold no secret."""
    events: tuple[str, ...] = ("*",)
    """Shell-style patterns of event types; one that fits is enough. Partials are not asked."""
    partials: str = "off"
    """all · stable · debounce:300ms · off."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_private: bool = False
    ports: tuple[int, ...] = (443, 8443)
    """Where a webhook may go; with `allow_private`, any port."""
    timeout_s: float = 10.0
    order: Order = "strict"
    batch: int = 1
    """How many events of a backlog go out at once; above 1, everything comes as an array."""
    archive: ArchiveTarget | None = field(default=None, repr=False)
    """Of an archive; nobody else has one."""
    report: bool = False
    """Whether each call that is complete follows as one document, too."""

    @property
    def filter(self) -> EventFilter:
        """Which events it gets."""
        return EventFilter(self.events, report=self.report)

    def accepts(self, kind: str) -> bool:
        """Say whether it gets events of this type."""
        return self.filter.accepts(kind)


def unknown_endpoint(name: str, known: Iterable[str]) -> SettingsError:
    """Return what to raise where somebody names an endpoint that is not among those there are."""
    there_are = ", ".join(known)
    return SettingsError([f"no endpoint is called {name}: there are {there_are or 'none'}"])
