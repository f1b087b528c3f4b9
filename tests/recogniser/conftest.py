"""The real models, loaded once."""

import pytest

from service.recogniser.scheduling.workers import Networks, load_networks


@pytest.fixture(scope="session")
def networks() -> Networks:
    """The loaded models."""
    return load_networks()
