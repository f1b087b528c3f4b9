"""What every test leaves behind as it found it."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

settings.register_profile(
    "patient",
    deadline=None,  # how long an example takes is the machine's business
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _restored_logs() -> Iterator[None]:
    """Leave logging as it was: it belongs to the process, and a test's output ends with it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    disabled = logging.root.manager.disable
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.disable(disabled)
