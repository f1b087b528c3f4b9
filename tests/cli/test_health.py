from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from service.exits import Exit
from tests.cli.harness import callscribe, free_port


@pytest.fixture
async def alive() -> AsyncIterator[int]:
    """Answer for the health of something; give the port."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    app = web.Application()
    app.router.add_get("/healthz", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize("variable", ["CALLSCRIBE_LISTEN", "CALLSCRIBE_RECOGNISER_LISTEN"])
async def test_whichever_of_service_and_recogniser_is_there_counts(
    alive: int, variable: str
) -> None:
    """A container runs one of them."""
    listen = dict.fromkeys(
        ("CALLSCRIBE_LISTEN", "CALLSCRIBE_RECOGNISER_LISTEN"), f"127.0.0.1:{free_port()}"
    )
    done = await callscribe("health", **(listen | {variable: f"0.0.0.0:{alive}"}))

    assert (done.code, done.err) == (Exit.OK, "")
    assert done.out == f"0.0.0.0:{alive}  is alive\n"


async def test_the_service_is_asked_where_its_settings_say(alive: int, tmp_path: Path) -> None:
    """Without a variable, as on a machine of one's own."""
    config = tmp_path / "callscribe.toml"
    config.write_text(f'listen = "[::ffff:127.0.0.1]:{alive}"\n')

    assert (await callscribe("health", "--config", str(config))).code == Exit.OK


async def test_where_nothing_is_alive_it_fails() -> None:
    """Nor where it cannot be."""
    nowhere = {
        "CALLSCRIBE_LISTEN": f"127.0.0.1:{free_port()}",
        "CALLSCRIBE_RECOGNISER_LISTEN": "garbage",
    }
    done = await callscribe("health", **nowhere)

    assert done.code == Exit.FAILED
    assert done.err.startswith("nothing is alive, neither on 127.0.0.1:")
