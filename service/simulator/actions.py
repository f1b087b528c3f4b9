"""The call-control commands: what each does to a leg, or why not.

A command changes the leg at once; what it makes audible (webhooks, streams) is in `Reply.after`,
which is run once the answer has gone out.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.ids import Track
from service.simulator.audio import Encoding
from service.simulator.engines import IN_CALL
from service.simulator.exchange import Exchange
from service.simulator.incall import InCall, open_in_call
from service.simulator.knobs import MediaKnobs
from service.simulator.leg import Hangup, Leg
from service.simulator.life import accept
from service.simulator.media import MediaStream, StreamAsk
from service.simulator.params import Params, check_config, check_stream_url
from service.simulator.problems import Problem
from service.simulator.tape import Tape

_TRACKS: Mapping[str, tuple[Track, ...]] = {
    "inbound": ("inbound",),
    "outbound": ("outbound",),
    "both": ("inbound", "outbound"),
}
_REJECTIONS = {
    "CALL_REJECTED": Hangup("call_rejected", "callee", "603"),
    "NOT_FOUND": Hangup("not_found", "callee", "404"),
    "TEMPORARILY_UNAVAILABLE": Hangup("unspecified", "callee", "480"),
    "USER_BUSY": Hangup("user_busy", "callee", "486"),
}
Effect = Callable[[], None]


def nothing() -> None:
    """Do nothing: the effect of most commands after their answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A command that was taken: the answer's `data`, and what happens after it."""

    data: Mapping[str, object]
    after: Effect = nothing
    waits_for: asyncio.Event | None = None
    """What the answer is held back for, at most 2 s."""
    repeated: bool = False
    """The same command was taken before, and is ignored."""


def ok(after: Effect = nothing) -> Reply:
    """Return the answer of most commands."""
    return Reply({"result": "ok"}, after)


def run_command(exchange: Exchange, leg: Leg, name: str, params: Params) -> Reply | Problem:
    """Do what a command says. Its parameters were checked; the leg's state was not."""
    if not leg.alive:
        return Problem("90018")
    if name in _ANSWERED_ONLY and not leg.answered.is_set():
        return Problem("90020" if name == "record_start" else "90034")
    outcome = _COMMANDS[name](exchange, leg, params)
    state = params.get("client_state")
    if isinstance(outcome, Reply) and isinstance(state, str):
        leg.client_state = state
    return outcome


def dial(exchange: Exchange, params: Params) -> Reply | Problem:
    """Make an outgoing call. Its first webhook comes after the answer, unless a knob says so."""
    to = params.get("to")
    number = to[0] if isinstance(to, list) and to else to
    if not isinstance(number, str) or not number:
        return Problem("10004" if to is None else "10026", "to must be a number", "to")
    if exchange.full:
        return Problem("90041")
    problem = _check_media(params)
    if problem:
        return problem
    leg, begin = exchange.dial((str(params["from"]), number), str(params["connection_id"]))
    leg.client_state = str(params["client_state"]) if params.get("client_state") else None
    _reroute(leg, params)
    leg.when_answered.append(_media(exchange, leg, params))
    if exchange.scenario.webhooks.before_dial_response:
        begin()
        return Reply(leg.status(), waits_for=leg.postman.tried)
    return Reply(leg.status(), begin)


