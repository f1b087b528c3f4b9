"""Two calls of two routes, and keys that are bound to one of them, to both, or to neither's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.api.keys import make_key
from service.calls.commands import Reply
from service.ids import CallId
from service.ports import Binding, LaneUpdate, Parked, bind
from tests.api.builders import ALL, NOW, golden_call
from tests.api.harness import Answer, Harness, open_harness
from tests.delivery.builders import CRM
from tests.delivery.peers import open_receiver
from tests.journal.harness import Adapter, sqlite_database

OWN = CallId("call-billing")
OTHER = CallId("call-sales")
ABSENT = CallId("call-absent")
BINDINGS: dict[str, Binding] = {
    "none": bind(),
    "matching route": bind(["billing"]),
    "other route": bind(["sales"]),
    "matching metadata": bind(metadata=[("queue", "billing")]),
    "other metadata": bind(metadata=[("queue", "sales")]),
}
SEEN: dict[str, frozenset[CallId]] = {
    "none": frozenset({OWN, OTHER}),
    "matching route": frozenset({OWN}),
    "other route": frozenset({OTHER}),
    "matching metadata": frozenset({OWN}),
    "other metadata": frozenset({OTHER}),
}
PARKED_SEQ = 3


@dataclass
class BoundWorld:
    """The API with both calls, and one key that may do all, within its binding."""

    harness: Harness
    key: str
    seen: frozenset[CallId]
    parked: dict[CallId, int]
    """The delivery of each call that was given up."""

    async def ask(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - handed on
        """Send a request with the key."""
        return await self.harness.ask(method, path, key=self.key, **options)

    async def get(self, path: str, **options: Any) -> Answer:  # noqa: ANN401 - handed on
        """Send a GET with the key."""
        return await self.ask("GET", path, **options)

    def have_answer(self, call_id: str) -> None:
        """Have the live calls answer the next question: that of a call that there is, or none."""
        known = call_id != ABSENT
        answer = Reply(changed=True, transcription="paused", at_ms=5) if known else None
        self.harness.controls.answers[:] = [answer]

    async def commit(self, call_id: str, queue: str, **changes: Any) -> None:  # noqa: ANN401 - handed on
        """Commit a whole call of a route and its queue; the hub knows of it soon."""
        about = {"route": queue, "metadata": {"queue": queue}, **changes}
        await self.harness.commit_call(call_id, endpoints=[CRM], **about)
        self.harness.calls.hub.committed_elsewhere()


@asynccontextmanager
async def open_bound_world(
    folder: Path, binding: str, adapter: Adapter = sqlite_database
) -> AsyncIterator[BoundWorld]:
    """Serve both calls to a key of this binding."""
    for call_id in (OWN, OTHER):
        (folder / f"{call_id}.wav").write_bytes(b"RIFF" + call_id.encode())
    async with (
        open_receiver() as receiver,
        open_harness(folder, crm_url=receiver.url, adapter=adapter) as harness,
    ):
        key = await bound_key(harness, BINDINGS[binding])
        world = BoundWorld(harness, key, SEEN[binding], {})
        harness.controls.kept = (OWN, OTHER)
        for call_id, queue in ((OWN, "billing"), (OTHER, "sales")):
            await world.commit(call_id, queue)
            file = f"{call_id}.wav"
            journal = harness.journal
            await journal.keep_recording(call_id, file, started_at=0.0, delete_at=None)
            given_up = Parked(PARKED_SEQ, 400, "http_400")
            await journal.settle([LaneUpdate(call_id, CRM, PARKED_SEQ, parked=given_up)])
        parked = await harness.journal.parked(limit=9)
        world.parked.update({one.call_id: one.id for one in parked})
        await harness.calls.caught_up()
        yield world


async def bound_key(harness: Harness, binding: Binding) -> str:
    """Keep a new key of all scopes with this binding, and return it."""
    text, kept = make_key("test", ALL, now=NOW, binding=binding)
    await harness.keys.keep_key(kept)
    return text


def whole(call_id: str) -> int:
    """Return how many events a whole call has."""
    return len(golden_call(call_id).events)
