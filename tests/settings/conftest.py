from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.settings import Settings, load_settings

PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
SECRET = "whsec_" + "c2VjcmV0" * 4
KEYS = {"TELNYX_API_KEY": "KEY0123456789", "TELNYX_PUBLIC_KEY": PUBLIC_KEY}

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from the text of a file and variables, with the two keys in place."""

    def load(text: str = "", **variables: str) -> Settings:
        path = tmp_path / "callscribe.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, KEYS | variables)

    return load


@pytest.fixture
def problems(load: Load) -> Problems:
    """Load settings that cannot be used and return what was said, without the folder's name."""

    def problems(text: str = "", **variables: str) -> list[str]:
        with pytest.raises(SettingsError) as failure:
            load(text, **variables)
        return [
            line[line.index("callscribe.toml") :] if line.startswith("/") else line
            for line in failure.value.problems
        ]

    return problems
