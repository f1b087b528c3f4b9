"""What a command is answered, and what it does after the answer."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Effect = Callable[[], None]


def nothing() -> None:
    """Do nothing: the effect of most commands after their answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A command that was taken: the answer's `data`, and what happens after it."""

    data: Mapping[str, object]
    after: Effect = nothing
    waits_for: asyncio.Event | None = None
    """What the answer is held back for, at most 2 s."""
    repeated: bool = False
    """The same command was taken before, and is ignored."""


def ok(after: Effect = nothing) -> Reply:
    """Return the answer of most commands."""
    return Reply({"result": "ok"}, after)
