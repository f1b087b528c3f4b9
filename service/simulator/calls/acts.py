"""What the call's own application does while people talk: agents come, go, and hand over.

It is not the application under test: it controls the call, as a queue or a telephone system does,
and whoever is under test is told of it by webhooks alone.
"""

from collections.abc import Awaitable, Callable, Sequence

from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.legs.leg import Hangup, Leg
from service.simulator.scenario import Act

_GONE = Hangup("normal_clearing", "callee", "200")
Make = Callable[[int, str], LegRuntime]
"""Makes the leg of the how-manieth agent, who is called at a number; they have answered."""
_Step = tuple[int, Callable[[], Awaitable[None]]]
Conclude = Callable[[LegRuntime], Awaitable[None]]


class Cast:
    """The customer's leg, and the agents' who are connected with it one after the other."""

    def __init__(
        self, first: LegRuntime, partner: LegRuntime | None, make: Make, conclude: Conclude
    ) -> None:
        self._first = first
        self._with = partner
        self._agents = [partner] if partner is not None else []
        self._gone: list[LegRuntime] = []
        self._make = make
        self._conclude = conclude
        self._conference: str | None = None
        steps = [step for act in first.leg.plan.act for step in self._steps(act)]
        self._steps_to_come = sorted(steps, key=lambda step: step[0])

    @property
    def agents(self) -> list[LegRuntime]:
        """The agents who have not left, in the order in which they came."""
        return [agent for agent in self._agents if agent not in self._gone]

    async def play(self, position_ms: int) -> None:
        """Do what is due at this position of the talk."""
        while self._steps_to_come and self._steps_to_come[0][0] <= position_ms:
            await self._steps_to_come.pop(0)[1]()

    def leave_conference(self) -> None:
        """Emit that everybody who is in a conference has left it."""
        for leg in self._inside() if self._conference is not None else ():
            leg.emit("conference.participant.left", {"conference_id": self._conference})

    def _steps(self, act: Act) -> Sequence[_Step]:
        until_ms = act.until_ms or act.at_ms
        return {
            "bridge": [(act.at_ms, lambda: self._bring(act.to))],
            "transfer": [(act.at_ms, lambda: self._transfer(act.to))],
            "consult": [(act.at_ms, lambda: self._consult(act.to)), (until_ms, self._hand_over)],
            "conference": [(act.at_ms, lambda: self._confer(act.to))],
            "hold": [
                (act.at_ms, lambda: self._emit("call.hold")),
                (until_ms, lambda: self._emit("call.unhold")),
            ],
            "key": [(act.at_ms, lambda: self._emit("call.dtmf.received", digit=act.digit))],
        }[act.kind]

    async def _emit(self, event_type: str, **details: str) -> None:
        self._first.leg.emit(event_type, details)

    async def _bring(self, number: str) -> None:
        self._connect(self._come(number))

    async def _transfer(self, number: str) -> None:
        await self._leave()
        await self._bring(number)

    async def _consult(self, number: str) -> None:
        self._first.leg.emit("call.hold")
        colleague = self._come(number)
        if self._with is not None:
            _bridge(self._with.leg, colleague.leg)

    async def _hand_over(self) -> None:
        self._first.leg.emit("call.unhold")
        await self._leave()
        self._connect(self._agents[-1])

    async def _confer(self, number: str) -> None:
        self._come(number)
        leg = self._first.leg
        self._conference = leg.rng.derive("conference").uuid()
        leg.emit("conference.created", {"conference_id": self._conference})
        for one in self._inside():
            one.emit("conference.participant.joined", {"conference_id": self._conference})

    def _come(self, number: str) -> LegRuntime:
        agent = self._make(len(self._agents), number)
        self._agents.append(agent)
        return agent

    def _connect(self, agent: LegRuntime) -> None:
        self._with = agent
        _bridge(self._first.leg, agent.leg)

    async def _leave(self) -> None:
        """Have the agent who is connected with the customer hang up; the call goes on."""
        if self._with is None:
            return
        gone, self._with = self._with, None
        self._gone.append(gone)
        gone.leg.depart(_GONE)
        await self._conclude(gone)

    def _inside(self) -> list[Leg]:
        return [self._first.leg, *(agent.leg for agent in self.agents)]


def _bridge(one: Leg, other: Leg) -> None:
    for leg in (one, other):
        leg.emit("call.bridged")
