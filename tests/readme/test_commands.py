"""Every command of README.md is run, as it stands there but for addresses, keys and ids."""

import asyncio
import re
import shutil
import signal
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from service.exits import Exit
from service.journal.sqlite.journal import open_sqlite_journal
from tests.calls.harness import CALL as HEARD
from tests.cli.harness import free_port
from tests.cli.peers import open_telnyx
from tests.cli.test_calls import BEGINNING, CALL, END, commit
from tests.cli.test_erasure import talk
from tests.cli.test_transcribe import VERBOSE
from tests.cli.test_transcribe_follow import SCRIPT, open_radio
from tests.readme.harness import (
    README,
    REPOSITORY,
    blocks,
    command,
    commands,
    listening,
    run,
    running,
)
from tests.serving import serve
from tests.settings.builders import KEYS, SECRET
from tests.stt.files.peers import Reply, open_files_peer
from tests.stt.peers import open_scripted_peer
from tests.waiting import until

pytestmark = pytest.mark.slow

MAKE = ("make demo", "make test")
"""By tests/readme/test_make.py."""
SET_UP = (". .venv/bin/activate", "export TELNYX_API_KEY")
CONTAINERS = ("docker network", "docker run -d --name", "docker exec")
"""By tests/readme/test_containers.py, without an engine."""
ON_A_JOURNAL = (
    "callscribe calls ls",
    "callscribe calls tail",
    "callscribe calls export",
    "callscribe search",
    "callscribe replay CALL",
    "callscribe replay --since",
)
BY_THEMSELVES = (
    "callscribe init",
    "callscribe check",
    "callscribe serve",
    "callscribe keys create",
    "curl -H",
    "callscribe transcribe call.mp3 --format",
    "callscribe transcribe call.mp3 --engine",
    "callscribe transcribe https",
    "callscribe recogniser",
    "curl -F",
    "callscribe simulate",
)
REQUESTS = ("callscribe keys create", "callscribe replay", "callscribe calls erase")
"""Those whose help has the same as a request."""


def test_every_command_is_run_by_a_test_here() -> None:
    """One that is added to the page is added here, too."""
    known = (*MAKE, *SET_UP, *CONTAINERS, *ON_A_JOURNAL, *BY_THEMSELVES)

    assert [one for one in commands() if not one.startswith(known)] == []
    assert [one for one in known if not any(line.startswith(one) for line in commands())] == []


def test_the_page_is_short() -> None:
    """What only some need stands where it is used."""
    assert len((REPOSITORY / "README.md").read_text().splitlines()) < 450


async def test_init_makes_the_settings_that_the_page_shows(tmp_path: Path) -> None:
    """But for the secret; with them `check` tries everything, and `serve` serves."""
    made, _ = await run(command("callscribe init"), tmp_path, {})
    settings = tomllib.loads((tmp_path / "callscribe.toml").read_text())
    (shown,) = blocks("toml")
    secret = settings["endpoint"][0].pop("secret")
    expected = tomllib.loads(shown)
    assert expected["endpoint"][0].pop("secret") == "whsec_…"
    assert made == Exit.OK
    assert settings == expected
    assert secret.startswith("whsec_")

    async with open_telnyx() as telnyx:
        environ = KEYS | telnyx.variables | {"CALLSCRIBE_LISTEN": "127.0.0.1:0"}
        code, said = await run(command("callscribe check"), tmp_path, environ)
        assert code == Exit.FAILED  # calls.example.com is nobody's
        assert re.findall(r"^ok    (settings|public key|Telnyx API)", said, re.MULTILINE)
        async with running(command("callscribe serve"), tmp_path, environ) as process:
            assert await listening(process, "service_started")


