"""The commands about recordings: start, stop, pause, resume."""

from service.simulator.api.reply import Reply, ok
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import Line
from service.simulator.media.recording import Tape
from service.simulator.rules.params import Params
from service.simulator.rules.problems import Problem

_NOT_RECORDING = Problem("10015", "the call is not being recorded", status_wanted=422)


def start(exchange: Exchange, line: Line, params: Params) -> Reply | Problem:
    """Begin to record a call (`record_start`)."""
    if line.tape is not None:
        return Problem("10015", "the call is being recorded", status_wanted=422)
    if params["format"] != "wav":
        return Problem("10015", "the simulator records wav only", "format", status_wanted=422)
    if params.get("timeout_secs") and line.transcription is not None:
        return Problem("90053")
    rng = line.leg.rng.derive(f"tape {len(exchange.tapes)}")
    tape = Tape(
        leg=line.leg,
        id=rng.uuid(),
        secret=rng.bytes(16).hex(),
        channels=str(params["channels"]),
        started_at=line.leg.timeline.stamp(),
        base_url=exchange.base_url,
        keep=exchange.keep,
        stops_in_silence=bool(params.get("timeout_secs")),
    )
    line.tape = tape
    return ok(lambda: line.leg.listeners.append(tape))


def stop(_exchange: Exchange, line: Line, _params: Params) -> Reply | Problem:
    """Stop the recording, and tell where it is."""
    tape = line.tape
    return _NOT_RECORDING if tape is None else ok(tape.stop)


def pause(_exchange: Exchange, line: Line, _params: Params) -> Reply | Problem:
    """Record nothing until resumed."""
    return _set_paused(line, paused=True)


def resume(_exchange: Exchange, line: Line, _params: Params) -> Reply | Problem:
    """Record again."""
    return _set_paused(line, paused=False)


def _set_paused(line: Line, *, paused: bool) -> Reply | Problem:
    if line.tape is None:
        return _NOT_RECORDING
    line.tape.paused = paused
    return ok()