def _answer(exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    if leg.plan.direction == "outgoing":
        return Problem("90102")
    if leg.answer_accepted:
        return Problem("10015", "the call has been answered before", status_wanted=422)
    problem = _check_media(params)
    if problem:
        return problem
    leg.answer_accepted = True
    _reroute(leg, params)
    leg.when_answered.append(_media(exchange, leg, params))
    shown = ("stream_url", "stream_track") if params.get("stream_url") else ()
    facts = {key: params[key] for key in shown if params.get(key)}

    def after() -> None:
        if leg.alive:
            accept(leg, facts)

    return ok(after)


def _reject(_exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    if leg.answer_accepted:
        return Problem("10015", "an answered call cannot be rejected", status_wanted=422)
    leg.hang_up(_REJECTIONS[str(params["cause"])])
    return ok()


def _hangup(_exchange: Exchange, leg: Leg, _params: Params) -> Reply | Problem:
    leg.hang_up(
        Hangup(
            "normal_clearing",
            "callee" if leg.plan.direction == "incoming" else "caller",
            "200" if leg.answered.is_set() else "unspecified",
        )
    )
    return ok()


def _start_transcription(exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    if leg.transcription is not None:
        return Problem("90054")
    problem = _check_engine(params)
    if problem:
        return problem
    made = _transcription(exchange, leg, params)
    leg.transcription = made
    return ok(lambda: leg.listen(made))


def _stop_transcription(_exchange: Exchange, leg: Leg, _params: Params) -> Reply | Problem:
    if leg.tape is not None and leg.tape.stops_in_silence:
        return Problem("90055")
    if leg.transcription is not None:
        leg.transcription.stop()
        leg.transcription = None
    return ok()


def _start_streaming(exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    if leg.stream is not None:
        return Problem("90045")
    if not params.get("stream_url"):
        return Problem("10004", "stream_url is required", "stream_url")
    return _check_media(params) or ok(_stream(exchange, leg, params))


def _stop_streaming(exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    stream, wanted = leg.stream, params.get("stream_id")
    if stream is None:
        return Problem("90048")
    if wanted not in {None, "", stream.stream_id}:
        return Problem("10005", "no stream of that id", "stream_id")
    return ok(lambda: _spawn_stop(exchange, stream))


def _spawn_stop(exchange: Exchange, stream: MediaStream) -> None:
    exchange.spawn(stream.stop(), "stop stream")


def _start_recording(exchange: Exchange, leg: Leg, params: Params) -> Reply | Problem:
    if leg.tape is not None:
        return Problem("10015", "the call is being recorded", status_wanted=422)
    if params["format"] != "wav":
        return Problem("10015", "the simulator records wav only", "format", status_wanted=422)
    if params.get("timeout_secs") and leg.transcription is not None:
        return Problem("90053")
    dice = leg.dice.derive(f"tape {len(exchange.tapes)}")
    tape = Tape(
        leg=leg,
        id=dice.uuid(),
        secret=dice.bytes(16).hex(),
        channels=str(params["channels"]),
        started_at=leg.timeline.stamp(),
        base_url=exchange.base_url,
        keep=exchange.keep,
        stops_in_silence=bool(params.get("timeout_secs")),
    )
    leg.tape = tape
    return ok(lambda: leg.listeners.append(tape))


def _stop_recording(_exchange: Exchange, leg: Leg, _params: Params) -> Reply | Problem:
    tape = leg.tape
    return _NOT_RECORDING if tape is None else ok(tape.stop)


def _pause_recording(_exchange: Exchange, leg: Leg, _params: Params) -> Reply | Problem:
    return _set_paused(leg, paused=True)


def _resume_recording(_exchange: Exchange, leg: Leg, _params: Params) -> Reply | Problem:
    return _set_paused(leg, paused=False)


def _set_paused(leg: Leg, *, paused: bool) -> Reply | Problem:
    if leg.tape is None:
        return _NOT_RECORDING
    leg.tape.paused = paused
    return ok()


def _update_client_state(_exchange: Exchange, _leg: Leg, _params: Params) -> Reply | Problem:
    return ok()  # every command that carries a client_state sets it


def _check_media(params: Params) -> Problem | None:
    url, config = params.get("stream_url"), params.get("transcription_config")
    if isinstance(url, str) and url:
        problem = check_stream_url(url)
        if problem:
            return problem
    if params.get("transcription") and isinstance(config, dict):
        return check_config(config) or _check_engine(config)
    return None


def _media(exchange: Exchange, leg: Leg, params: Params) -> Effect:
    """Return what `answer` and `dial` start once the call is answered."""

    def begin() -> None:
        if params.get("stream_url") and leg.stream is None:
            _stream(exchange, leg, params)()
        config = params.get("transcription_config")
        if params.get("transcription") and leg.transcription is None:
            made = _transcription(exchange, leg, config if isinstance(config, dict) else {})
            leg.transcription = made
            leg.listen(made)

    return begin


def _stream(exchange: Exchange, leg: Leg, params: Params) -> Effect:
    knobs = exchange.scenario.media
    track = str(params.get("stream_track") or "inbound_track")
    token = params.get("stream_auth_token")
    ask = StreamAsk(
        url=str(params["stream_url"]),
        tracks=_TRACKS[track.removesuffix("_track").removesuffix("_tracks")],
        track_name=track,
        encoding=choose_encoding(str(params.get("stream_codec") or "default"), knobs),
        auth_token=str(token) if token else None,
        custom_parameters=_named(params.get("custom_parameters")),
    )
    leg.streams_asked += 1
    dice = leg.dice.derive(f"stream {leg.streams_asked}")
    exchange.streamed.add(ask.encoding)
    stream = MediaStream(leg, ask, knobs, dice, exchange.history)
    leg.stream = stream
    return lambda: _spawn_stream(exchange, stream)


def _spawn_stream(exchange: Exchange, stream: MediaStream) -> None:
    exchange.spawn(stream.run(), "stream")


def choose_encoding(asked: str, knobs: MediaKnobs) -> Encoding:
    """Return what is sent: what was asked, where it can be encoded, and the call's own PCMU."""
    name = asked if knobs.codec == "asked" else knobs.codec
    if name == "L16":
        return Encoding("L16", knobs.l16_rate_hz, knobs.l16_endian == "big")
    return Encoding("PCMA") if name == "PCMA" else Encoding("PCMU")


def _engine(params: Params) -> str | None:
    return IN_CALL.get(str(params.get("transcription_engine") or "Google").lower())


def _config(params: Params) -> Params:
    """Join the engine's config with the older, flat form of the same."""
    nested = params.get("transcription_engine_config")
    return {**params, **(nested if isinstance(nested, dict) else {})}


def _check_engine(params: Params) -> Problem | None:
    engine = _engine(params)
    if engine is None:
        where = "transcription_engine"
        return Problem("10032", f"{where} must be one of {', '.join(IN_CALL)}", where)
    if engine == "Azure" and not _config(params).get("region"):
        return Problem("10004", "Azure needs a region", "transcription_engine_config.region")
    return None


def _transcription(exchange: Exchange, leg: Leg, params: Params) -> InCall:
    engine, config = _engine(params) or "Google", _config(params)
    tracks = _TRACKS[str(params.get("transcription_tracks") or "inbound")]
    return open_in_call(exchange, leg, engine=engine, tracks=tracks, config=config)


def _named(pairs: object) -> dict[str, str] | None:
    """Turn the request's list of names and values into the object of `start`."""
    if not isinstance(pairs, list):
        return None
    found = {
        str(pair["name"]): str(pair.get("value", ""))
        for pair in pairs
        if isinstance(pair, dict) and "name" in pair
    }
    return found or None


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


_NOT_RECORDING = Problem("10015", "the call is not being recorded", status_wanted=422)
_ANSWERED_ONLY = {
    *("transcription_start", "transcription_stop", "streaming_start", "streaming_stop"),
    *("record_start", "record_stop", "record_pause", "record_resume"),
}
_COMMANDS: Mapping[str, Callable[[Exchange, Leg, Params], Reply | Problem]] = {
    "answer": _answer,
    "reject": _reject,
    "hangup": _hangup,
    "transcription_start": _start_transcription,
    "transcription_stop": _stop_transcription,
    "streaming_start": _start_streaming,
    "streaming_stop": _stop_streaming,
    "record_start": _start_recording,
    "record_stop": _stop_recording,
    "record_pause": _pause_recording,
    "record_resume": _resume_recording,
    "client_state_update": _update_client_state,
}