def journal_in(folder: Path) -> dict[str, str]:
    """Return what leads to a journal in this folder, and to its endpoint."""
    return KEYS | {
        "DATABASE_URL": f"sqlite:///{folder}/calls.db",
        "CALLSCRIBE_LISTEN": "127.0.0.1:0",
        "CALLSCRIBE_ENDPOINT__CRM__TYPE": "webhook",
        "CALLSCRIBE_ENDPOINT__CRM__URL": "http://127.0.0.1:1",
        "CALLSCRIBE_ENDPOINT__CRM__SECRET": SECRET,
        "CALLSCRIBE_ENDPOINT__CRM__ALLOW_PRIVATE": "true",
    }


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Serve a journal with a call that is over; give the address, and what leads commands there."""
    async with open_sqlite_journal(folder / "calls.db") as journal:
        await commit(journal, 0, *BEGINNING, *END)
    environ = journal_in(folder)
    async with running(command("callscribe serve"), folder, environ) as process:
        yield await listening(process, "service_started"), environ


@pytest.mark.parametrize("beginning", ON_A_JOURNAL)
async def test_commands_beside_a_service_work_as_they_are_typed(
    tmp_path: Path, beginning: str
) -> None:
    """With the id of a call in the place of CALL."""
    async with serving(tmp_path) as (_, environ):
        code, said = await run(command(beginning).replace("CALL", CALL), tmp_path, environ)

    assert (code, "Traceback" in said) == (Exit.OK, False)


async def test_a_key_that_is_made_opens_the_api(tmp_path: Path) -> None:
    """By the request that the page shows, quoted so that every shell takes it."""
    async with serving(tmp_path) as (url, environ):
        code, key = await run(command("callscribe keys create"), tmp_path, environ)
        asked = command("curl -H").replace("csk_…", key.strip())
        asked = asked.replace("https://calls.example.com", url)
        _, answer = await run(asked.replace("curl", "curl -sS --fail", 1), tmp_path, {})

    assert code == Exit.OK
    assert '"data":[]' in answer  # none is live


@pytest.mark.parametrize("line", REQUESTS)
async def test_the_request_in_the_help_of_a_command_does_the_same(
    tmp_path: Path, line: str
) -> None:
    """The page says which commands have one; here it is sent with a key that may."""
    await talk(tmp_path)
    environ = journal_in(tmp_path) | {"DATABASE_URL": f"sqlite:///{tmp_path}/journal.db"}
    async with running(command("callscribe serve"), tmp_path, environ) as process:
        url = await listening(process, "service_started")
        _, key = await run(
            "callscribe keys create --name all --scope admin --scope live", tmp_path, environ
        )
        _, helped = await run(f"{line} --help", tmp_path, environ)
        asked = [one.strip() for one in helped.splitlines() if one.strip().startswith("curl ")]
        assert asked
        for one in asked:
            request = one.replace("csk_…", key.strip()).replace("CALL", HEARD)
            request = request.replace("https://calls.example.com", url)
            done, answer = await run(
                request.replace("curl", "curl -sS --fail-with-body", 1), tmp_path, {}
            )
            assert done == 0, answer


async def test_files_and_streams_are_transcribed(tmp_path: Path) -> None:
    """By Telnyx, by the recogniser, and as they go on."""
    (tmp_path / "call.mp3").write_bytes(bytes(1000))
    async with open_files_peer(Reply(body=VERBOSE)) as peer:
        environ = {
            "TELNYX_API_KEY": "k",
            "TELNYX_BASE_URL": peer.base_url,
            "CALLSCRIBE_RECOGNISER_URL": peer.base_url.replace("http", "ws", 1),
        }
        remote = await run(command("callscribe transcribe call.mp3 --format"), tmp_path, environ)
        local = await run(command("callscribe transcribe call.mp3 --engine"), tmp_path, environ)

    assert remote[0] == local[0] == Exit.OK, (remote, local)
    assert remote[1].startswith("1\n00:00:00,000 -->")
    assert "Hello there." in local[1]


async def test_a_stream_without_end_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    """What is heard is shown as it comes."""
    async with open_scripted_peer(SCRIPT) as stt, open_radio() as radio:
        line = command("callscribe transcribe https")
        line = line.replace("https://radio.example.com/live.mp3", radio)
        environ = {"TELNYX_API_KEY": "k", "TELNYX_STT_URL": stt.url}
        async with running(line, tmp_path, environ) as process, asyncio.timeout(60):
            assert process.stdout is not None
            while "[FINAL] The latest news." not in (await process.stdout.readline()).decode():
                assert process.returncode is None
            process.send_signal(signal.SIGINT)
            await process.communicate()

    assert process.returncode == Exit.OK


@pytest.mark.speech
async def test_the_recogniser_transcribes_what_is_sent_to_it(tmp_path: Path) -> None:
    """As the page asks it to; here what is sent is two seconds of silence, in a WAV."""
    shutil.copy(_silent_wav(tmp_path), tmp_path / "call.mp3")
    listen = {"CALLSCRIBE_RECOGNISER_LISTEN": f"127.0.0.1:{free_port()}"}
    async with running(command("callscribe recogniser"), tmp_path, listen) as process:
        url = urlsplit(await listening(process, "recogniser_listening"))
        line = command("curl -F").replace("127.0.0.1:8090", url.netloc)
        code, said = await run(line.replace("curl", "curl -sS --fail", 1), tmp_path, {})

    assert code == 0, said


async def test_a_newcomer_connects_two_people_and_sees_both(tmp_path: Path) -> None:
    """What the page has them type: the settings, the lines that the simulator prints, the service.

    What both say comes to the receiver, under their roles, and the simulator finds nothing amiss.
    """
    port = free_port()
    line = command("callscribe simulate").replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    line = line.replace("fixtures/", f"{REPOSITORY}/fixtures/") + " --port 0"
    async with open_hook() as (url, events), running(line, tmp_path, {}) as simulator:
        (init,) = re.findall(r"`(callscribe init --public-url http:[^`]*)`", README)
        init = " ".join(init.split()).replace("http://127.0.0.1:8080", f"http://127.0.0.1:{port}")
        made, _ = await run(init.replace("http://127.0.0.1:9000/hooks/calls", url), tmp_path, {})
        assert made == Exit.OK
        assert simulator.stdout is not None
        pasted = [(await simulator.stdout.readline()).decode().strip() for _ in range(5)]
        assert all(one.startswith("export ") for one in pasted)
        (tmp_path / "pasted").write_text("\n".join(pasted))
        served = f"sh -c '. ./pasted; exec {command('callscribe serve')}'"
        environ = {"CALLSCRIBE_LISTEN": f"127.0.0.1:{port}"}
        async with running(served, tmp_path, environ) as process:
            await listening(process, "service_started")
            await until(lambda: "transcript.completed" in [one["type"] for one in events], 60)
            async with asyncio.timeout(60):
                said = (await simulator.communicate())[0].decode()

    finals = [one["data"] for one in events if one["type"] == "transcript.final"]
    assert {one["role"] for one in finals} == {"customer", "agent"}
    assert [one["type"] for one in events if one["type"].startswith("call.")] == [
        "call.started",
        "call.answered",
        "call.bridged",
        "call.ended",
    ]
    assert said.count("normal_clearing, answered") == 2
    assert simulator.returncode == Exit.OK


@asynccontextmanager
async def open_hook() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Serve an endpoint that takes every event; yield its URL and what came."""
    events: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.json()
        events.extend(body if isinstance(body, list) else [body])
        return web.Response()

    app = web.Application()
    app.router.add_post("/hooks/calls", take)
    async with serve(app) as address:
        yield f"{address}/hooks/calls", events


def _silent_wav(folder: Path) -> Path:
    import wave  # noqa: PLC0415 - of this test alone

    path = folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 2 * 8000))
    return path
