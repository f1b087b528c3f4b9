"""What Telnyx sends: golden webhooks, signed, and golden media messages, changed where wanted."""

import json
from base64 import b64decode
from pathlib import Path

from nacl.signing import SigningKey

from service.ids import LegId, Track
from service.wire.signature import sign

FIXTURES = Path(__file__).parents[2] / "fixtures"
WEBHOOKS = sorted((FIXTURES / "webhooks").glob("*.json"))
MEDIA = sorted((FIXTURES / "media").glob("*.jsonl"))

KEY = SigningKey(bytes(range(32)))
NOW = 1_795_341_600.0
LEG = LegId("v3:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ")
TRACKS: tuple[Track, ...] = ("inbound", "outbound")


def webhook_body(name: str) -> bytes:
    """Return a golden webhook as it is posted."""
    return (FIXTURES / "webhooks" / f"{name}.json").read_bytes()


def signed(body: bytes, *, at: float = NOW, key: SigningKey = KEY) -> dict[str, str]:
    """Return the headers of a signed post."""
    return {**sign(key, body, int(at)), "Content-Type": "application/json"}


def media_lines(name: str) -> list[str]:
    """Return the messages of a golden media socket."""
    return (FIXTURES / "media" / f"{name}.jsonl").read_text().splitlines()


CLEAN = media_lines("both_tracks")


def message(event: str, **fields: object) -> str:
    """Return one media message."""
    return json.dumps({"event": event, **fields})


def start(**fields: object) -> str:
    """Return the golden `start` with other fields."""
    return json.dumps(json.loads(CLEAN[1]) | fields)


def frame(track: str = "inbound", payload: str = "AAAA", **fields: object) -> str:
    """Return one frame of the golden stream."""
    body = {"track": track, "payload": payload, "chunk": "1"}
    stream_id = json.loads(CLEAN[1])["stream_id"]
    return message("media", media=body, **{"stream_id": stream_id, **fields})


def payloads(name: str, track: str) -> bytes:
    """Return what a recording holds of a track, in the order of its lines."""
    lines = [json.loads(line) for line in media_lines(name)]
    media = [line["media"] for line in lines if line["event"] == "media"]
    return b"".join(b64decode(each["payload"]) for each in media if each["track"] == track)
