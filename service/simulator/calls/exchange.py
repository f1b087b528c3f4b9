"""The exchange: every leg of the simulator, and what all legs share."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace

from service.simulator.calls.call_flow import run_call, run_dialled
from service.simulator.calls.conference import Conference
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.calls.plan import PlannedCall
from service.simulator.calls.siprec import SIDES, stream_plan
from service.simulator.legs.leg import Leg, Routing, identify
from service.simulator.legs.timeline import Timeline
from service.simulator.legs.webhook_queue import WebhookQueue
from service.simulator.legs.webhook_sender import WebhookClient, WebhookSender
from service.simulator.media.recording import Recording
from service.simulator.report import History
from service.simulator.rng import Rng
from service.simulator.scenario import Callee, CallPlan, Scenario
from service.simulator.speech.audio import PCMU, Encoding
from service.simulator.speech.call_audio import CallAudio
from service.simulator.speech.made_audio import agent_audio
from service.simulator.stt.upstream import UpstreamRecogniser
from service.tasks import Tasks

MAX_LEGS = 20_000
LEFTOVER_S = 10.0
"""How long a leg may outlive the one that it was dialled for, in real seconds."""
Effect = Callable[[], None]


class Exchange:
    """Makes legs and starts what runs on them, as tasks of the room that it is given."""

    play_document: Callable[[LegRuntime, str], Coroutine[None, None, None]] | None = None
    """Plays what a TeXML application answers for a leg."""

    def __init__(
        self,
        scenario: Scenario,
        calls: Sequence[PlannedCall],
        *,
        tasks: Tasks,
        client: WebhookClient,
        history: History,
        clock: Callable[[], float],
        recogniser: UpstreamRecogniser | None,
        webhook_url: str | None,
    ) -> None:
        self.scenario = scenario
        self.calls = calls
        self.history = history
        self.clock = clock
        self.recogniser = recogniser if scenario.recogniser != "script" else None
        self.webhook_url = webhook_url
        self.base_url = ""
        self.rng = Rng(str(scenario.seed))
        self.legs: dict[str, LegRuntime] = {}
        """By `call_control_id`; those that have ended stay."""
        self.partners: dict[str, list[Leg]] = {}
        """The other legs of a bridged call, by the first one's `call_control_id`."""
        self.recordings: dict[str, Recording] = {}
        self.conferences: dict[str, Conference] = {}
        self.streams_asked = 0
        self.transcriptions_asked = 0
        self.streamed: set[Encoding] = {PCMU}
        """The encodings in which audio was streamed, so that scripted recognition knows them."""
        self._tasks = tasks
        self._client = client
        self._to_dial = [i for i, call in enumerate(calls) if call.plan.direction == "outgoing"]
        self._linked: dict[str, list[tuple[Leg, asyncio.Task[None]]]] = {}
        self._started: dict[int, tuple[Leg, asyncio.Task[None]]] = {}
        self._begun = [asyncio.Event() for _ in calls]
        self._now = asyncio.get_running_loop().time
        self._began_at: float | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds of the scenario since its first call began; 0 before."""
        if self._began_at is None:
            return 0.0
        return (self._now() - self._began_at) * (self.scenario.speed or 1.0)

    @property
    def full(self) -> bool:
        """Whether no further leg can be made: 20 000 is the bound."""
        return len(self.legs) >= MAX_LEGS

    async def play(self, index: int) -> Leg | None:
        """Play call `index` of the scenario; return its leg once all of it is over.

        An outgoing call waits for its `dial`; None if none comes in time.
        """
        planned = self.calls[index]
        if planned.plan.direction == "incoming":
            speed = self.scenario.speed
            await asyncio.sleep(planned.start_s / speed if speed else 0)
            self._begin(
                index, self._make_leg(index, planned.plan, planned.audio, _numbers(planned.plan))
            )
        try:
            async with asyncio.timeout(planned.plan.dialled_within_s):
                await self._begun[index].wait()
        except TimeoutError:
            return None
        leg, call = self._started[index]
        await asyncio.wait([call])
        if linked := self._linked.get(leg.id.control_id):
            await asyncio.wait([call for _, call in linked], timeout=LEFTOVER_S)
        return leg

    def dial(
        self, numbers: tuple[str, str], connection_id: str
    ) -> tuple[LegRuntime, Callable[[], None]]:
        """Make the leg of a `dial`; return it and a function that lets it begin.

        The first dial gets the first outgoing call of the scenario, and so on; a dial beyond them
        is picked up, and nobody speaks until somebody hangs up.
        """
        if self._to_dial:
            index = self._to_dial.pop(0)
            plan, call_audio = self.calls[index].plan, self.calls[index].audio
        else:
            index = len(self.calls) + len(self.legs)
            plan, call_audio = CallPlan(direction="outgoing", hangs_up="service"), CallAudio({})
        runtime = self._make_leg(index, plan, call_audio, numbers, connection_id=connection_id)
        return runtime, lambda: self._begin(index, runtime)

    def dial_for(self, first: Leg, numbers: tuple[str, str]) -> tuple[LegRuntime, Effect]:
        """Make the leg of a `dial` that is linked to another one, or of a transfer.

        It is one more leg of the same call.
        """
        first = first.link.first or first
        callee = first.plan.callee or Callee()
        plan = first.plan.model_copy(
            update={
                "direction": "outgoing",
                "callee": None,
                "picks_up": callee.picks_up,
                "picks_up_after_s": callee.picks_up_after_s,
                "ring_s": callee.ring_s,
            }
        )
        linked = self._linked.setdefault(first.id.control_id, [])
        index = len(self.calls) + len(self.legs)
        call_audio = first.audio.with_swapped_tracks()
        if any(said.who for said in first.plan.say):
            call_audio = agent_audio(first.plan.say, len(linked))
        runtime = self._make_leg(
            index,
            plan,
            call_audio,
            numbers,
            first=first,
            rng=first.rng.derive(f"dialled {len(linked)}"),
        )
        runtime.leg.link.first = first

        def begin() -> None:
            leg = runtime.leg
            linked.append((leg, self.start(leg, run_dialled(runtime), "simulated_leg")))

        return runtime, begin

    def start(self, leg: Leg, work: Coroutine[None, None, None], kind: str) -> asyncio.Task[None]:
        """Start a task of a leg's call; if it fails unforeseen, that call fails and no other."""
        task = self._tasks.start(work, kind, of=leg.id.control_id)
        task.add_done_callback(lambda done: _note_failure(leg, done))
        return task

    async def ask(self, url: str, form: Mapping[str, str]) -> bytes | None:
        """Ask an application for a document, as Telnyx does; None if it has none to give."""
        return await self._client.ask(url, form)

    def keep(self, recording: Recording) -> None:
        """Keep a finished recording for as long as the simulator is open."""
        self.recordings[recording.id] = recording

    def extra_legs(self) -> list[Leg]:
        """Return the dialled legs that no call of the scenario was meant for."""
        return [leg for index, (leg, _) in self._started.items() if index >= len(self.calls)]

    def linked_legs(self, leg: Leg) -> list[Leg]:
        """Return the legs that were dialled for another one."""
        return [linked for linked, _ in self._linked.get(leg.id.control_id, ())]

    def _begin(self, index: int, runtime: LegRuntime) -> None:
        leg = runtime.leg
        if self._began_at is None:
            self._began_at = self._now()
        partner = self._agent(index, leg, 0, leg.plan.bridged_to) if leg.plan.bridged_to else None
        if leg.plan.siprec is not None:
            partner = self._other_stream(index, leg)
        call = run_call(
            runtime,
            partner,
            make=lambda number, to: self._agent(index, leg, number, to),
            frame_ms=self.scenario.media.frame_ms,
        )
        self._started[index] = (leg, self.start(leg, call, "simulated_call"))
        if leg.plan.texml is not None and self.play_document is not None:
            self.start(leg, self.play_document(runtime, leg.plan.texml), "texml")
        if index < len(self._begun):
            self._begun[index].set()

    def telnyx_clock(self) -> float:
        """Return the Unix seconds that Telnyx believes it is."""
        return self.clock() + self.scenario.webhooks.skew_s

    def _agent(self, index: int, leg: Leg, number: int, to: str) -> LegRuntime:
        """Make the leg of an agent who is connected with a caller by somebody else."""
        plan = leg.plan.model_copy(update={"direction": "outgoing"})
        call_audio = leg.audio.with_swapped_tracks()
        if plan.act:
            call_audio = agent_audio(plan.say, number)
        numbers = (leg.id.to_number, to)
        rng = None if number == 0 else leg.rng.derive(f"agent {number}")
        agent = self._make_leg(index, plan, call_audio, numbers, first=leg, rng=rng)
        agent.leg.join(leg)
        self.partners.setdefault(leg.id.control_id, []).append(agent.leg)
        return agent

    def _other_stream(self, index: int, leg: Leg) -> LegRuntime:
        """Make the second call of a SIPREC session, and have the first carry its own side alone."""
        session, whole = leg.rng.derive("siprec"), leg.audio
        first, second = SIDES
        rng = leg.rng.derive("second stream")
        leg.plan, leg.audio = stream_plan(leg.plan, session, 0), whole.of_side(first)
        other = self._make_leg(
            index,
            stream_plan(leg.plan, session, 1),
            whole.of_side(second),
            (leg.id.from_number, leg.id.to_number),
            first=leg,
            rng=rng,
            session_id=rng.derive("call").uuid(),
        )
        other.leg.join(leg)
        other.leg.report.call_id = leg.report.call_id
        self.partners.setdefault(leg.id.control_id, []).append(other.leg)
        return other

    def _make_leg(
        self,
        index: int,
        plan: CallPlan,
        call_audio: CallAudio,
        numbers: tuple[str, str],
        *,
        connection_id: str | None = None,
        first: Leg | None = None,
        rng: Rng | None = None,
        session_id: str | None = None,
    ) -> LegRuntime:
        settings = self.scenario.webhooks
        purpose = f"call {index}" if first is None else f"call {index} partner"
        rng = rng or self.rng.derive(purpose)
        identity = identify(rng, connection_id or self.scenario.connection_id, numbers)
        timeline = Timeline(self.scenario.speed, self.telnyx_clock)
        if first is not None:
            timeline = first.timeline
            identity = replace(
                identity,
                session_id=session_id or first.id.session_id,
                connection_id=first.id.connection_id,
            )
        queue = WebhookQueue(settings, rng.derive("webhooks"))
        leg = Leg(
            plan,
            call_audio,
            identity,
            rng=rng,
            timeline=timeline,
            sender=WebhookSender(
                identity.control_id, queue, timeline, self._client, concurrent=settings.concurrent
            ),
            routing=Routing(self.webhook_url, settings.failover_url, settings.retries_s),
        )
        runtime = LegRuntime(leg)
        self.legs[identity.control_id] = runtime
        return runtime


def _note_failure(leg: Leg, task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        leg.fail()


def _numbers(plan: CallPlan) -> tuple[str, str]:
    return plan.from_number, plan.to_number
