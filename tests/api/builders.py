"""Keys, tokens and stored calls, as these tests need them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.api.keys import make_key
from service.api.tokens import Claims, sign_token
from service.ids import CallId, EndpointName, Scope
from service.ports import Entry, StoredEvent
from service.ports.keys import KeyStore

ALL: tuple[Scope, ...] = ("calls:read", "calls:write", "live", "admin")
NOW = 1_800_000_000.0
CALL = CallId("call-1")
GOLDEN = Path(__file__).parents[2] / "fixtures" / "events"
TYPES = (
    "call.started",
    "call.answered",
    "transcription.started",
    "transcript.final",
    "transcript.gap",
    "call.ended",
    "transcript.completed",
)


async def new_key(keys: KeyStore, *scopes: Scope, now: float = NOW) -> str:
    """Keep a new key of these scopes, and return it."""
    text, kept = make_key("test", scopes or ALL, now=now)
    await keys.keep_key(kept)
    return text


async def new_token(
    keys: KeyStore,
    key: str,
    *scopes: Scope,
    call_id: str | None = None,
    expires_at: float = NOW + 600,
) -> str:
    """Return a token of this key."""
    claims = Claims(
        key_id=key[4:16],
        scopes=scopes,
        call_id=None if call_id is None else CallId(call_id),
        expires_at=expires_at,
    )
    return sign_token(await keys.token_secret(), claims)


def golden_call(
    call_id: str = CALL,
    types: Sequence[str] = TYPES,
    *,
    endpoints: Sequence[EndpointName] = (),
    day: int = 22,
    **data: object,
) -> Entry:
    """Return a call of golden events, with other data where it matters."""
    events = []
    for seq, kind in enumerate(types, 1):
        text = (GOLDEN / f"{kind}.json").read_text().replace("2026-11-22T", f"2026-11-{day}T")
        event: dict[str, Any] = json.loads(text)
        known = {key: value for key, value in data.items() if key in event["data"]}
        event["data"] |= {**known, "call_id": call_id, "seq": seq}
        body = json.dumps(event, separators=(",", ":")).encode()
        events.append(StoredEvent(CallId(call_id), seq, kind, body))
    return Entry(
        call_id=CallId(call_id),
        version=0,
        epoch=0,
        state=b"",
        events=tuple(events),
        endpoints=tuple(endpoints),
    )
