"""The real models, loaded once."""

import pytest

from service.recogniser.models.networks import Networks, load_networks


@pytest.fixture(scope="session")
def networks() -> Networks:
    """The loaded models."""
    return load_networks()
