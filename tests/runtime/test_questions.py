"""What calls ask Telnyx: whether a leg lives, and the webhooks that it could not deliver."""

import asyncio
from dataclasses import dataclass, field

import pytest

from service.calls.carrier_answers import LegStatus
from service.calls.commands import AskStatus, FetchMissed
from service.calls.inputs import Input
from service.errors import CarrierUnavailableError, CommandRefusedError
from service.ids import CallId
from service.runtime.questions import QuestionRunner
from service.tasks import Tasks, failures, open_tasks
from tests.calls.harness import CALL, A, B, hung_up
from tests.runtime.peers import ObedientCarrier
from tests.waiting import until

NOW = 1_000.0
OTHER = CallId("session-2")


@dataclass
class Asker:
    """A live call that keeps the answers."""

    call_id: CallId = CALL
    answers: list[Input] = field(default_factory=list)

    def post(self, item: Input) -> None:
        """Keep the answer."""
        self.answers.append(item)

    async def tell(self, item: Input) -> None:
        """Keep the answer."""
        self.answers.append(item)


def runner(carrier: ObedientCarrier, tasks: Tasks) -> QuestionRunner:
    """Return what asks, at a time that stands still."""
    return QuestionRunner(carrier, tasks, lambda: NOW)


async def test_a_call_is_told_whether_its_leg_lives() -> None:
    """Each question gets its answer, with the time at which it was given."""
    carrier, call = ObedientCarrier(), Asker()
    carrier.gone.add(B)
    async with open_tasks() as tasks:
        for leg_id in (A, B):
            runner(carrier, tasks).start(call, AskStatus(leg_id=leg_id))
        await until(lambda: len(call.answers) == 2)

    assert call.answers == [
        LegStatus(leg_id=A, at=NOW, alive=True, ended_at=None),
        LegStatus(leg_id=B, at=NOW, alive=False, ended_at=None),
    ]


@pytest.mark.parametrize(
    "refusal", [CarrierUnavailableError("away"), CommandRefusedError("10010", "not with this key")]
)
async def test_no_answer_is_told_as_none(refusal: Exception) -> None:
    """The call asks again when it likes; it does not wait for ever."""
    carrier, call = ObedientCarrier(), Asker()
    carrier.refusal = refusal
    async with open_tasks() as tasks:
        runner(carrier, tasks).start(call, AskStatus(leg_id=A))
        await until(lambda: call.answers != [])

    assert call.answers == [LegStatus(leg_id=A, at=NOW, alive=None, ended_at=None)]


async def test_missed_webhooks_of_many_calls_are_fetched_at_once() -> None:
    """After a restart all calls ask: Telnyx is asked once, and each call gets its own."""
    carrier, call, other = ObedientCarrier(), Asker(), Asker(OTHER)
    carrier.kept = [hung_up(NOW)]
    async with open_tasks() as tasks:
        asking = runner(carrier, tasks)
        asking.start(call, FetchMissed(since=NOW - 5))
        asking.start(other, FetchMissed(since=NOW - 9))
        await until(lambda: call.answers != [])

    assert carrier.fetched == [[CALL, OTHER]]
    assert call.answers == [hung_up(NOW)]
    assert other.answers == []


async def test_a_fetch_that_fails_is_no_end_of_fetching() -> None:
    """The next call that misses something has Telnyx asked again."""
    carrier, call = ObedientCarrier(), Asker()
    carrier.refusal = CarrierUnavailableError("away")
    before = failures["fetch_missed"]
    async with open_tasks() as tasks:
        asking = runner(carrier, tasks)
        asking.start(call, FetchMissed(since=NOW))
        await until(lambda: carrier.fetched != [])
        await asyncio.sleep(0)
        carrier.refusal, carrier.kept = None, [hung_up(NOW)]
        asking.start(call, FetchMissed(since=NOW))
        await until(lambda: call.answers != [])

    assert len(carrier.fetched) == 2
    assert failures["fetch_missed"] == before
