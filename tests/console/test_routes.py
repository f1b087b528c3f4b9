"""The console's page and its parts, over a real listener."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from service.api.assembly import new_application
from service.console.routes import Console
from service.web.listen import open_listener

STATIC = re.compile(r"""(?:src|href)="([^"#]+)\"""")
IMPORT = re.compile(r"""from "(\./[^"]+)";""")


@asynccontextmanager
async def open_console() -> AsyncIterator[aiohttp.ClientSession]:
    """Serve the console as the service does, and return a client of it."""
    app = new_application()
    app.add_routes(Console().routes())
    async with (
        open_listener(app, "127.0.0.1", 0) as listener,
        aiohttp.ClientSession(listener.url) as client,
    ):
        yield client


async def read(client: aiohttp.ClientSession, path: str) -> str:
    """Return what is there, or fail."""
    async with client.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


async def test_the_page_and_all_that_it_is_made_of_are_there() -> None:
    """What it names is served, and so is what its modules import; nothing comes from elsewhere."""
    async with open_console() as client:
        page = await read(client, "/")
        named = STATIC.findall(page)
        assert len(named) == 4
        folder = named[0].rsplit("/", 1)[0]
        modules = {name for name in named if name.endswith(".js")}
        seen: set[str] = set()
        while modules - seen:
            module = (modules - seen).pop()
            text = await read(client, f"/{module}")
            modules |= {f"{folder}/{name[2:]}" for name in IMPORT.findall(text)}
            seen.add(module)
        for name in named:
            await read(client, f"/{name}")

    assert "://" not in page
    assert len(modules) > 10


async def test_the_page_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    """The policy is strict, and the page keeps to it: no inline script or style."""
    async with open_console() as client, client.get("/") as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()

    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page)


@pytest.mark.parametrize("path", ["/", "part"])
async def test_what_the_browser_has_is_not_sent_again(path: str) -> None:
    """The page is asked for each time; its parts are kept for good, under their version."""
    async with open_console() as client:
        if path == "part":
            path = "/" + STATIC.findall(await read(client, "/"))[1]
        async with client.get(path) as first:
            tag, cache = first.headers["ETag"], first.headers["Cache-Control"]
        async with client.get(path, headers={"If-None-Match": tag}) as second:
            assert (second.status, await second.read()) == (304, b"")

    assert cache == ("no-cache" if path == "/" else "public, max-age=31536000, immutable")


@pytest.mark.parametrize("name", ["old/app.js", "{}/missing.js", "{}/..%2froutes.py", "{}/"])
async def test_what_is_no_part_of_this_version_is_not_found(name: str) -> None:
    """Parts of another version, other files, and the folder itself."""
    async with open_console() as client:
        version = STATIC.findall(await read(client, "/"))[0].split("/")[1]
        async with client.get(f"/console/{name.format(version)}") as answer:
            assert answer.status == 404
