"""Streams whose addresses an application signed: its call begins with the audio."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.calls.routes import Route
from service.errors import DrainingError, SettingsError
from service.runtime import signed_streams
from service.runtime.attaching import LegAttacher
from service.runtime.signed_streams import MAX_AHEAD_S, SigningDoor
from service.wire.stream_tokens import StreamClaims, sign_stream
from tests.calls.harness import IN_CALL, MEDIA, T0, A
from tests.runtime.harness import Runtime, open_runtime

SECRET = "a secret of at least thirty-two letters"
ROUTES = {"audio": MEDIA, "words": IN_CALL}
OTHERS = Route(match={"to": "nobody"})


class Clock:
    """Stands still until it is set."""

    now = T0

    def __call__(self) -> float:
        """Return Unix seconds."""
        return self.now


def route_for(name: str | None, changes: Mapping[str, Any]) -> Route:
    """Return a route of that name."""
    if name not in ROUTES:
        raise SettingsError(["route: there is none of this name"])
    return replace(ROUTES[name], metadata=changes["metadata"])


def door(runtime: Runtime, clock: Clock) -> SigningDoor:
    """Return the door of a runtime."""
    attacher = LegAttacher(runtime.calls, runtime.carrier, clock)
    return SigningDoor(runtime.calls, attacher, route_for, secret=SECRET, clock=clock)


def signed(
    secret: str = SECRET, *, leg: str = A, exp: float = T0 + 60, route: str = "audio"
) -> str:
    """Return what an application signed."""
    claims = StreamClaims(leg=leg, exp=exp, route=route, metadata={"ticket": "T-7"})
    return sign_stream(claims, secret)


async def test_a_signed_address_begins_its_call_and_lets_it_in(tmp_path: Path) -> None:
    """Once, however often it is dialled, also when it would be too old to begin one."""
    clock = Clock()
    async with open_runtime(tmp_path, OTHERS, clock=clock) as runtime:
        opened, token = door(runtime, clock), signed()
        first = await opened.admit(token, None)
        clock.now += 100
        again = await opened.admit(token, None)

        assert first is not None
        assert again is not None
        assert first.leg_id == again.leg_id == A
        types = [event.type for event in runtime.lanes.events]
        assert types.count("call.attached") == 1
        assert runtime.lanes.events[0].body.count(b'"ticket":"T-7"') == 1
        assert await door(runtime, clock).admit(token, None) is None


@pytest.mark.parametrize(
    "token",
    [
        signed("another secret of thirty-two letters"),
        signed(exp=T0 - 1),
        signed(exp=T0 + MAX_AHEAD_S + 1),
        signed(route="words"),
        signed(route="unknown"),
        signed(leg=""),
        "s1.e30.e30",
        "unsigned",
    ],
)
async def test_no_other_begins_any(tmp_path: Path, token: str) -> None:
    """Forged, over, good for too long, or for a route without audio."""
    clock = Clock()
    async with open_runtime(tmp_path, OTHERS, clock=clock) as runtime:
        assert await door(runtime, clock).admit(token, None) is None
        assert runtime.lanes.events == []


async def test_a_process_that_stops_begins_none(tmp_path: Path) -> None:
    """Telnyx dials another one."""
    clock = Clock()
    async with open_runtime(tmp_path, OTHERS, clock=clock) as runtime:
        await runtime.calls.drain(0)
        with pytest.raises(DrainingError):
            await door(runtime, clock).admit(signed(), None)


async def test_few_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest has to be in time again."""
    monkeypatch.setattr(signed_streams, "MAX_REMEMBERED", 1)
    clock = Clock()
    async with open_runtime(tmp_path, OTHERS, clock=clock) as runtime:
        opened = door(runtime, clock)
        tokens = [signed(leg=leg) for leg in ("v3:a", "v3:b")]
        for token in tokens:
            assert await opened.admit(token, None) is not None
        clock.now += 100

        assert [await opened.admit(token, None) is not None for token in tokens] == [False, True]
