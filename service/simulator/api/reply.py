"""The reply to a command, and what the command does after it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Effect = Callable[[], None]


def nothing() -> None:
    """Do nothing: the effect of most commands after their reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to an accepted command: its `data`, and what happens after it is sent."""

    data: Mapping[str, object]
    after: Effect = nothing
    waits_for: asyncio.Event | None = None
    """An event that the reply is held back for, 2 s at most."""
    repeated: bool = False
    """Whether the same command was accepted before, so that this one is ignored."""


def ok(after: Effect = nothing) -> Reply:
    """Return the reply of most commands."""
    return Reply({"result": "ok"}, after)
