"""`callscribe certify`."""

import asyncio

import pytest

from service.exits import Exit
from tests.cli.harness import in_process
from tests.delivery.builders import SECRET
from tests.delivery.planted import Crm, open_crm
from tests.delivery.planted.reading import KnowsAllFields, KnowsNoArrays


@pytest.mark.parametrize(
    "case",
    [
        (Crm, (), Exit.OK, "ok    a call's events, signed"),
        (
            KnowsAllFields,
            (),
            Exit.FAILED,
            "WRONG fields that nobody knows yet: it answered 422",
        ),
        (KnowsNoArrays, ("--without", "batch"), Exit.OK, "ok    an event of 200 KB"),
    ],
)
async def test_a_receiver_is_certified(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: tuple[type[Crm], tuple[str, ...], Exit, str],
) -> None:
    """A line for each check, and an exit code for CI."""
    kind, options, code, line = case
    callscribe = in_process(monkeypatch, {})
    async with open_crm(kind) as url:
        done = await asyncio.to_thread(callscribe, "certify", url, "--secret", SECRET, *options)

    assert done == code
    assert any(one.startswith(line) for one in capsys.readouterr().out.splitlines())
