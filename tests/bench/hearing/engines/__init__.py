"""The other engines, each behind the same few words; none is imported until it is asked for."""

from importlib import import_module
from typing import Final

from tests.bench.hearing.engines.following import Engine

MODULES: Final = {
    "moonshine-base": "moonshine_base",
    "whisper-base": "whisper",
    "whisper-tiny.en": "whisper",
    "moonshine-voice": "moonshine_native",
    "vosk": "vosk_stream",
    "pocketsphinx": "sphinx",
}


def load(name: str) -> Engine:
    """Load an engine and its weights.

    Raises:
        ImportError: Its packages are not installed.
        FileNotFoundError: Its weights are not there.
    """
    engine: Engine = import_module(f"{__name__}.{MODULES[name]}").load(name)
    return engine
