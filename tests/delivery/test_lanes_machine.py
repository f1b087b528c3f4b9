"""Lanes under anything that can happen to them, in any order: nothing lost, nothing reordered."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.delivery import switches
from service.errors import (
    EndpointGoneError,
    HostUnavailableError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from service.ports import Delivery
from service.retry import DELIVERY_DELAYS_S
from tests.delivery.builders import CRM
from tests.delivery.harness import Harness, ManualClock, commit, erase, open_harness

T = TypeVar("T")
OLD = EndpointName("old")
CALLS = st.sampled_from(["c1", "c2", "c3"])
KINDS = st.sampled_from(["call.answered", "transcript.final", "transcript.gap"])
EVENTS = st.lists(KINDS, min_size=1, max_size=40)
ANSWERS = {
    "ok": None,
    "busy": HostUnavailableError("answered 503", status=503),
    "later": HostUnavailableError("answered 429", status=429, retry_after_s=30),
    "error": TemporaryDeliveryError("answered 500", status=500),
    "refused": PermanentDeliveryError("answered 400", status=400),
    "gone": EndpointGoneError("answered 410", status=410),
    "broken": ZeroDivisionError(),
}
MAX_ATTEMPTS = len(DELIVERY_DELAYS_S) + 1
LONGER_THAN_ANY_DELAY_S = 30 * 3600.0


class Lives:
    """One journal and clock, and the lanes over it: opened, ended and crashed again and again."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.answers: list[tuple[Delivery, Exception | None]] = []
        self._folder = folder
        self._runner = asyncio.Runner(debug=False)
        self.harness = self._begin()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this, and whatever else is due meanwhile."""
        return self._runner.run(work)

    def end(self, *, crash: bool) -> None:
        """Close the lanes; in a crash nothing more reaches the journal."""

        async def close() -> None:
            self.harness.journal.off = crash
            self._over.set()
            await self._life

        self.run(close())
        self.answers += self.harness.crm.answers

    def restart(self, *, crash: bool) -> None:
        """End one life and begin the next."""
        rule, gate = self.harness.crm.rule, self.harness.crm.gate.is_set()
        self.end(crash=crash)
        self.harness = self._begin()
        self.harness.crm.rule = rule
        if not gate:
            self.harness.crm.gate.clear()

    def close(self) -> None:
        """Close the loop as well."""
        self.end(crash=False)
        self._runner.close()

    def _begin(self) -> Harness:
        return self.run(self._open())

    async def _open(self) -> Harness:
        opened: asyncio.Future[Harness] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()

        async def live() -> None:
            async with open_harness(
                self._folder, clock=self.clock, max_in_flight=2, partial_grace_s=0.0
            ) as harness:
                opened.set_result(harness)
                await self._over.wait()

        self._life = asyncio.create_task(live())
        return await opened


class LanesMachine(RuleBasedStateMachine):
    """Three calls, one endpoint, and everything that can come between them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.lives = Lives(Path(self._folder.name))
        self.committed: dict[str, list[str]] = {"c1": [], "c2": [], "c3": []}
        self.revision = 0
        self.replays: list[tuple[str, int, int]] = []
        self.erased: dict[str, tuple[int, int]] = {}
        """Up to which event each call was erased, and how many answers there were by then."""

    @property
    def harness(self) -> Harness:
        """The present life."""
        return self.lives.harness

    @rule(call=CALLS, kinds=EVENTS)
    def commit(self, call: str, kinds: list[str]) -> None:
        """Something happens in a call."""
        if call in self.erased:
            return
        self.committed[call] += kinds
        self.lives.run(self.harness.commit(call, *kinds))

    @rule(call=CALLS, kinds=EVENTS)
    def commit_while_listing(self, call: str, kinds: list[str]) -> None:
        """The lanes find events in the journal before they are told of them."""
        if call in self.erased:
            return
        self.committed[call] += kinds

        async def find_first() -> None:
            events = await commit(self.harness.journal, call, *kinds)
            await self.harness.lanes.list_backlog()
            self.harness.lanes.committed([CRM], events)

        self.lives.run(find_first())

    @rule(call=CALLS, kinds=EVENTS)
    def commit_before_an_outage(self, call: str, kinds: list[str]) -> None:
        """What is delivered cannot be settled for a while, nor can events be read."""
        if call in self.erased:
            return
        self.committed[call] += kinds

        async def falter() -> None:
            events = await commit(self.harness.journal, call, *kinds)
            self.harness.journal.off = True
            self.harness.lanes.committed([CRM], events)
            for _ in range(50):
                await asyncio.sleep(0)
            self.harness.journal.off = False

        self.lives.run(falter())

    @rule(call=CALLS, utterance=st.integers(1, 3))
    def publish(self, call: str, utterance: int) -> None:
        """A partial is heard; it says how many events of its call were committed before it."""
        if call in self.erased:
            return
        self.revision += 1
        utterance_id = f"{call}_{len(self.committed[call])}_{utterance}"

        async def publish() -> None:
            self.harness.publish(call, utterance_id, self.revision)

        self.lives.run(publish())

    @rule()
    def settle_down(self) -> None:
        """Everything that can go out goes out. A closed gate is opened for it."""
        self.harness.crm.gate.set()
        self.lives.run(self.harness.flush())

    @rule(answer=st.sampled_from(["ok", "ok", "busy", "later", "error", "refused", "broken"]))
    def receiver_turns(self, answer: str) -> None:
        """From now on the receiver answers everything like this."""
        self.harness.crm.rule = lambda _: ANSWERS[answer]

    @rule(answers=st.lists(st.sampled_from(["ok", "busy", *ANSWERS]), max_size=5))
    def receiver_stumbles(self, answers: list[str]) -> None:
        """The next answers are these."""
        self.harness.crm.script.extend(ANSWERS[one] for one in answers)

    @rule()
    def receiver_hangs(self) -> None:
        """What comes from now on is not answered until the gate opens."""
        self.harness.crm.gate.clear()

    @rule(seconds=st.sampled_from([0.3, 1.0, 5.0, 60.0, 3600.0, 86_400.0]))
    def time_passes(self, seconds: float) -> None:
        """What is due meanwhile happens, one tick of the loop at least."""

        async def tick() -> None:
            self.lives.clock.now += seconds
            self.harness.lanes.wake()
            await asyncio.sleep(0)

        self.lives.run(tick())

    @rule(crash=st.booleans())
    def restart(self, *, crash: bool) -> None:
        """The service ends, in order or not, and starts again."""
        self.lives.restart(crash=crash)

    @rule(call=CALLS, after=st.integers(0, 5))
    def replay(self, call: str, after: int) -> None:
        """Somebody sets a lane back, and the lanes look at the backlog."""
        self.replays.append((call, after, len(self._answers())))

        async def set_back() -> None:
            await self.harness.journal.rewind(CallId(call), CRM, after)
            await self.harness.lanes.list_backlog()
            self.harness.lanes.wake()

        self.lives.run(set_back())

    @rule()
    def enable(self) -> None:
        """Somebody says that the endpoint is back."""

        async def enable_it() -> None:
            await self.harness.journal.enable(CRM)
            await self.harness.lanes.list_backlog()
            self.harness.lanes.wake()

        self.lives.run(enable_it())

    @rule()
    def disable(self) -> None:
        """Somebody switches the endpoint off."""

        async def disable_it() -> None:
            await switches.disable(self.harness.journal, [CRM], CRM, "by_hand", now=0.0)
            await self.harness.lanes.list_backlog()

        self.lives.run(disable_it())

    @rule(call=CALLS)
    def rename(self, call: str) -> None:
        """What went to an endpoint of another name is moved to this one."""
        if call in self.erased:
            return
        self.committed[call].append("call.answered")

        async def move() -> None:
            await commit(self.harness.journal, call, "call.answered", to=("old",))
            await switches.move(self.harness.journal, [CRM], OLD, CRM)
            await self.harness.lanes.list_backlog()
            self.harness.lanes.wake()

        self.lives.run(move())

    @rule(call=CALLS, kinds=EVENTS, hangs=st.booleans())
    def erase(self, call: str, kinds: list[str], *, hangs: bool) -> None:
        """A call is erased: somebody asks for it, or it was kept as long as it may be.

        Something has just happened in it, which may be on its way.
        """
        if call in self.erased:
            return
        if hangs:
            self.receiver_hangs()
        self.commit(call, kinds)
        self.committed[call].append("transcript.erased")

        async def forget() -> None:
            await erase(self.harness, call, len(self.committed[call]))
            for _ in range(3):  # what was on its way is broken off
                await asyncio.sleep(0)

        self.lives.run(forget())
        self.erased[call] = len(self.committed[call]) - 1, len(self._answers())

    @invariant()
    def of_an_erased_call_nothing_is_told_but_that(self) -> None:
        """Whoever sets its lane back, and whatever restarts."""
        for call, (erased_seq, since) in self.erased.items():
            told = (one.id.split("_") for one, _ in self._answers()[since:])
            assert {int(seq) for _, of, seq, *_ in told if of == call} <= {erased_seq + 1}

    @invariant()
    def attempts_of_a_call_do_not_overlap(self) -> None:
        """One at a time, or their order would be the network's."""
        assert self.harness.crm.overlaps == 0

    @invariant()
    def ids_and_bodies_agree(self) -> None:
        """I3: what has the same id has the same body."""
        bodies: dict[str, bytes] = {}
        for delivery, _ in self._answers():
            assert bodies.setdefault(delivery.id, delivery.body) == delivery.body

    @invariant()
    def calls_are_in_order(self) -> None:
        """I2: without repeats, seqs go up by one; only what was given up may be missing or late."""
        given_up = self._given_up()
        for call in self.committed:
            seqs = [seq for seq in self._delivered(call) if (call, seq) not in given_up]
            owed = [
                seq for seq in range(1, max(seqs, default=0) + 1) if (call, seq) not in given_up
            ]
            assert seqs == owed

    @invariant()
    def partials_are_in_order(self) -> None:
        """A partial comes after the events before it, and never after the next final."""
        given_up = self._given_up()
        seen: set[tuple[str, int]] = set()
        for delivery, failure in self._answers():
            kind, call, number, *_ = delivery.id.split("_")
            if failure is None and kind == "evt":
                seen.add((call, int(number)))
            elif failure is None:
                before = {(call, seq) for seq in range(1, int(number) + 1)}
                assert before <= seen | given_up
                final = self._next_final(call, int(number))
                assert final not in seen or final in given_up

    def teardown(self) -> None:
        """I1: once all is well again, every event was delivered, or was given up and is listed.

        The same for everything that was replayed, since then.
        """
        try:
            self.lives.run(self._recover())
            parked = self.lives.run(self.harness.journal.parked(limit=10_000))
            listed = {(one.call_id, one.seq) for one in parked}
            for call, after, since in [(call, 0, 0) for call in self.committed] + self.replays:
                delivered = set(self._delivered(call, since))
                erased_seq, _ = self.erased.get(call, (0, 0))
                for seq in range(max(after, erased_seq) + 1, len(self.committed[call]) + 1):
                    assert seq in delivered or (call, seq) in listed
        finally:
            self.lives.close()
            self._folder.cleanup()

    async def _recover(self) -> None:
        crm, journal = self.harness.crm, self.harness.journal
        crm.rule = lambda _: None
        crm.script.clear()
        crm.gate.set()
        await self.harness.flush()  # a 410 that has come already disables it
        await journal.enable(CRM)
        for _ in range(10):
            await self.harness.list_backlog()
            await self.harness.advance(LONGER_THAN_ANY_DELAY_S)
        assert await journal.backlog() == []

    def _answers(self) -> list[tuple[Delivery, Exception | None]]:
        return [*self.lives.answers, *self.harness.crm.answers]

    def _delivered(self, call: str, since: int = 0) -> list[int]:
        """Return the seqs of a call in the order in which each was delivered first."""
        answers = self._answers()[since:]
        ids = (one.id.split("_") for one, failure in answers if failure is None)
        return list(
            dict.fromkeys(int(seq) for kind, of, seq, *_ in ids if (kind, of) == ("evt", call))
        )

    def _given_up(self) -> set[tuple[str, int]]:
        """Return what was erased, was refused, or failed as often as the schedule has attempts."""
        failed: Counter[tuple[str, int]] = Counter()
        for delivery, failure in self._answers():
            kind, call, seq, *_ = delivery.id.split("_")
            if kind == "evt" and failure is not None:
                refused = isinstance(failure, PermanentDeliveryError)
                failed[call, int(seq)] += MAX_ATTEMPTS if refused else 1
        erased = {
            (call, seq)
            for call, (erased_seq, _) in self.erased.items()
            for seq in range(1, erased_seq + 1)
        }
        return erased | {event for event, times in failed.items() if times >= MAX_ATTEMPTS}

    def _next_final(self, call: str, after: int) -> tuple[str, int] | None:
        for seq, kind in enumerate(self.committed[call][after:], after + 1):
            if kind == "transcript.final":
                return call, seq
        return None


LanesTest = LanesMachine.TestCase
LanesTest.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
