"""The networks that all sessions of a process share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from service.recogniser.models.choice import Choice
from service.recogniser.models.engine import Engine
from service.recogniser.models.vad import VoiceDetector
from service.recogniser.models.weights import find_models


@dataclass(frozen=True, slots=True)
class Networks:
    """The loaded networks. They keep nothing between calls; any thread may use them."""

    engine: Engine
    """Makes finals, and partials while there is time for them."""
    detector: VoiceDetector
    quick_engine: Engine | None = None
    """Makes partials where there is not; None: `engine` makes all."""


def load_networks(choice: Choice = "auto", model_dir: Path | None = None) -> Networks:
    """Find, check and load the models; blocks for about 0.5 s, the first time for some 3 s more.

    Raises:
        SettingsError: They are not there; the text says what to install.
    """
    models = find_models(choice, model_dir)
    with ThreadPoolExecutor(len(models.speech)) as pool:
        engines = [*pool.map(Engine, models.speech)]
    quick = engines[1] if len(engines) > 1 else None
    return Networks(engines[0], VoiceDetector(models.vad), quick)
