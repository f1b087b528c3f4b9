"""The commands that make, answer and end a call: dial, answer, reject, hangup."""

from service.simulator.api.media import check_media, start_media
from service.simulator.api.reply import Reply, ok
from service.simulator.calls.call_flow import accept
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.legs.leg import Hangup, Leg
from service.simulator.rules.params import Params
from service.simulator.rules.problems import Problem

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
    runtime, begin = exchange.dial((str(params["from"]), number), str(params["connection_id"]))
    leg = runtime.leg
    leg.client_state = str(params["client_state"]) if params.get("client_state") else None
    _reroute(leg, params)
    leg.when_answered.append(start_media(exchange, runtime, params))
    if exchange.scenario.webhooks.before_dial_response:
        begin()
        return Reply(leg.status(), waits_for=leg.sender.tried)
    return Reply(leg.status(), begin)


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
    leg.hang_up(
        Hangup(
            "normal_clearing",
            "callee" if leg.plan.direction == "incoming" else "caller",
            "200" if leg.answered.is_set() else "unspecified",
        )
    )
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
