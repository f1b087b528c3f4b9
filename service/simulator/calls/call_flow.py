"""The flow of a call: it rings, is answered, the parties talk, and one of them hangs up."""

import asyncio
from collections.abc import Sequence

import structlog

from service.simulator.calls.acts import Cast, Make
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.legs.leg import UNKNOWN, Hangup, Leg
from service.simulator.legs.timeline import Pace, iso
from service.simulator.report import Said
from service.simulator.speech.script import SPEAKER_OF, Word
from service.tasks import first_of

log = structlog.get_logger()

FLUSH_TIMEOUT_S = 15.0
NORMAL = "normal_clearing"
_GAVE_UP = Hangup("originator_cancel", "caller", "487")
_LEFT_BEHIND = Hangup(NORMAL, "caller", "200")
_REFUSED = {
    "busy": Hangup("user_busy", "callee", "486"),
    "no_answer": Hangup("no_answer", "unknown", "480"),
}


async def run_call(
    runtime: LegRuntime, partner: LegRuntime | None = None, *, make: Make, frame_ms: int
) -> None:
    """Run a leg, and its partner if it is bridged, from the first ring to the last webhook.

    `make` makes the legs of agents who come later.
    """
    leg = runtime.leg
    legs = [leg] if partner is None else [leg, partner.leg]
    async with asyncio.TaskGroup() as tasks:

        def come(number: int, to: str) -> LegRuntime:
            agent = make(number, to)
            legs.append(agent.leg)
            tasks.create_task(agent.leg.sender.run(), name="webhook_sender")
            _begin(agent.leg)
            accept(agent.leg)
            return agent

        cast = Cast(runtime, partner, come, _conclude_alone)
        for one in legs:
            tasks.create_task(one.sender.run(), name="webhook_sender")
        _begin(leg)
        if partner is not None and leg.plan.siprec is not None:
            _begin(partner.leg)
            await _ring(partner.leg)
        await _ring(leg)
        if leg.answered.is_set():
            if partner is not None and leg.plan.siprec is None:
                _bridge(leg, partner.leg)
            if leg.plan.callee is not None:
                await _wait_for_bridge(leg)
            if leg.alive:
                await _talk(leg, legs, cast, frame_ms)
        cast.leave_conference()
        await _end(runtime, cast.agents)
        leg.timeline.finish()
        for one in legs:
            one.sender.close()


async def run_dialled(runtime: LegRuntime) -> None:
    """Run a leg that was dialled for another one, from its first ring to its last webhook.

    Once they are bridged, what is said is driven by the other one.
    """
    leg = runtime.leg
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(leg.sender.run(), name="webhook_sender")
        _begin(leg)
        await _ring(leg)
        if leg.answered.is_set():
            _bridge_on_answer(leg)
            await first_of(leg.over.wait(), leg.link.made.wait(), leg.link.left.wait())
            # the bridge has made it that of both
            await first_of(leg.over.wait(), leg.link.left.wait())
        if leg.link.left.is_set():
            await _conclude_alone(runtime)
        else:
            await _conclude(runtime)
        leg.report.said = ()  # the talk is reported once, by the first leg
        leg.sender.close()


def _bridge_on_answer(leg: Leg) -> None:
    """Connect a dialled leg with the one it was dialled for; in a transfer, in another's place."""
    wanted = leg.link.on_answer
    if wanted is None or not wanted.alive or not wanted.answered.is_set():
        return
    former = wanted.link.other
    if former is not None and not leg.link.replaces:
        return
    wanted.bridge(leg)
    if former is not None:
        former.part(_LEFT_BEHIND)


def accept(leg: Leg, details: dict[str, object] | None = None) -> None:
    """Answer a leg, whichever side does: emit `call.answered` and start what was asked for."""
    leg.answered_at = leg.timeline.stamp()
    leg.answer_accepted = True
    leg.report.answered = True
    answered: dict[str, object] = {
        "codec": "PCMU",
        "sampling_rate": 8000,
        "start_time": iso(leg.started_at),
        "state": "answered",
        "tags": list(leg.plan.tags),
    }
    leg.emit("call.answered", answered | (details or {}))
    leg.answered.set()
    for begin in leg.when_answered:
        begin()


def _bridge(leg: Leg, partner: Leg) -> None:
    _begin(partner)
    accept(partner)
    for one in (leg, partner):
        one.emit("call.bridged")


async def _end(runtime: LegRuntime, partners: Sequence[LegRuntime]) -> None:
    """End the leg, and those who are with it, whoever of them hung up."""
    apart = runtime.leg.plan.siprec is not None  # then it rang by itself
    there = [one for one in partners if apart or one.leg.answered.is_set()]
    hangups = [one.leg.hangup for one in (runtime, *there) if one.leg.hangup is not None]
    if not there:
        await _conclude(runtime)
        return
    for one in (runtime, *there):
        one.leg.hang_up(hangups[0] if hangups else UNKNOWN)
        await _conclude(one)
    for one in there:
        one.leg.report.said = ()  # the talk is reported once, by the first leg


async def _conclude_alone(runtime: LegRuntime) -> None:
    """Emit the last events of a leg that is gone while the others talk on."""
    leg = runtime.leg
    await runtime.finish_own()
    leg.report.outcome = (leg.hangup or UNKNOWN).cause
    leg.report.talk_ms = leg.timeline.position_ms
    _emit_hangup(leg, leg.hangup or UNKNOWN)
    runtime.conclude()


