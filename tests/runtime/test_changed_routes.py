"""A call goes on by the route that it began with, whatever the routes are at the next start."""

import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import msgspec
import pytest

from service.calls.commands import Answer, StartStreaming, StartTranscription
from service.calls.routes import AfterCall, Fallback, Retention, Route
from service.ids import CallId, EndpointName
from service.runtime.codec import decode_state
from tests.calls.harness import CALL, IN_CALL, MEDIA, A, answered, hung_up, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.test_media import START, hearing, token_of
from tests.runtime.test_registry import begin
from tests.waiting import until

CRM, OTHER = EndpointName("crm"), EndpointName("other")
FALLBACK = Fallback(engine="Google")
BEFORE = {
    source: replace(
        route,
        endpoints=(CRM,),
        fallback=(FALLBACK,),
        retention=Retention(text_days=1),
        metadata={"queue": "billing"},
    )
    for source, route in (("in_call", IN_CALL), ("media", MEDIA))
}
CHANGES: dict[str, dict[str, object] | None] = {
    "route removed": None,
    "endpoints": {"endpoints": (OTHER,)},
    "source to in_call": {"source": "in_call"},
    "source to media": {"source": "media"},
    "engine": {"engine": "AssemblyAI"},
    "fallback removed": {"fallback": ()},
    "fallback added": {"fallback": (FALLBACK, Fallback(engine="Azure"))},
    "answer": {"answer": False},
    "retention": {"retention": Retention(text_days=9)},
    "record": {"record": "audio", "after_call": AfterCall(engine="Telnyx")},
    "match": {"match": {"to": "nobody"}},
    "metadata": {"metadata": {"queue": "sales"}},
    "name": {"name": "sales"},
    "connect": {"connect": "+13125550177", "announce": "Hello.", "ring_s": 9.0},
    "voice": {"announce_voice": "AWS.Polly.Amy"},
    "model": {"model": "nova-2", "language": "es"},
    "words": {"interim_results": False, "keyterms": ("Nadia",), "endpointing_ms": False},
    "engine's own": {"engine_options": {"utterance_end_ms": 1000}, "max_session_s": 10.0},
    "codec": {"stream_codec": "L16"},
    "tracks": {"tracks": "inbound"},
    "roles": {"roles": {"inbound": "agent", "outbound": "customer"}},
    "redact": {"redact": ("pci",), "redact_level": "strict", "mask": "last4"},
    "pauses": {"pause_on": ("hello",), "resume_on": ("bye",), "pause_limit_s": 5.0},
    "carry": {"carry": ("tag",)},
    "parties": {"numbers": "last4", "show_digits": True},
    "sessions": {"siprec": True},
    "recordings of Telnyx's": {"delete_at_telnyx": True},
    "after the call": {"after_call": AfterCall(engine="Deepgram", model="nova-3")},
}
"""What is another at the next start: every key of a route has its turn."""


def changed(route: Route, changes: dict[str, object] | None) -> Sequence[Route]:
    """Return the routes of the next start."""
    return [] if changes is None else [replace(route, **changes)]  # type: ignore[arg-type]


async def route_of(runtime: Runtime, call_id: CallId) -> Route | None:
    """Return the route that is kept of a call."""
    stored = await runtime.journal.load(call_id)
    return decode_state(stored.state).route if stored else None


async def lanes_of(runtime: Runtime, call_id: CallId) -> list[EndpointName]:
    """Return the endpoints that a call has a backlog for."""
    return [row.endpoint for row in await runtime.journal.backlog() if row.call_id == call_id]


def test_every_key_of_a_route_is_changed() -> None:
    """A key that is new says here what becomes of calls that began with it otherwise."""
    changes = [change for change in CHANGES.values() if change]

    assert {key for change in changes for key in change} == {one.name for one in fields(Route)}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_call_with_in_call_words_goes_on_by_its_route(tmp_path: Path, change: str) -> None:
    """Its words are taken, go to the endpoints they went to, and are kept as long."""
    before, now = BEFORE["in_call"], time.time()
    async with open_runtime(tmp_path, before) as runtime:
        await begin(runtime, now)
        await until(
            lambda: any(isinstance(c, StartTranscription) for c in runtime.carrier.commands)
        )
    async with open_runtime(tmp_path, *changed(before, CHANGES[change])) as runtime:
        await runtime.calls.resume()
        await runtime.calls.tell(said("hello", now + 0.1))
        await runtime.calls.tell(hung_up(now + 0.2, leg=A))
        await until(lambda: any(e.type == "call.ended" for e in runtime.lanes.events))

        assert await runtime.texts(CALL) == ["hello"]
        assert await lanes_of(runtime, CALL) == [CRM]
        assert await route_of(runtime, CALL) == before
        assert await runtime.journal.text_due(now + 2 * 86_400, limit=10) == [CALL]
        said_of = [msgspec.json.decode(event.body)["data"] for event in runtime.lanes.events]
        assert {data["metadata"]["queue"] for data in said_of} == {"billing"}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_call_whose_audio_is_heard_goes_on_by_its_route(
    tmp_path: Path, change: str
) -> None:
    """Its audio is asked for again, by the route it had; the old process's token is good, too."""
    before = BEFORE["media"]
    async with open_runtime(tmp_path, before) as runtime:
        await hearing(runtime)
        (old,) = runtime.carrier.targets
    async with open_runtime(tmp_path, *changed(before, CHANGES[change])) as runtime:
        await runtime.calls.resume()
        await until(lambda: any(isinstance(c, StartStreaming) for c in runtime.carrier.commands))
        ticket = await runtime.calls.admit(token_of(old), old.auth_token)
        assert ticket is not None
        assert await ticket.started(START) is not None

        assert [one.plan.route.engine for one in runtime.recognitions.opened] == ["Deepgram"] * 2
        assert [one.plan.route.fallback for one in runtime.recognitions.opened] == [(FALLBACK,)] * 2
        assert not any(isinstance(c, StartTranscription) for c in runtime.carrier.commands)
        assert runtime.recorder.opened == []
        assert await route_of(runtime, CALL) == before
        assert await lanes_of(runtime, CALL) == [CRM]


@pytest.mark.parametrize("change", ["route removed", "answer"])
async def test_a_call_that_rings_is_answered_as_it_was_to_be(tmp_path: Path, change: str) -> None:
    """The command that nobody knows the answer of is sent again, under the id it had."""
    before, now = BEFORE["in_call"], time.time()
    async with open_runtime(tmp_path, before) as runtime:
        runtime.carrier.silent = True
        await runtime.calls.tell(initiated(now))
        await until(lambda: runtime.carrier.commands == [Answer(leg_id=A)])
        asked = runtime.carrier.ids
    async with open_runtime(tmp_path, *changed(before, CHANGES[change])) as runtime:
        await runtime.calls.resume()
        await until(lambda: runtime.carrier.commands == [Answer(leg_id=A)])

        assert runtime.carrier.ids == asked


async def test_the_next_call_goes_by_the_routes_of_today(tmp_path: Path) -> None:
    """Also one whose first webhook was too early to say which route wants it."""
    now = time.time()
    async with open_runtime(tmp_path, BEFORE["in_call"]) as runtime:
        await runtime.calls.tell(said("early", now + 0.2))
    today = replace(BEFORE["media"], endpoints=(OTHER,))
    async with open_runtime(tmp_path, today) as runtime:
        await runtime.calls.resume()
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(answered(now + 0.1))
        await until(lambda: any(isinstance(c, StartStreaming) for c in runtime.carrier.commands))

        assert await route_of(runtime, CALL) == today
        assert await lanes_of(runtime, CALL) == [OTHER]
