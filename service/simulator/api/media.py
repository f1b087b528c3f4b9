"""The commands about who hears a call: media streams and transcriptions."""

from collections.abc import Mapping

from service.ids import Track
from service.simulator.api.reply import Effect, Reply, ok
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import Line
from service.simulator.media.messages import StreamAsk
from service.simulator.media.stream import MediaStream
from service.simulator.media.transcription import Transcription, make_transcription
from service.simulator.rules.engines import IN_CALL
from service.simulator.rules.params import Params, check_config, check_stream_url
from service.simulator.rules.problems import Problem
from service.simulator.scenario.fault_settings import MediaSettings
from service.simulator.speech.audio import Encoding

_TRACKS: Mapping[str, tuple[Track, ...]] = {
    "inbound": ("inbound",),
    "outbound": ("outbound",),
    "both": ("inbound", "outbound"),
}


def check_wishes(params: Params) -> Problem | None:
    """Return what is wrong with the stream and transcription that `answer` or `dial` asks for."""
    url, config = params.get("stream_url"), params.get("transcription_config")
    if isinstance(url, str) and url:
        problem = check_stream_url(url)
        if problem:
            return problem
    if params.get("transcription") and isinstance(config, dict):
        return check_config(config) or _check_engine(config)
    return None


def begin_with(exchange: Exchange, line: Line, params: Params) -> Effect:
    """Return what `answer` and `dial` start once the call is answered."""

    def begin() -> None:
        if params.get("stream_url") and line.stream is None:
            _stream(exchange, line, params)()
        config = params.get("transcription_config")
        if params.get("transcription") and line.transcription is None:
            made = _transcription(exchange, line, config if isinstance(config, dict) else {})
            line.transcription = made
            line.leg.listen(made)

    return begin


def _stream(exchange: Exchange, line: Line, params: Params) -> Effect:
    settings = exchange.scenario.media
    track = str(params.get("stream_track") or "inbound_track")
    token = params.get("stream_auth_token")
    ask = StreamAsk(
        url=str(params["stream_url"]),
        tracks=_TRACKS[track.removesuffix("_track").removesuffix("_tracks")],
        track_name=track,
        encoding=choose_encoding(str(params.get("stream_codec") or "default"), settings),
        auth_token=str(token) if token else None,
        custom_parameters=_named(params.get("custom_parameters")),
    )
    line.streams_asked += 1
    rng = line.leg.rng.derive(f"stream {line.streams_asked}")
    exchange.streamed.add(ask.encoding)
    stream = MediaStream(line.leg, ask, settings, rng, exchange.history)
    line.stream = stream

    def connect() -> None:
        exchange.start(line.leg, stream.run(), "media_stream")

    return connect


def choose_encoding(asked: str, settings: MediaSettings) -> Encoding:
    """Return what is sent: what was asked, where it can be encoded, and the call's own PCMU."""
    name = asked if settings.codec == "asked" else settings.codec
    if name == "L16":
        return Encoding("L16", settings.l16_rate_hz, settings.l16_endian == "big")
    return Encoding("PCMA") if name == "PCMA" else Encoding("PCMU")


def start_transcription(exchange: Exchange, line: Line, params: Params) -> Reply | Problem:
    """Begin to transcribe a call (`transcription_start`)."""
    if line.transcription is not None:
        return Problem("90054")
    problem = _check_engine(params)
    if problem:
        return problem
    made = _transcription(exchange, line, params)
    line.transcription = made
    return ok(lambda: line.leg.listen(made))


def stop_transcription(_exchange: Exchange, line: Line, _params: Params) -> Reply | Problem:
    """Stop transcribing; no harm if nobody does."""
    if line.tape is not None and line.tape.stops_in_silence:
        return Problem("90055")
    if line.transcription is not None:
        line.transcription.stop()
        line.transcription = None
    return ok()


def start_streaming(exchange: Exchange, line: Line, params: Params) -> Reply | Problem:
    """Begin to stream a call's audio to the application."""
    if line.stream is not None:
        return Problem("90045")
    if not params.get("stream_url"):
        return Problem("10004", "stream_url is required", "stream_url")
    return check_wishes(params) or ok(_stream(exchange, line, params))


def stop_streaming(exchange: Exchange, line: Line, params: Params) -> Reply | Problem:
    """Stop a media stream."""
    stream, wanted = line.stream, params.get("stream_id")
    if stream is None:
        return Problem("90048")
    if wanted not in {None, "", stream.stream_id}:
        return Problem("10005", "no stream of that id", "stream_id")

    def stop() -> None:
        exchange.start(line.leg, stream.stop(), "media_stream_stop")

    return ok(stop)


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


def _transcription(exchange: Exchange, line: Line, params: Params) -> Transcription:
    engine, config = _engine(params) or "Google", _config(params)
    tracks = _TRACKS[str(params.get("transcription_tracks") or "inbound")]
    return make_transcription(
        line.leg,
        exchange.scenario.in_call,
        engine=engine,
        tracks=tracks,
        config=config,
        recogniser=exchange.recogniser,
        start=exchange.start,
    )


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
