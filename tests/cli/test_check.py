import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from service.exits import Exit
from tests.cli.harness import free_port, in_process
from tests.cli.peers import Telnyx, open_telnyx
from tests.settings.builders import KEYS, SECRET


@pytest.fixture
async def telnyx() -> AsyncIterator[Telnyx]:
    """Serve a Telnyx on this machine."""
    async with open_telnyx() as telnyx:
        yield telnyx


@pytest.fixture
def variables(telnyx: Telnyx, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which all is well."""
    free = free_port()
    public_url = f"http://127.0.0.1:{free}"
    application = {
        "webhook_event_url": f"{public_url}/webhooks/telnyx",
        "webhook_api_version": "2",
    }
    telnyx.body = {"data": [application]}
    return {
        **KEYS,
        **telnyx.variables,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'calls.db'}",
        "CALLSCRIBE_LISTEN": f"127.0.0.1:{free}",
        "CALLSCRIBE_PUBLIC_URL": public_url,
        "CALLSCRIBE_ROUTE__0__ENDPOINTS": '["crm"]',
        "CALLSCRIBE_ROUTE__0__CONNECT": "sip:desk@example.com",
        "CALLSCRIBE_ENDPOINT__CRM__TYPE": "webhook",
        "CALLSCRIBE_ENDPOINT__CRM__URL": f"http://127.0.0.1:{telnyx.port}",
        "CALLSCRIBE_ENDPOINT__CRM__SECRET": SECRET,
        "CALLSCRIBE_ENDPOINT__CRM__ALLOW_PRIVATE": "true",
    }


async def check(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command in this process."""
    return await asyncio.to_thread(in_process(monkeypatch, environ), "check")


async def test_a_service_that_could_start_passes(
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Everything is tried, each in one line, and all of it is well."""
    code = await check(variables, monkeypatch)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["ok"] * len(lines)
    for subject in ("settings", "public key", "Telnyx API", "webhook address", "Telnyx STT"):
        assert subject in "\n".join(lines)
    for subject in ("public address", "endpoint crm", "database"):
        assert subject in "\n".join(lines)
    assert code == Exit.OK


async def test_one_failure_does_not_hide_another(
    telnyx: Telnyx,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All of it is tried; the exit code says that something has to be done."""
    telnyx.key = "another"

    code = await check(variables | {"DATABASE_URL": "sqlite:////absent/calls.db"}, monkeypatch)

    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert [line[6:22].strip() for line in failed] == ["Telnyx API", "Telnyx STT", "database"]
    assert KEYS["TELNYX_API_KEY"] not in "".join(failed)
    assert code == Exit.FAILED


async def test_settings_that_an_engine_will_ignore_are_told(
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A warning, not a failure: it works, but not as its writer thinks."""
    ignored = {
        "CALLSCRIBE_ROUTE__0__ENGINE": "AssemblyAI",
        "CALLSCRIBE_ROUTE__0__ENDPOINTING_MS": "300",
    }

    code = await check(variables | ignored, monkeypatch)

    (line,) = [line for line in capsys.readouterr().out.splitlines() if "will ignore" in line]
    assert line.startswith("warn")
    assert "endpointing_ms" in line
    assert code == Exit.OK


async def test_routes_that_find_the_same_are_told_once(
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And one without endpoints is a warning."""
    await check(variables | {"CALLSCRIBE_ROUTE__1__ANSWER": "false"}, monkeypatch)

    out = capsys.readouterr().out
    assert out.count("Telnyx STT") == 1
    assert "route 1" in out
    assert "its events stay in the journal" in out


async def test_a_service_without_routes_is_warned_of(
    telnyx: Telnyx, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would run, and leave every call alone."""
    assert await check(KEYS | telnyx.variables, monkeypatch) == Exit.OK
    assert "every call will be left alone" in capsys.readouterr().out
