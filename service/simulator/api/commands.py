"""The call-control commands by name: each changes a leg, or says why it cannot.

A command changes the leg at once; what others notice of it (webhooks, streams) is in
`Reply.after`, which runs once the response has been sent.
"""

from collections.abc import Callable, Mapping

from service.simulator.api import control, media, recording
from service.simulator.api.reply import Reply, ok
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.leg_runtime import LegRuntime
from service.simulator.rules.params import Params
from service.simulator.rules.problems import Problem


def run_command(
    exchange: Exchange, runtime: LegRuntime, name: str, params: Params
) -> Reply | Problem:
    """Run a command. Its parameters have been checked; the state of the leg has not."""
    leg = runtime.leg
    if not leg.alive:
        return Problem(exchange.scenario.rest.after_end)
    if name in _ANSWERED_ONLY and not leg.answered.is_set():
        return Problem("90020" if name == "record_start" else "90034")
    outcome = _COMMANDS[name](exchange, runtime, params)
    state = params.get("client_state")
    if isinstance(outcome, Reply) and isinstance(state, str):
        leg.client_state = state
    return outcome


def _update_client_state(
    _exchange: Exchange, _runtime: LegRuntime, _params: Params
) -> Reply | Problem:
    return ok()  # every command that carries a client_state sets it


_ANSWERED_ONLY = {
    *("transcription_start", "transcription_stop", "streaming_start", "streaming_stop"),
    *("record_start", "record_stop", "record_pause", "record_resume", "speak", "bridge"),
    "transfer",
}
_COMMANDS: Mapping[str, Callable[[Exchange, LegRuntime, Params], Reply | Problem]] = {
    "answer": control.answer,
    "reject": control.reject,
    "hangup": control.hang_up,
    "bridge": control.bridge,
    "transfer": control.transfer,
    "speak": control.speak,
    "transcription_start": media.start_transcription,
    "transcription_stop": media.stop_transcription,
    "streaming_start": media.start_streaming,
    "streaming_stop": media.stop_streaming,
    "record_start": recording.start,
    "record_stop": recording.stop,
    "record_pause": recording.pause,
    "record_resume": recording.resume,
    "client_state_update": _update_client_state,
}
