"""The call that the demo plays: one of its own, or a recording of the user's."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from service.demo.options import Options
from service.errors import SettingsError
from service.simulator.speech.call_audio import read_call_audio
from service.simulator.speech.script import Utterance

MAX_RECORDING_S = 4 * 3600
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCall:
    """A call to play. `script` is what is said in it, empty where nobody wrote it down."""

    path: Path
    label: str
    script: Sequence[Utterance]
    duration_s: float


def choose_call(options: Options) -> DemoCall:
    """Return the call these options ask for.

    Raises:
        SettingsError: The recording cannot be read, is not a WAV with two channels, or is too
            long; or this installation has no calls of its own.
    """
    if options.recording is not None:
        return _read(options.recording, f"recording: {options.recording.name}")
    path = _own_calls() / ("real-call.json" if options.real else "support-call.json")
    return _read(path, _label(path))


def _read(path: Path, label: str) -> DemoCall:
    call_audio = read_call_audio(path)
    duration_s = call_audio.duration_ms / 1000
    if not 0 < duration_s <= MAX_RECORDING_S:
        raise SettingsError([f"{path}: {duration_s:.0f} s long, not 1 to {MAX_RECORDING_S}"])
    return DemoCall(path=path, label=label, script=call_audio.script, duration_s=duration_s)


def _own_calls() -> Path:
    """Return where the calls are: inside an installed package, or in the source tree."""
    installed, source = _HERE / "recordings", _HERE.parents[1] / "fixtures" / "calls"
    return installed if installed.is_dir() else source


def _label(path: Path) -> str:
    try:
        return str(json.loads(path.read_bytes())["label"])
    except OSError as error:
        raise SettingsError([f"{path}: cannot be read: {error.strerror}"]) from error
