"""Any history of the journal looks, from outside, as its model says."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.errors import DuplicateInputError, StaleCallError
from service.ids import CallId, EndpointName, InputId, LegId
from service.ports import Entry, Journal, LaneUpdate, Parked
from tests.journal.builders import entry
from tests.journal.harness import Adapter
from tests.journal.model import Model, Outcome

T = TypeVar("T")
MANY = 40
FEW = 10
"""Where each step takes trips to a server."""

calls = st.sampled_from([CallId(f"call-{n}") for n in range(3)])
endpoints = st.sampled_from([EndpointName("crm"), EndpointName("log")])
mostly_right = st.sampled_from([0, 0, 0, 0, 0, 0, -1, 1])
proposals = st.tuples(
    calls,
    mostly_right,  # version
    mostly_right,  # epoch
    mostly_right,  # first seq
    st.integers(0, 3),  # events
    st.lists(st.integers(0, 30), max_size=2),  # inputs
    st.lists(endpoints, unique=True),
    st.lists(st.integers(0, 3), max_size=2),  # legs
)
updates = st.tuples(
    calls, endpoints, st.integers(0, 8), st.booleans(), st.sampled_from([None, 0, 0, 1, 2])
)


def outcome_of(result: object) -> Outcome:
    """Say in the model's words what came of a commit."""
    if isinstance(result, DuplicateInputError):
        return frozenset(InputId(one) for one in result.input_ids)
    if isinstance(result, StaleCallError):
        return "stale"
    assert result is None, result
    return "written"


