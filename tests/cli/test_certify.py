"""`callscribe certify`."""

import asyncio

import pytest

from service.exits import Exit
from tests.cli.harness import in_process
from tests.delivery.builders import SECRET
from tests.delivery.test_certification import open_crm


@pytest.mark.parametrize(
    ("fault", "code", "line"),
    [
        ("", Exit.OK, "ok    a call's events, signed"),
        ("knows_all_fields", Exit.FAILED, "WRONG fields that nobody knows yet: it answered 422"),
    ],
)
async def test_a_receiver_is_certified(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    code: Exit,
    line: str,
) -> None:
    """A line for each check, and an exit code for CI."""
    callscribe = in_process(monkeypatch, {})
    async with open_crm(fault) as url:
        done = await asyncio.to_thread(callscribe, "certify", url, "--secret", SECRET)

    assert done == code
    assert any(one.startswith(line) for one in capsys.readouterr().out.splitlines())
