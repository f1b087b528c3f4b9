import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from service.exits import Exit
from service.simulator.server import Simulator, open_simulator
from service.trial.simulated import scenario
from tests.cli.harness import Done, callscribe, free_port

TO = "+442079460123"
SECRETS = (TO[1:], "13125550188")


@pytest.fixture
async def telnyx() -> AsyncIterator[Simulator]:
    """Serve a simulator that stands for Telnyx, and counts differently from the one beside it."""
    async with open_simulator(scenario(media={"timestamp_unit": "samples"})) as simulator:
        yield simulator


@pytest.fixture
def variables(telnyx: Simulator, tmp_path: Path) -> dict[str, str]:
    """Return an environment in which the call can be placed."""
    port = free_port()
    telnyx.webhook_url = f"http://127.0.0.1:{port}/webhooks/telnyx"
    return {
        "TELNYX_API_KEY": telnyx.api_key,
        "TELNYX_PUBLIC_KEY": telnyx.public_key,
        "TELNYX_BASE_URL": telnyx.url,
        "TELNYX_STT_URL": telnyx.stt_url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'calls.db'}",
        "CALLSCRIBE_LISTEN": f"127.0.0.1:{port}",
        "CALLSCRIBE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CALLSCRIBE_ROUTE__0__MODEL": "nova-3",
        "CALLSCRIBE_ROUTE__0__MATCH": '{"to": "+13125550188"}',
    }


async def check(variables: Mapping[str, str], *arguments: str) -> Done:
    """Run the command."""
    return await callscribe("check", *arguments, **variables)


async def test_a_call_is_placed_and_laid_beside_a_simulated_one(
    telnyx: Simulator, variables: dict[str, str]
) -> None:
    """The application is found by our address, the caller in a route; one thing is otherwise."""
    done = await check(variables, "--call", TO, "--redial-wait", "1")

    assert done.code == Exit.OK, done.out + done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "media.timestamp samples" in lines
    assert "! the simulator: ms" in lines
    assert "stt.Deepgram.nova-3.words all" in lines
    assert "in_call.Deepgram.nova-3.words all" in lines
    (dial,) = [one for one in telnyx.history.commands if one.name == "dial"]
    assert dial.params["from"] == "+13125550188"
    assert dial.params["connection_id"] == telnyx.connection_id
    report = done.out[done.out.index("What Telnyx did") :]
    for secret in (*SECRETS, telnyx.api_key, telnyx.connection_id, dial.leg_id):
        assert secret not in report


async def test_no_call_is_placed_while_something_else_fails(
    telnyx: Simulator, variables: dict[str, str]
) -> None:
    """A call costs money, and would show only the same."""
    variables["TELNYX_STT_URL"] = "ws://127.0.0.1:1/v2/speech-to-text/transcription"
    done = await check(variables, "--call", TO)

    assert done.code == Exit.FAILED
    assert "is not placed: put right first what failed" in done.out
    assert telnyx.history.commands == []


async def test_a_service_that_listens_already_is_in_the_way(variables: dict[str, str]) -> None:
    """Its webhooks are its own: it is to be stopped for the time of the call."""
    port = int(variables["CALLSCRIBE_LISTEN"].rsplit(":", 1)[1])
    server = await asyncio.start_server(_answer, "127.0.0.1", port, family=socket.AF_INET)
    async with server:
        done = await check(variables, "--call", TO)

    assert done.code == Exit.FAILED
    assert f"cannot listen on 127.0.0.1:{port}; stop the service" in done.out


async def test_whose_number_is_calling_has_to_be_known(variables: dict[str, str]) -> None:
    """A route with a pattern names none; an option does."""
    variables["CALLSCRIBE_ROUTE__0__MATCH"] = '{"to": "+1312*"}'
    done = await check(variables, "--call", TO)

    assert done.code == Exit.USAGE
    assert "--from: which of your Telnyx numbers is calling?" in done.err


@pytest.mark.parametrize("number", ["5550142", "sip:", "+1 312 555 0142"])
async def test_what_cannot_be_dialled_is_wrong_usage(number: str) -> None:
    """It is said before anything is tried."""
    done = await callscribe("check", "--call", number)

    assert done.code == Exit.USAGE
    assert "should be a number such as" in done.err


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a service: alive, and nothing else."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
