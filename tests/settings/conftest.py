from pathlib import Path

import pytest

from tests.settings.harness import Load, Problems, complainer, loader


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load settings from the text of a file and variables, with the two keys in place."""
    return loader(tmp_path)


@pytest.fixture
def problems(load: Load) -> Problems:
    """Load settings that cannot be used and return what was said, without the folder's name."""
    return complainer(load)