def _begin(leg: Leg) -> None:
    incoming = leg.plan.direction == "incoming"
    headers = [{"name": name, "value": value} for name, value in leg.plan.headers.items()]
    leg.emit(
        "call.initiated",
        {
            "caller_id_name": leg.id.from_number,
            "connection_codecs": "PCMU,PCMA",
            "custom_headers": headers,
            "direction": leg.plan.direction,
            "from_sip_uri": f"{leg.id.from_number}@sip.invalid",
            "offered_codecs": "PCMU,PCMA",
            "shaken_stir_validated": False,
            "start_time": iso(leg.started_at),
            "state": "parked" if incoming else "bridging",
            "tags": list(leg.plan.tags),
            "to_sip_uri": f"{leg.id.to_number}@sip.invalid",
        },
    )


async def _ring(leg: Leg) -> None:
    plan = leg.plan
    if plan.direction == "outgoing" and plan.picks_up != "no_answer":
        await first_of(leg.over.wait(), leg.timeline.sleep(plan.picks_up_after_s))
        if plan.picks_up == "busy":
            leg.hang_up(_REFUSED["busy"])
        elif leg.alive:
            accept(leg)
        return
    if not await _any_within(plan.ring_s, leg.answered, leg.over):
        leg.hang_up(_GAVE_UP if plan.direction == "incoming" else _REFUSED["no_answer"])


async def _wait_for_bridge(leg: Leg) -> None:
    if not await _any_within(leg.plan.waits_s, leg.link.made, leg.over):
        leg.hang_up(Hangup(NORMAL, "caller", "200"))


async def _talk(leg: Leg, legs: list[Leg], cast: Cast, frame_ms: int) -> None:
    if leg.plan.talk == "when_heard":
        await _any_within(leg.plan.patience_s, leg.heard, leg.over)
    leg.timeline.begin_talk()
    answered_at = leg.answered_at or leg.started_at
    leg.report.talk_offset_ms = round((leg.timeline.stamp() - answered_at) * 1000)
    pace = Pace(leg.timeline.speed)
    position_ms = 0
    while not leg.over.is_set():
        end_ms = position_ms + frame_ms
        await pace.until(end_ms)
        leg.report.note_late(end_ms, pace.late_ms(end_ms))
        for consumer in tuple(leg.consumers):
            await consumer.push(position_ms, end_ms)
        position_ms = end_ms
        leg.timeline.move(position_ms)
        await cast.play(position_ms)
        for one in (*legs, *leg.link.guests):
            one.sender.wake()
        _maybe_hang_up(leg, position_ms)


def _maybe_hang_up(leg: Leg, position_ms: int) -> None:
    if position_ms >= leg.plan.time_limit_s * 1000:
        leg.hang_up(Hangup("time_limit", "unknown", "200"))
    elif leg.plan.hangs_up == "service":
        return
    elif position_ms >= leg.audio.duration_ms + leg.plan.linger_ms:
        leg.hang_up(Hangup(NORMAL, leg.plan.hangs_up, "200"))


async def _conclude(runtime: LegRuntime) -> None:
    """Emit the last events in the order seen live: streams, hang-up, recordings."""
    leg = runtime.leg
    if leg.link.other is not None and leg.link.other.hangup is not None:
        leg.hang_up(leg.link.other.hangup)
    hangup = leg.hangup or UNKNOWN
    if not leg.failed:
        leg.report.outcome = hangup.cause
    leg.report.talk_ms = leg.timeline.position_ms
    leg.report.said = _said(leg)
    try:
        async with asyncio.timeout(FLUSH_TIMEOUT_S):
            await runtime.finish()
    except TimeoutError:
        log.warning("call_not_flushed")
    _emit_hangup(leg, hangup)
    runtime.conclude()


def _emit_hangup(leg: Leg, hangup: Hangup) -> None:
    frames = str(leg.timeline.position_ms // 20)
    quality = {
        "inbound": {
            "jitter_max_variance": "0.30",
            "jitter_packet_count": "0",
            "mos": "4.50",
            "packet_count": frames,
            "skip_packet_count": "0",
        },
        "outbound": {"packet_count": frames, "skip_packet_count": "0"},
    }
    leg.emit(
        "call.hangup",
        {
            "call_quality_stats": quality if leg.answered.is_set() else None,
            "end_time": iso(leg.ended_at or leg.timeline.stamp()),
            "hangup_cause": hangup.cause,
            "hangup_source": hangup.source,
            "sip_hangup_cause": hangup.sip_code,
            "start_time": iso(leg.started_at),
            "state": "hangup",
            "tags": list(leg.plan.tags),
        },
    )


def _said(leg: Leg) -> tuple[Said, ...]:
    """Return what was said before the end, in milliseconds since the answer."""
    if not leg.timeline.talking:
        return ()
    offset_ms = leg.report.talk_offset_ms
    return tuple(
        Said(
            SPEAKER_OF[said.track],
            said.track,
            said.text,
            said.start_ms + offset_ms,
            said.end_ms + offset_ms,
            tuple(
                Word(word.text, word.start_ms + offset_ms, word.end_ms + offset_ms)
                for word in said.words
            ),
        )
        for said in leg.spoken.script
        if said.start_ms < leg.timeline.position_ms
    )


async def _any_within(timeout_s: float, *events: asyncio.Event) -> bool:
    """Wait for the first of these events; return whether it came in time."""
    try:
        async with asyncio.timeout(timeout_s):
            await first_of(*(event.wait() for event in events))
    except TimeoutError:
        return False
    return True