class JournalHistory(RuleBasedStateMachine):
    """Commits in batches, adoption, settlement, rewinding, parking, cancelling, reopening."""

    def __init__(self, adapter: Adapter) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.database = adapter(Path(self.folder.name), hasty=True)
        self.stack = AsyncExitStack()
        self.model = Model()
        self.journal: Journal = self.run(self.stack.enter_async_context(self.database.journal()))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self.runner.run(doing)

    def teardown(self) -> None:
        """Close everything."""
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    def entry(self, proposal: tuple[Any, ...], ahead: int = 0) -> Entry:
        """Make an entry that is right or nearly so, `ahead` entries after what is known."""
        call_id, version, epoch, seq, events, inputs, joined, legs = proposal
        known = self.model.calls.get(call_id)
        first = (len(known.events) if known else 0) + 1 + seq
        return entry(
            max(0, (known.entry.version + 1 if known else 0) + version + ahead),
            range(first, first + events),
            call_id=call_id,
            epoch=(known.epoch if known else 1) + epoch,
            inputs=[f"input-{n}" for n in inputs],
            endpoints=joined,
            legs=[f"leg-{n}" for n in legs],
        )

    @rule(proposals=st.lists(proposals, min_size=1, max_size=6))
    def commit(self, proposals: list[tuple[Any, ...]]) -> None:
        """Commit several at once; each is decided as if they came one by one."""
        order: dict[CallId, int] = {}
        entries = []
        for proposal in proposals:
            entries.append(self.entry(proposal, order.get(proposal[0], 0)))
            order[proposal[0]] = order.get(proposal[0], 0) + 1

        async def all_at_once() -> list[object]:
            return await asyncio.gather(*map(self.journal.commit, entries), return_exceptions=True)

        results = self.run(all_at_once())
        assert [outcome_of(result) for result in results] == list(map(self.model.commit, entries))

    @rule(proposal=proposals)
    def commit_and_stop_waiting(self, proposal: tuple[Any, ...]) -> None:
        """A cancelled commit is whole or absent."""
        entry = self.entry(proposal)

        async def begin_and_cancel() -> bool:
            task = asyncio.create_task(self.journal.commit(entry))
            await self.journal.disabled()
            task.cancel()
            await asyncio.wait([task])
            await self.journal.check()  # comes after it in the writer's queue
            stored = await self.journal.load(entry.call_id)
            return stored is not None and stored.version == entry.version + 1

        known = self.model.calls.get(entry.call_id)
        if known is None or known.entry.version + 1 == entry.version:
            if self.run(begin_and_cancel()):
                assert self.model.commit(entry) == "written"
        else:
            self.run(begin_and_cancel())

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data())
    def adopt(self, data: st.DataObject) -> None:
        """Take a call over."""
        call_id = data.draw(st.sampled_from(sorted(self.model.calls)))
        self.model.calls[call_id].epoch += 1
        assert self.run(self.journal.adopt(call_id)) == self.model.calls[call_id].epoch

    @rule(updates=st.lists(updates, max_size=5), number=st.integers(0, 9))
    def settle(self, updates: list[tuple[Any, ...]], number: int) -> None:
        """Settle lanes, some of them wrongly, some parking their last event."""
        made = [
            LaneUpdate(
                call_id,
                endpoint,
                seq,
                attempts=number,
                due_at=float(number),
                parked=Parked(seq, 404, f"reason-{number}") if gives_up else None,
                generation=generation,
            )
            for call_id, endpoint, seq, gives_up, generation in updates
        ]
        by_lane = {(update.call_id, update.endpoint): update for update in made}
        self.run(self.journal.settle(list(by_lane.values())))
        for update in by_lane.values():
            self.model.settle(update)

    @rule(call_id=calls, endpoint=endpoints, after_seq=st.integers(0, 6))
    def rewind(self, call_id: CallId, endpoint: EndpointName, after_seq: int) -> None:
        """Rewind a lane, from a process beside the service."""

        async def beside() -> None:
            async with self.database.journal(exclusive=False) as journal:
                await journal.rewind(call_id, endpoint, after_seq)

        self.run(beside())
        self.model.rewind(call_id, endpoint, after_seq)

    @precondition(lambda self: self.model.parked)
    @rule()
    def unpark(self) -> None:
        """Take the newest parked delivery out."""
        (parked,) = self.run(self.journal.parked(limit=1))
        assert self.run(self.journal.unpark(parked.id)) == parked
        status, reason = self.model.parked.pop((parked.call_id, parked.endpoint, parked.seq))
        assert (status, reason) == (parked.status, parked.reason)

    @rule()
    def reopen(self) -> None:
        """Close and open again."""
        self.run(self.stack.aclose())
        self.journal = self.run(self.stack.enter_async_context(self.database.journal()))

    @invariant()
    def looks_like_its_model(self) -> None:
        """Everything that can be read is as it should be."""
        self.run(self.compare())

    async def compare(self) -> None:
        """Read everything."""
        journal, model = self.journal, self.model
        for call_id, call in model.calls.items():
            stored = await journal.load(call_id)
            assert stored is not None
            assert (stored.version, stored.epoch) == (call.entry.version + 1, call.epoch)
            assert stored.state == call.entry.state
            assert await journal.read(call_id, after_seq=0, limit=1000) == call.events
        assert {call.call_id for call in await journal.unfinished()} == set(model.calls)
        by_lane = sorted(model.backlog(), key=lambda lane: (lane.call_id, lane.endpoint))
        backlog = sorted(await journal.backlog(), key=lambda lane: (lane.call_id, lane.endpoint))
        assert backlog == by_lane
        parked = await journal.parked(limit=1000)
        assert {
            (p.call_id, p.endpoint, p.seq): (p.status, p.reason) for p in parked
        } == model.parked
        legs = [LegId(f"leg-{n}") for n in range(4)]
        assert [await journal.find_call(leg) for leg in legs] == [
            model.legs.get(leg) for leg in legs
        ]


@pytest.mark.slow
def test_any_history_looks_as_its_model_says(adapter_name: str, adapter: Adapter) -> None:
    """After every step, whatever the steps."""
    run_state_machine_as_test(
        partial(JournalHistory, adapter),  # type: ignore[arg-type]  # any factory will do
        settings=settings(
            max_examples=FEW if adapter_name == "postgresql" else MANY,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
