"""The commands about recordings: start, stop, pause, resume."""

from service.simulator.api.reply import Reply, ok
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.media.recording import Recording
from service.simulator.rules.params import Params
from service.simulator.rules.problems import Problem

_NOT_RECORDING = Problem("10015", "the call is not being recorded", status_wanted=422)


def start(exchange: Exchange, runtime: LegRuntime, params: Params) -> Reply | Problem:
    """Begin to record a call (`record_start`)."""
    if runtime.recording is not None:
        return Problem("10015", "the call is being recorded", status_wanted=422)
    if params["format"] != "wav":
        return Problem("10015", "the simulator records wav only", "format", status_wanted=422)
    if params.get("timeout_secs") and runtime.transcription is not None:
        return Problem("90053")
    # "tape" is part of the seed: another word would give every recording another id
    rng = runtime.leg.rng.derive(f"tape {len(exchange.recordings)}")
    recording = Recording(
        leg=runtime.leg,
        id=rng.uuid(),
        secret=rng.bytes(16).hex(),
        channels=str(params["channels"]),
        started_at=runtime.leg.timeline.stamp(),
        base_url=exchange.base_url,
        keep=exchange.keep,
        clock=exchange.clock,
        link_life_s=exchange.scenario.rest.recording_link_s,
        error=exchange.scenario.rest.recording_error,
        stops_in_silence=bool(params.get("timeout_secs")),
    )
    runtime.recording = recording
    return ok(lambda: runtime.leg.attach(recording, starts_talk=False))


def stop(_exchange: Exchange, runtime: LegRuntime, _params: Params) -> Reply | Problem:
    """Stop the recording (`record_stop`)."""
    recording = runtime.recording
    return _NOT_RECORDING if recording is None else ok(recording.stop)


def pause(_exchange: Exchange, runtime: LegRuntime, _params: Params) -> Reply | Problem:
    """Pause the recording (`record_pause`)."""
    return _set_paused(runtime, paused=True)


def resume(_exchange: Exchange, runtime: LegRuntime, _params: Params) -> Reply | Problem:
    """Go on with the recording (`record_resume`)."""
    return _set_paused(runtime, paused=False)


def _set_paused(runtime: LegRuntime, *, paused: bool) -> Reply | Problem:
    if runtime.recording is None:
        return _NOT_RECORDING
    runtime.recording.paused = paused
    return ok()
