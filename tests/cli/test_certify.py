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


def test_what_was_not_tried_is_not_called_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one thing that is wrong can be seen, and why the others were left out."""
    callscribe = in_process(monkeypatch, {})
    done = callscribe("certify", "http://127.0.0.1:1", "--secret", SECRET, "--without", "batch")

    lines = capsys.readouterr().out.splitlines()
    assert done == Exit.FAILED
    assert [line.split()[0] for line in lines[:-1]] == ["WRONG"] + ["-"] * (len(lines) - 2)
    assert lines[-1].startswith("0 of ")
    assert lines[-1].endswith("were not tried (-): nobody answered")


def test_a_secret_that_is_none_is_a_typing_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is tried with it, and it is not repeated."""
    callscribe = in_process(monkeypatch, {})

    assert callscribe("certify", "http://127.0.0.1:1", "--secret", "abc") == Exit.USAGE
    assert "the secret should be whsec_ and 24 to 64 random bytes" in capsys.readouterr().err
