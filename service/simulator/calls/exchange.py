"""The exchange: every leg there is, and what they all share."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace

from service.simulator.calls.call_flow import live
from service.simulator.calls.leg_runtime import Line
from service.simulator.calls.plan import PlannedCall
from service.simulator.legs.leg import Leg, Routing, identify
from service.simulator.legs.timeline import Timeline
from service.simulator.legs.webhook_queue import WebhookQueue
from service.simulator.legs.webhook_sender import WebhookClient, WebhookSender
from service.simulator.media.recording import Tape
from service.simulator.report import History
from service.simulator.rng import Rng
from service.simulator.scenario import CallPlan, Scenario
from service.simulator.speech.audio import PCMU, Encoding
from service.simulator.speech.call_audio import Recording
from service.simulator.stt.upstream import Recogniser
from service.tasks import Tasks

MAX_LEGS = 20_000


class Exchange:
    """Makes legs and starts what runs on them, as tasks of the room that it is given."""

    def __init__(
        self,
        scenario: Scenario,
        calls: Sequence[PlannedCall],
        *,
        tasks: Tasks,
        client: WebhookClient,
        history: History,
        wall: Callable[[], float],
        recogniser: Recogniser | None,
        webhook_url: str | None,
    ) -> None:
        self.scenario = scenario
        self.calls = calls
        self.history = history
        self.wall = wall
        self.recogniser = recogniser if scenario.recogniser != "script" else None
        self.webhook_url = webhook_url
        self.base_url = ""
        self.rng = Rng(str(scenario.seed))
        self.lines: dict[str, Line] = {}
        """By `call_control_id`, also those that have ended."""
        self.partners: dict[str, Leg] = {}
        """The second leg of a bridged call, by the first one's `call_control_id`."""
        self.tapes: dict[str, Tape] = {}
        self.streamed: set[Encoding] = {PCMU}
        """In which encodings audio has gone out: what a scripted recogniser may meet again."""
        self._tasks = tasks
        self._client = client
        self._to_dial = [i for i, call in enumerate(calls) if call.plan.direction == "outgoing"]
        self._lives: dict[int, tuple[Leg, asyncio.Task[None]]] = {}
        self._begun = [asyncio.Event() for _ in calls]

    @property
    def full(self) -> bool:
        """Whether no further leg can be made: there is a bound of 20 000."""
        return len(self.lines) >= MAX_LEGS

    async def play(self, index: int) -> Leg | None:
        """Let call `index` of the scenario happen; return its leg once all of it is over.

        An outgoing call waits for its `dial`; None if none comes in time.
        """
        call = self.calls[index]
        if call.plan.direction == "incoming":
            speed = self.scenario.speed
            await asyncio.sleep(call.start_s / speed if speed else 0)
            self._begin(index, self._line(index, call.plan, call.recording, _numbers(call.plan)))
        try:
            async with asyncio.timeout(call.plan.dialled_within_s):
                await self._begun[index].wait()
        except TimeoutError:
            return None
        leg, life = self._lives[index]
        await asyncio.wait([life])
        return leg

    def dial(self, numbers: tuple[str, str], connection_id: str) -> tuple[Line, Callable[[], None]]:
        """Make the leg of a `dial`, and what lets it begin.

        The first dial gets the first outgoing call of the scenario, and so on; one beyond them
        is picked up, and nothing is said until somebody hangs up.
        """
        if self._to_dial:
            index = self._to_dial.pop(0)
            plan, recording = self.calls[index].plan, self.calls[index].recording
        else:
            index = len(self.calls) + len(self.lines)
            plan, recording = CallPlan(direction="outgoing", hangs_up="service"), Recording({})
        line = self._line(index, plan, recording, numbers, connection_id=connection_id)
        return line, lambda: self._begin(index, line)

    def start(self, leg: Leg, work: Coroutine[None, None, None], kind: str) -> asyncio.Task[None]:
        """Start a part of a leg's call; should it fail, that call fails, and no other."""
        task = self._tasks.start(work, kind, of=leg.id.control_id)
        task.add_done_callback(lambda done: _note_failure(leg, done))
        return task

    def keep(self, tape: Tape) -> None:
        """Keep a recording that is ready, as long as the simulator is open."""
        self.tapes[tape.id] = tape

    def extra_legs(self) -> list[Leg]:
        """Return the dialled legs that no call of the scenario was meant for."""
        return [leg for index, (leg, _) in self._lives.items() if index >= len(self.calls)]

    def _begin(self, index: int, line: Line) -> None:
        leg = line.leg
        partner = self._partner(index, leg) if leg.plan.bridged_to else None
        call = live(line, partner, frame_ms=self.scenario.media.frame_ms)
        self._lives[index] = (leg, self.start(leg, call, "simulated_call"))
        if index < len(self._begun):
            self._begun[index].set()

    def _partner(self, index: int, leg: Leg) -> Line:
        """Make the agent's leg of a bridged call."""
        plan = leg.plan.model_copy(update={"direction": "outgoing"})
        recording = leg.recording.from_the_other_side()
        numbers = (leg.id.to_number, leg.plan.bridged_to or "")
        partner = self._line(index, plan, recording, numbers, first=leg)
        partner.leg.join(leg)
        self.partners[leg.id.control_id] = partner.leg
        return partner

    def _line(
        self,
        index: int,
        plan: CallPlan,
        recording: Recording,
        numbers: tuple[str, str],
        *,
        connection_id: str | None = None,
        first: Leg | None = None,
    ) -> Line:
        settings = self.scenario.webhooks
        rng = self.rng.derive(f"call {index}" if first is None else f"call {index} partner")
        identity = identify(rng, connection_id or self.scenario.connection_id, numbers)
        timeline = Timeline(self.scenario.speed, self.wall)
        if first is not None:
            timeline = first.timeline
            identity = replace(
                identity,
                session_id=first.id.session_id,
                connection_id=first.id.connection_id,
            )
        queue = WebhookQueue(settings, rng.derive("webhooks"))
        leg = Leg(
            plan,
            recording,
            identity,
            rng=rng,
            timeline=timeline,
            sender=WebhookSender(
                identity.control_id, queue, timeline, self._client, concurrent=settings.concurrent
            ),
            routing=Routing(self.webhook_url, settings.failover_url, settings.retries_s),
        )
        line = Line(leg)
        self.lines[identity.control_id] = line
        return line


def _note_failure(leg: Leg, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        leg.fail()


def _numbers(plan: CallPlan) -> tuple[str, str]:
    return plan.from_number, plan.to_number
