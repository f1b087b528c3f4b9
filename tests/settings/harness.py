"""Settings loaded from the text of a file and from variables, or what was said against them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import Settings, load_settings
from tests.settings.builders import KEYS

Load = Callable[..., Settings]
"""Loads settings: the text of a file, then variables."""
Problems = Callable[..., list[str]]
"""The same for settings that cannot be used; returns what was said, without the folder's name."""


def loader(folder: Path) -> Load:
    """Return how settings are loaded from a file in `folder`, with the two keys in place."""

    def load(text: str = "", **variables: str) -> Settings:
        path = folder / "callscribe.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, KEYS | variables)

    return load


def complainer(load: Load) -> Problems:
    """Return how settings that cannot be used are loaded."""

    def problems(text: str = "", **variables: str) -> list[str]:
        with pytest.raises(SettingsError) as failure:
            load(text, **variables)
        return [
            line[line.index("callscribe.toml") :] if line.startswith("/") else line
            for line in failure.value.problems
        ]

    return problems
