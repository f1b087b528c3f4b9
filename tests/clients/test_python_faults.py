"""The Python client over a feed with one fault."""

import pytest

from tests.clients import checks
from tests.clients.harness import PYTHON
from tests.clients.peers import FAULTS


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_loses_nothing_and_doubles_nothing(name: str) -> None:
    """See `check_fault`."""
    await checks.check_fault(PYTHON, name)
