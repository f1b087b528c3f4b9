"""The commands about the audio of a call: media streams and transcriptions."""

from collections.abc import Mapping
from typing import cast, get_args

from service.ids import Track
from service.simulator.api.reply import Effect, Reply, ok
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.media.messages import StreamRequest
from service.simulator.media.stream import MediaStream
from service.simulator.media.transcription import Transcription, make_transcription
from service.simulator.rules.engines import IN_CALL, is_community
from service.simulator.rules.params import Params, check_config, check_stream_url
from service.simulator.rules.problems import Problem
from service.simulator.scenario.carrier_settings import Codec, InCallSettings, MediaSettings, fits
from service.simulator.speech.audio import CODED_RATE_HZ, Encoding
from service.simulator.speech.coded_track import can_encode

_NAMING = {"transcription_engine", "transcription_model"}
_TRACKS: Mapping[str, tuple[Track, ...]] = {
    "inbound": ("inbound",),
    "outbound": ("outbound",),
    "both": ("inbound", "outbound"),
}


def check_media(params: Params) -> Problem | None:
    """Check the stream and the transcription that `answer` or `dial` asks for."""
    url, config = params.get("stream_url"), params.get("transcription_config")
    if isinstance(url, str) and url:
        problem = check_stream_url(url)
        if problem:
            return problem
    if params.get("transcription") and isinstance(config, dict):
        return check_config(config) or _check_engine(config)
    return None


def start_media(exchange: Exchange, runtime: LegRuntime, params: Params) -> Effect:
    """Return what starts the stream and transcription of `answer` and `dial`, once answered."""

    def start() -> None:
        if params.get("stream_url") and runtime.stream is None:
            _make_stream(exchange, runtime, params)()
        config = params.get("transcription_config")
        if params.get("transcription") and runtime.transcription is None:
            made = _make_transcription(
                exchange, runtime, config if isinstance(config, dict) else {}
            )
            runtime.transcription = made
            runtime.leg.attach(made)

    return start


def _make_stream(
    exchange: Exchange, runtime: LegRuntime, params: Params, *, reconnect: bool = False
) -> Effect:
    settings = exchange.scenario.media
    if reconnect:
        settings = settings.model_copy(update={"reconnect": True})
    track = str(params.get("stream_track") or "inbound_track")
    token = params.get("stream_auth_token")
    request = StreamRequest(
        url=str(params["stream_url"]),
        tracks=_TRACKS[track.removesuffix("_track").removesuffix("_tracks")],
        track_name=track,
        encoding=choose_encoding(str(params.get("stream_codec") or "default"), settings),
        auth_token=str(token) if token else None,
        custom_parameters=_by_name(params.get("custom_parameters")),
    )
    runtime.streams_started += 1
    rng = runtime.leg.rng.derive(f"stream {runtime.streams_started}")
    exchange.streamed.add(request.encoding)
    exchange.streams_asked += 1
    stream = MediaStream(
        runtime.leg,
        request,
        settings,
        rng,
        history=exchange.history,
        dials=exchange.streams_asked > settings.never_dials,
    )
    runtime.stream = stream

    def connect() -> None:
        exchange.start(runtime.leg, stream.run(), "media_stream")

    return connect


def choose_encoding(codec: str, settings: MediaSettings) -> Encoding:
    """Return the encoding of a stream: the one asked for if it can be had, else the phone's."""
    name = settings.phone_codec
    if settings.codec != "asked":
        name = settings.codec
    elif codec in get_args(Codec) and fits(codec, settings.frame_ms) and can_encode(codec):
        name = cast(Codec, codec)
    match name:
        case "L16":
            return Encoding("L16", settings.l16_rate_hz, settings.l16_endian == "big")
        case "OPUS":
            return Encoding("OPUS", CODED_RATE_HZ, frame_ms=settings.frame_ms)
        case "AMR-WB":
            return Encoding(
                "AMR-WB",
                CODED_RATE_HZ,
                frame_ms=settings.frame_ms,
                octet_aligned=settings.amr_wb_shape == "octet-aligned",
                dtx=settings.dtx,
            )
        case _:
            return Encoding(name)


def start_transcription(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Start to transcribe a call (`transcription_start`)."""
    if runtime.transcription is not None:
        return Problem("90054")
    problem = _check_engine(params) or _check_shape(exchange.scenario.in_call, params)
    if problem:
        return problem
    made = _make_transcription(exchange, runtime, params)
    runtime.transcription = made
    return ok(lambda: runtime.leg.attach(made))


def stop_transcription(
    _exchange: Exchange, runtime: LegRuntime, _params: Params
) -> Reply | Problem:
    """Stop to transcribe (`transcription_stop`); no harm if nobody does."""
    if runtime.recording is not None and runtime.recording.stops_in_silence:
        return Problem("90055")
    if runtime.transcription is not None:
        runtime.transcription.stop()
        runtime.transcription = None
    return ok()


def start_streaming(
    exchange: Exchange, runtime: LegRuntime, params: Params, *, reconnect: bool = False
) -> Reply | Problem:
    """Start to stream a call's audio to the application (`streaming_start`).

    A stream of TeXML is dialled again when it drops, unless its document says otherwise.
    """
    if runtime.stream is not None:
        return Problem("90045")
    if not params.get("stream_url"):
        return Problem("10004", "stream_url is required", "stream_url")
    return check_media(params) or ok(_make_stream(exchange, runtime, params, reconnect=reconnect))


def stop_streaming(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Stop a media stream (`streaming_stop`)."""
    stream, stream_id = runtime.stream, params.get("stream_id")
    if stream is None:
        return Problem("90048")
    if stream_id not in {None, "", stream.stream_id}:
        return Problem("10005", "no stream of that id", "stream_id")

    def stop() -> None:
        exchange.start(runtime.leg, stream.stop(), "media_stream_stop")

    return ok(stop)


def _engine(params: Params) -> str | None:
    named = str(params.get("transcription_engine") or "Google")
    if is_community(named, _config(params).get("api_key_ref")):
        return named
    return IN_CALL.get(named.lower())


def _config(params: Params) -> Params:
    """Merge the engine's config with its older, flat form."""
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


def _check_shape(settings: InCallSettings, params: Params) -> Problem | None:
    """Refuse the shape of the configuration that is set to be refused."""
    where = "transcription_engine_config"
    config = params.get(where)
    nested = isinstance(config, dict) and not _NAMING.isdisjoint(config)
    if nested and settings.nested_config == "refused":
        return Problem("10015", f"{where} must not name the engine or the model", where, 422)
    flat = params.get("transcription_model") is not None
    if flat and settings.flat_config == "refused":
        return Problem("10015", f"the model belongs into {where}", "transcription_model", 422)
    return None


def _make_transcription(exchange: Exchange, runtime: LegRuntime, params: Params) -> Transcription:
    engine, config = _engine(params) or "Google", _config(params)
    tracks = _TRACKS[str(params.get("transcription_tracks") or "inbound")]
    settings = exchange.scenario.in_call
    exchange.transcriptions_asked += 1
    return make_transcription(
        runtime.leg,
        settings,
        engine=engine,
        tracks=tracks,
        config=config,
        recogniser=exchange.recogniser,
        start=exchange.start,
        silent=exchange.transcriptions_asked <= settings.silent_starts,
    )


def _by_name(pairs: object) -> dict[str, str] | None:
    """Return the request's list of names and values as the object that `start` has."""
    if not isinstance(pairs, list):
        return None
    found = {
        str(pair["name"]): str(pair.get("value", ""))
        for pair in pairs
        if isinstance(pair, dict) and "name" in pair
    }
    return found or None
