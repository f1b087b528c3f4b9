"""Workers with different settings notice it, say which, and notice that it is over."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from service.app import Machine, Running, running
from service.demo.receiver import Receiver, open_receiver
from service.ids import WorkerId
from service.ports import Neighbour
from service.settings import Settings
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from service.workers.lease import Pace, WorkerLease
from service.workers.likeness import Likeness, differing, encode_fingerprints
from tests.service.harness import Watch, settings_for
from tests.settings.builders import SECRET
from tests.waiting import PATIENCE_S, until
from tests.workers.harness import database_of

OURS = {"route": "1", "endpoint": "2", "telnyx_api_key": "3"}
BOB, CARA = WorkerId("bob"), WorkerId("cara")


def seen(**changes: str) -> str:
    """Return what stands on the roster of a worker that differs in this from ours."""
    return encode_fingerprints({**OURS, **changes})


def test_only_what_both_know_is_compared() -> None:
    """Another version has other sections; whatever else stands there is none of ours."""
    assert differing(seen(), seen(route="9")) == ["route"]
    assert differing(seen(), seen(new="1")) == []
    assert differing(seen(), "") == []
    assert differing(seen(), "[1]") == []


def test_with_another_api_key_nothing_is_said_of_the_rest() -> None:
    """Everything is hashed with it."""
    assert differing(seen(), seen(telnyx_api_key="9", route="9")) == ["telnyx_api_key"]


def test_what_differs_is_logged_when_it_changes() -> None:
    """Not at each heartbeat."""
    likeness = Likeness(OURS)
    ours = likeness.ours
    bob, cara = Neighbour(BOB, seen(route="9")), Neighbour(CARA, seen(endpoint="9"))
    with capture_logs() as logs:
        for neighbours in [(), (bob,), (bob,), (bob, cara), (cara,), (), ()]:
            likeness.compare(ours, neighbours)

    told = [(one["event"], one.get("other"), one.get("sections")) for one in logs]
    assert told == [
        ("settings_differ", BOB, ["route"]),
        ("settings_differ", CARA, ["endpoint"]),
        ("settings_alike", None, None),
    ]


def test_what_differs_is_counted_and_named() -> None:
    """For `/readyz` and the metrics."""
    likeness = Likeness(OURS)
    neighbours = (Neighbour(BOB, seen(route="9")), Neighbour(CARA, seen(route="8", endpoint="9")))
    likeness.compare(likeness.ours, (*neighbours, Neighbour(WorkerId("dan"), seen(new="1"))))
    assert (likeness.unlike, likeness.sections) == (2, ["endpoint", "route"])


@dataclasses.dataclass(frozen=True)
class Shop:
    """What workers with settings of their own need."""

    telnyx: Simulator
    receiver: Receiver
    folder: Path
    database: str

    @asynccontextmanager
    async def worker(self, **route: object) -> AsyncIterator[Running]:
        """Open a worker with this in its route."""
        settings: dict[str, Any] = dict(
            settings_for(self.telnyx, self.receiver, self.folder / "none", **route)
        )
        settings |= {"database_url": self.database, "recordings_dir": str(self.folder)}
        machine = Machine(lease=lambda: WorkerLease(pace=Pace(beat_every_s=0.05)))
        async with running(Settings.model_validate(settings), machine=machine) as service:
            yield service


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A simulator, a receiver, a database, and workers whose hearts beat fast."""
    scenario = parse_scenario({"recogniser": "script", "call": []})
    async with open_simulator(scenario) as telnyx, open_receiver(Watch().told) as receiver:
        yield Shop(telnyx, receiver, tmp_path, await database_of(tmp_path))


async def readyz(service: Running) -> dict[str, Any]:
    """Return what a worker says to whoever sends calls, once it is ready."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE_S):
        while True:  # Telnyx's SDK is being loaded
            async with session.get(f"{service.url}/readyz") as answer:
                if answer.status == HTTPStatus.OK:
                    return dict(await answer.json())
            await asyncio.sleep(0.05)


async def test_two_workers_with_different_routes_both_say_so(shop: Shop) -> None:
    """In the log and in `/readyz`, for as long as both are there."""
    with capture_logs() as logs:
        async with shop.worker() as ann:
            async with shop.worker(redact=["pci"]) as bob:
                await until(
                    lambda: (
                        ann.workers.likeness.sections == bob.workers.likeness.sections == ["route"]
                    )
                )
                assert (await readyz(ann))["settings_differ"] == ["route"]
            await until(lambda: not ann.workers.likeness.sections, 20)
            assert "settings_differ" not in await readyz(ann)
    warned = [one for one in logs if one["event"] == "settings_differ"]
    assert len(warned) == 2
    assert all(one["sections"] == ["route"] for one in warned)


async def test_a_secret_that_was_rotated_in_one_worker_is_noticed(shop: Shop) -> None:
    """Until the other one has it as well; the database never does."""
    async with shop.worker() as ann, shop.worker() as bob:
        new = [dataclasses.replace(one, secret=SECRET) for one in ann.settings.endpoint_list()]
        assert ann.rotate(new) == ["crm"]
        await until(lambda: bob.workers.likeness.sections == ["endpoint secrets"], 20)
        bob.rotate(new)
        await until(
            lambda: not ann.workers.likeness.sections and not bob.workers.likeness.sections, 20
        )
