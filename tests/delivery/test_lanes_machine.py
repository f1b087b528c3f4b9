"""Lanes under anything that can happen to them, in any order: nothing lost, nothing reordered."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.delivery import replays, switches
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    HostUnavailableError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ids import CallId, EndpointName
from service.ports import REPORTED, Delivery
from service.retry import DELIVERY_DELAYS_S
from tests.delivery.builders import CRM
from tests.delivery.harness import Harness, commit, erase
from tests.delivery.lives import ENDPOINT, Lives
from tests.delivery.test_replays import Door
from tests.delivery.test_reports import ReportsByRule

OLD = EndpointName("old")
NAMES = {"c1": ("crm",), "c2": ("old",), "c3": ("crm", "old")}
"""Where the route of each call says that its events go; the old one has been taken away."""
CALLS = st.sampled_from([*NAMES])
KINDS = st.sampled_from(["call.answered", "transcript.final", "transcript.gap", "recording.saved"])
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


class LanesMachine(RuleBasedStateMachine):
    """Three calls, an endpoint and one that is gone, and everything that can come between them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.lives = Lives(Path(self._folder.name))
        self.committed: dict[str, list[str]] = {"c1": [], "c2": [], "c3": []}
        self.revision = 0
        self.replays: list[tuple[str, int, int]] = []
        self.erased: dict[str, tuple[int, int]] = {}
        """Up to which event each call was erased, and how many answers there were by then."""
        self.given_up: set[tuple[str, int]] = set()
        """What was given up by hand."""
        self.door = Door()
        """What retries go out by, beside the lanes."""

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
        self.lives.run(self.harness.commit(call, *kinds, to=NAMES[call]))

    @rule(call=CALLS, kinds=EVENTS)
    def commit_while_listing(self, call: str, kinds: list[str]) -> None:
        """The lanes find events in the journal before they are told of them."""
        if call in self.erased:
            return
        self.committed[call] += kinds

        async def find_first() -> None:
            events = await commit(self.harness.journal, call, *kinds, to=NAMES[call])
            await self.harness.lanes.list_backlog()
            self.harness.lanes.committed([EndpointName(one) for one in NAMES[call]], events)

        self.lives.run(find_first())

    @rule(call=CALLS, kinds=EVENTS)
    def commit_before_an_outage(self, call: str, kinds: list[str]) -> None:
        """What is delivered cannot be settled for a while, nor can events be read."""
        if call in self.erased:
            return
        self.committed[call] += kinds

        async def falter() -> None:
            events = await commit(self.harness.journal, call, *kinds, to=NAMES[call])
            self.harness.journal.off = True
            self.harness.lanes.committed([EndpointName(one) for one in NAMES[call]], events)
            for _ in range(50):
                await asyncio.sleep(0)
            self.harness.journal.off = False

        self.lives.run(falter())

    @rule(call=CALLS, utterance=st.integers(1, 3))
    def publish(self, call: str, utterance: int) -> None:
        """A partial is heard; it says how many events of its call were committed before it."""
        if call in self.erased or "crm" not in NAMES[call]:
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
        after = after if "crm" in NAMES[call] else 0  # it may have had nothing of the call
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

    @rule(seen=st.booleans())
    def move(self, *, seen: bool) -> None:
        """What went to the endpoint that is gone is this one's from now on; who runs it may see."""

        async def move() -> None:
            if OLD in await self.harness.journal.endpoint_names():
                await switches.move(self.harness.journal, [CRM], OLD, CRM, wanted=ENDPOINT.filter)
            if seen:
                await self.harness.lanes.list_backlog()
                self.harness.lanes.wake()

        self.lives.run(move())

    @rule()
    def park(self) -> None:
        """What went to the endpoint that is gone is given up."""

        async def park() -> None:
            if OLD in await self.harness.journal.endpoint_names():
                await switches.park(self.harness.journal, [CRM], OLD, now=0.0)
            parked = await self.harness.journal.parked(limit=10_000)
            self.given_up |= {
                (one.call_id, one.seq) for one in parked if one.reason == "no_endpoint"
            }

        self.lives.run(park())

    @rule(which=st.integers(0, 100), answers=st.lists(st.sampled_from([*ANSWERS]), max_size=2))
    def retry(self, which: int, answers: list[str]) -> None:
        """Somebody has something sent again that was given up."""

        async def retry() -> None:
            journal = self.harness.journal
            parked = await journal.parked(limit=10_000)
            if not parked:
                return
            one = parked[which % len(parked)]
            self.door.sink.script.extend(ANSWERS[name] for name in answers if name != "broken")
            before = len(self.door.sink.tried)
            came = failure = None
            try:
                came = await replays.resend(
                    journal, [ENDPOINT], one, reports=ReportsByRule(), sink=self.door
                )
            except SettingsError:
                assert one.endpoint == OLD
            except DeliveryError as error:
                failure = error
            self.door.sink.script.clear()
            if isinstance(failure, EndpointGoneError) and failure.status is None:
                assert CRM in await journal.disabled()
            still = one in await journal.parked(limit=10_000)
            assert still == (came != "arrived")
            if one.type == "call.report":
                tried = {sent.id for sent in self.door.sink.tried[before:]}
                assert tried <= {f"rpt_{one.call_id}_{one.seq}"}

        self.lives.run(retry())

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
            await erase(self.harness, call, len(self.committed[call]), to=NAMES[call])
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
        for delivery, _ in [*self._answers(), *self.door.sink.answers]:
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
            elif failure is None and kind == "rpt":
                assert (call, int(number)) in seen
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
            assert {one.endpoint for one in parked} <= {CRM}
            listed = {(one.call_id, one.seq) for one in parked}
            for call, after, since in [(call, 0, 0) for call in self.committed] + self.replays:
                erased_seq, _ = self.erased.get(call, (0, 0))
                for kind in ("evt", "rpt"):
                    delivered = {*self._delivered(call, since, kind), *self._retried(call, kind)}
                    for seq in range(max(after, erased_seq) + 1, len(self.committed[call]) + 1):
                        if kind == "evt" or self.committed[call][seq - 1] in REPORTED:
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
        if OLD in await journal.endpoint_names():
            await switches.move(journal, [CRM], OLD, CRM, wanted=ENDPOINT.filter)
        await journal.enable(CRM)
        for _ in range(10):
            await self.harness.list_backlog()
            await self.harness.advance(LONGER_THAN_ANY_DELAY_S)
        assert await journal.backlog() == []

    def _answers(self) -> list[tuple[Delivery, Exception | None]]:
        return [*self.lives.answers, *self.harness.crm.answers]

    def _retried(self, call: str, kind: str) -> list[int]:
        """Return what arrived by retries."""
        ids = (one.id.split("_") for one in self.door.sink.taken)
        return [int(seq) for of_kind, of, seq, *_ in ids if (of_kind, of) == (kind, call)]

    def _delivered(self, call: str, since: int = 0, wanted: str = "evt") -> list[int]:
        """Return the seqs of a call in the order in which each was delivered first."""
        answers = self._answers()[since:]
        ids = (one.id.split("_") for one, failure in answers if failure is None)
        return list(
            dict.fromkeys(int(seq) for kind, of, seq, *_ in ids if (kind, of) == (wanted, call))
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
        worn = {event for event, times in failed.items() if times >= MAX_ATTEMPTS}
        return erased | self.given_up | worn

    def _next_final(self, call: str, after: int) -> tuple[str, int] | None:
        for seq, kind in enumerate(self.committed[call][after:], after + 1):
            if kind == "transcript.final":
                return call, seq
        return None


LanesTest = LanesMachine.TestCase
LanesTest.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
