"""The networks that all sessions of a process share."""

from dataclasses import dataclass
from pathlib import Path

from service.recogniser.models.engine import Engine
from service.recogniser.models.vad import VoiceDetector
from service.recogniser.models.weights import find_models


@dataclass(frozen=True, slots=True)
class Networks:
    """The loaded networks. They keep nothing between calls; any thread may use them."""

    engine: Engine
    detector: VoiceDetector


def load_networks(model_dir: Path | None = None) -> Networks:
    """Find, check and load the models; blocks for about 0.4 s, the first time for 2 s more.

    Raises:
        SettingsError: They are not there; the text says what to install.
    """
    models = find_models(model_dir)
    return Networks(Engine(models), VoiceDetector(models.vad))
