"""What Telnyx's side needs: keys, signed posts, fixtures, and the media WebSocket's other end."""

import json
from collections.abc import Iterable
from pathlib import Path

import aiohttp
from nacl.signing import SigningKey

from service.ids import LegId
from service.wire.signature import sign

FIXTURES = Path(__file__).parents[2] / "fixtures"
WEBHOOKS = sorted((FIXTURES / "webhooks").glob("*.json"))
MEDIA = sorted((FIXTURES / "media").glob("*.jsonl"))

KEY = SigningKey(bytes(range(32)))
NOW = 1_795_341_600.0
LEG = LegId("v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ")


def webhook_body(name: str) -> bytes:
    """Return a golden webhook as it is posted."""
    return (FIXTURES / "webhooks" / f"{name}.json").read_bytes()


def media_lines(name: str) -> list[str]:
    """Return the messages of a golden media socket."""
    return (FIXTURES / "media" / f"{name}.jsonl").read_text().splitlines()


def signed(body: bytes, *, at: float = NOW, key: SigningKey = KEY) -> dict[str, str]:
    """Return the headers of a signed post."""
    return {**sign(key, body, int(at)), "Content-Type": "application/json"}


async def send_all(socket: aiohttp.ClientWebSocketResponse, lines: Iterable[str]) -> None:
    """Send messages as fast as they go."""
    for line in lines:
        await socket.send_str(line)


def message(event: str, **fields: object) -> str:
    """Return one media message."""
    return json.dumps({"event": event, **fields})
