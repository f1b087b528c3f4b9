"""The media sockets of one call: how Telnyx came, what it said first, and its frames."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from service.errors import BadInputError
from service.trial.facts import Facts, name_of
from service.trial.frames import (
    Frame,
    Shape,
    read_frame,
    say_chunks,
    say_length,
    say_order,
    say_sequence,
    say_timestamps,
)
from service.trial.watch import Watch
from service.wire.audio import l16_order
from service.wire.media import AUTH_HEADER, parse_message

MAX_FRAMES = 6_000
"""Of one connection, two minutes of two tracks; what comes later is heard, and not kept."""
_OF_THE_PROTOCOL = ("connection", "upgrade", "sec-websocket-", "host")
_BY_PROXIES = ("x-forwarded", "x-real", "forwarded", "via", "cf-", "x-envoy", "x-amzn")
HeardFrame = Callable[["Connection", Frame], None]


class Connection:
    """One media socket."""

    def __init__(self, headers: Mapping[str, str], token: str, at: float) -> None:
        self.at = at
        self.opened_by = tuple(
            name.lower()
            for name in headers
            if not name.lower().startswith((*_OF_THE_PROTOCOL, *_BY_PROXIES))
        )
        self.showed_token = headers.get(AUTH_HEADER) == token
        self.events: list[str] = []
        self.shape: Shape | None = None
        self.stream_id = ""
        self.frames: list[Frame] = []
        self.fields: dict[str, tuple[str, ...]] = {}
        """The keys of the first message of each event, those of its body after a dot."""
        self.cut: Callable[[], None] = lambda: None
        self.closed = asyncio.Event()

    def tracks(self) -> dict[str, Sequence[Frame]]:
        """Return the frames of each track, in the order of their arrival."""
        names = dict.fromkeys(frame.track for frame in self.frames)
        return {name: [one for one in self.frames if one.track == name] for name in names}


class MediaLog:
    """Keeps what came on each media socket of the call, and hands its frames on."""

    def __init__(self, token: str, watch: Watch) -> None:
        self.connections: list[Connection] = []
        self.heard: HeardFrame | None = None
        """Who listens to the frames as they come."""
        self._token = token
        self._watch = watch

    def open(self, headers: Mapping[str, str], at: float) -> Connection:
        """Take a new socket."""
        connection = Connection(headers, self._token, at)
        self.connections.append(connection)
        self._watch.tell()
        return connection

    def take(self, connection: Connection, text: str) -> None:
        """Take one message of a socket."""
        try:
            message = parse_message(text)
        except BadInputError:
            connection.events.append("unreadable")
            return
        if message.event not in connection.fields:
            connection.events.append(message.event)
            connection.fields[message.event] = _fields(text)
        if message.stream_id:
            connection.stream_id = message.stream_id
        if message.start is not None:
            connection.shape = Shape.of(message.start)
        if message.media is not None:
            frame = read_frame(message, message.media)
            if len(connection.frames) < MAX_FRAMES:
                connection.frames.append(frame)
            if self.heard is not None:
                self.heard(connection, frame)
        self._watch.tell()

    def playing(self, since: int = 0) -> Connection | None:
        """Return the first connection, not counting so many before, that has frames to judge."""
        return next((one for one in self.connections[since:] if _is_enough(one)), None)

    def tell(self, facts: Facts) -> None:
        """Note what the first connection was like."""
        if not self.connections:
            return
        first = self.connections[0]
        facts.note_names("media.headers", first.opened_by)
        facts.note("media.token", "in the header" if first.showed_token else "not in the header")
        facts.note("media.events", " ".join(name_of(one) for one in first.events))
        for event, fields in first.fields.items():
            facts.note_names(f"media.fields.{event}", fields)
        if first.shape is not None and first.frames:
            tracks = first.tracks()
            facts.note_names("media.tracks", tracks)
            facts.note("media.order", say_order(tracks))
            facts.note("media.chunk", say_chunks(tracks))
            facts.note("media.sequence", say_sequence(first.frames))
            facts.note("media.timestamp", say_timestamps(tracks, first.shape))


def say_codec(connection: Connection) -> str:
    """Say what the audio of a socket is, and how long its frames are."""
    shape = connection.shape
    if shape is None:
        return "no start"
    said = f"{name_of(shape.encoding)} {shape.rate_hz} Hz {shape.channels} channels"
    length = say_length(connection.frames, shape)
    return f"{said} {length}{_byte_order(connection, shape)}"


def _byte_order(connection: Connection, shape: Shape) -> str:
    if shape.encoding.upper() != "L16":
        return ""
    for frames in connection.tracks().values():
        if order := l16_order(b"".join(frame.payload for frame in frames)):
            return f" {order}-endian"
    return " silent"


def _fields(text: str) -> tuple[str, ...]:
    tree = msgspec.json.decode(text)
    body = tree.get(tree["event"])
    nested = [f"{tree['event']}.{key}" for key in body] if isinstance(body, dict) else []
    return (*tree, *nested)


_ENOUGH = 25


def _is_enough(connection: Connection) -> bool:
    return connection.shape is not None and len(connection.frames) >= _ENOUGH
