"""The Python client beside the service itself."""

from pathlib import Path

import pytest

from tests.clients.harness import PYTHON
from tests.clients.real import check_service


@pytest.mark.slow
async def test_all_of_the_journal_comes_over_feed_and_webhooks(tmp_path: Path) -> None:
    """See `check_service`."""
    await check_service(PYTHON, tmp_path)
