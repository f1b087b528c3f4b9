"""What a call's own application said of it, carried into the metadata of its events.

A route names what: `client_state.<key>`, `header.<Name>`, `parameter.<name>` (of the media stream),
`tag`, `caller_name`. The key of the metadata is what stands last. What comes later is newer.
"""

from collections.abc import Mapping
from typing import Final

from service.calls.inputs import LegInitiated, WebhookInput
from service.calls.turn import Turn

MAX_CHARS: Final = 256
"""Of one value; the rest is cut off."""
MAX_TAGS: Final = 16


def carry(turn: Turn, item: WebhookInput) -> None:
    """Keep what a webhook says of what the route carries, for this event and all that follow."""
    for wanted in turn.route.carry:
        kind, _, name = wanted.partition(".")
        if value := _said(item, kind, name):
            turn.state.carried[name or kind] = value


def carry_parameters(turn: Turn, parameters: Mapping[str, str]) -> None:
    """Keep what the media stream says, likewise."""
    for wanted in turn.route.carry:
        kind, _, name = wanted.partition(".")
        if kind == "parameter" and (value := parameters.get(name)):
            turn.state.carried[name] = value[:MAX_CHARS]


def _said(item: WebhookInput, kind: str, name: str) -> str | list[str] | None:
    if kind == "client_state":
        return item.client_state.get(name, "")[:MAX_CHARS]
    if not isinstance(item, LegInitiated):
        return None
    if kind == "header":
        return item.headers.get(name.lower(), "")[:MAX_CHARS]
    if kind == "tag":
        return [tag[:MAX_CHARS] for tag in item.tags[:MAX_TAGS]]
    return (item.caller_name or "")[:MAX_CHARS] if kind == "caller_name" else None
