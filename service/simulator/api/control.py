"""The commands that make, answer, connect, transfer and end a call."""

from service.simulator.api.media import check_media, start_media
from service.simulator.api.reply import Effect, Reply, ok
from service.simulator.calls.call_flow import accept
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.legs.leg import Hangup, Leg
from service.simulator.rules.params import Params
from service.simulator.rules.problems import Problem

SPEAK_S_PER_WORD = 0.35
_REJECTIONS = {
    "CALL_REJECTED": Hangup("call_rejected", "callee", "603"),
    "NOT_FOUND": Hangup("not_found", "callee", "404"),
    "TEMPORARILY_UNAVAILABLE": Hangup("unspecified", "callee", "480"),
    "USER_BUSY": Hangup("user_busy", "callee", "486"),
}


def dial(exchange: Exchange, params: Params) -> Reply | Problem:
    """Make an outgoing call. By default its first webhook comes after the response."""
    to = params.get("to")
    number = to[0] if isinstance(to, list) and to else to
    if not isinstance(number, str) or not number:
        return Problem("10004" if to is None else "10026", "to must be a number", "to")
    if exchange.full:
        return Problem("90041")
    problem = check_media(params)
    if problem:
        return problem
    linked = _linked_leg(exchange, params)
    if isinstance(linked, Problem):
        return linked
    runtime, begin = _make(exchange, params, (str(params["from"]), number), linked)
    leg = runtime.leg
    leg.client_state = str(params["client_state"]) if params.get("client_state") else None
    _reroute(leg, params)
    leg.when_answered.append(start_media(exchange, runtime, params))
    if exchange.scenario.webhooks.before_dial_response:
        begin()
        return Reply(leg.status(), waits_for=leg.sender.tried)
    return Reply(leg.status(), begin)


def _linked_leg(exchange: Exchange, params: Params) -> Leg | Problem | None:
    """Return the leg that a dial is linked to, if any."""
    link = params.get("link_to")
    if not link:
        missing = Problem("10004", "link_to is required", "link_to")
        return missing if params.get("bridge_on_answer") or params.get("bridge_intent") else None
    first = exchange.legs.get(str(link))
    if first is None:
        return Problem("90015", parameter="link_to")
    return first.leg if first.leg.alive else Problem("90018", parameter="link_to")


def _make(
    exchange: Exchange, params: Params, numbers: tuple[str, str], linked: Leg | None
) -> tuple[LegRuntime, Effect]:
    if linked is None:
        runtime, begin = exchange.dial(numbers, str(params["connection_id"]))
    else:
        runtime, begin = exchange.dial_for(linked, numbers)
        runtime.leg.link.on_answer = linked if params.get("bridge_on_answer") else None
    _ring_for(runtime.leg, params)
    return runtime, begin


def answer(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Answer an incoming call."""
    leg = runtime.leg
    if leg.plan.direction == "outgoing":
        return Problem("90102")
    if leg.answer_accepted:
        return Problem("10015", "the call has been answered before", status_wanted=422)
    problem = check_media(params)
    if problem:
        return problem
    leg.answer_accepted = True
    _reroute(leg, params)
    leg.when_answered.append(start_media(exchange, runtime, params))
    shown = ("stream_url", "stream_track") if params.get("stream_url") else ()
    details = {key: params[key] for key in shown if params.get(key)}

    def after() -> None:
        if leg.alive:
            accept(leg, details)

    return ok(after)


def bridge(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Connect two legs that were answered (`bridge`)."""
    other = exchange.legs.get(str(params["call_control_id"]))
    if other is None:
        return Problem("90015", parameter="call_control_id")
    if not other.leg.alive:
        return Problem("90018", parameter="call_control_id")
    if not other.leg.answered.is_set():
        return Problem("90034", parameter="call_control_id")
    if runtime.leg.link.other is None:
        return ok(lambda: _connect(runtime.leg, other.leg))
    same = runtime.leg.link.other is other.leg
    return ok() if same else Problem("10015", "the leg is bridged", status_wanted=422)


def _connect(leg: Leg, other: Leg) -> None:
    if leg.alive and other.alive and leg.link.other is None and other.link.other is None:
        leg.bridge(other)


def transfer(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Call somebody who takes the place of whoever the leg is connected with (`transfer`).

    Until they answer, and if they do not, the leg stays as it is.
    """
    if exchange.full:
        return Problem("90041")
    leg = runtime.leg
    numbers = (str(params.get("from") or leg.id.to_number), str(params["to"]))
    agent, begin = exchange.dial_for(leg, numbers)
    agent.leg.link.on_answer, agent.leg.link.replaces = leg, True
    state = params.get("target_leg_client_state")
    agent.leg.client_state = str(state) if state else None
    _ring_for(agent.leg, params)
    _reroute(agent.leg, params)
    return ok(begin)


def _ring_for(leg: Leg, params: Params) -> None:
    rings_s = params.get("timeout_secs")
    if isinstance(rings_s, int):
        leg.plan = leg.plan.model_copy(update={"ring_s": min(leg.plan.ring_s, rings_s)})


def speak(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Say a text (`speak`): only its webhooks are heard of, after the time that it takes."""
    leg = runtime.leg

    async def say() -> None:
        leg.emit("call.speak.started")
        await leg.timeline.sleep(len(str(params["payload"]).split()) * SPEAK_S_PER_WORD)
        leg.emit("call.speak.ended", {"status": "completed" if leg.alive else "call_hangup"})

    def after() -> None:
        exchange.start(leg, say(), "speak")

    return ok(after)


def reject(_exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Reject an incoming call."""
    leg = runtime.leg
    if leg.answer_accepted:
        return Problem("10015", "an answered call cannot be rejected", status_wanted=422)
    leg.hang_up(_REJECTIONS[str(params["cause"])])
    return ok()


def hang_up(_exchange: Exchange, runtime: LegRuntime, _params: Params) -> Reply | Problem:
    """End a call (`hangup`)."""
    leg = runtime.leg
    if leg.plan.direction == "outgoing" and not leg.answered.is_set():
        leg.hang_up(Hangup("originator_cancel", "caller", "487"))
        return ok()
    hangup = Hangup(
        "normal_clearing",
        "callee" if leg.plan.direction == "incoming" else "caller",
        "200" if leg.answered.is_set() else "unspecified",
    )
    if leg.link.meeting is None:
        leg.hang_up(hangup)
    else:
        leg.part(hangup)
    return ok()


def _reroute(leg: Leg, params: Params) -> None:
    url, urls = params.get("webhook_url"), params.get("webhook_urls")
    policies = params.get("webhook_retries_policies")
    if isinstance(url, str) and url:
        leg.routing.url = url
    if isinstance(urls, dict):
        leg.routing.urls_by_event = {event: tuple(where) for event, where in urls.items()}
    if isinstance(policies, dict):
        leg.routing.retries_by_event = {
            event: tuple(wait / 1000 for wait in policy["retries_ms"])
            for event, policy in policies.items()
        }
