"""The console's page and its parts, over a real listener."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from service.api.assembly import new_application
from service.console.routes import Console
from service.web.listen import open_listener

STATIC = re.compile(r"""(?:src|href)="([^"#]+)\"""")
IMPORT = re.compile(r"""from "(\./[^"]+)";""")

ROOT = Path(__file__).parents[2]
STATIC_FILES = ROOT / "service" / "console" / "static"
WIDGET_PAGE = ROOT / "fixtures" / "clients" / "README.md"


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


async def test_the_widget_and_all_that_it_is_made_of_may_be_had_by_any_page() -> None:
    """Modules are fetched by the rules of CORS. None of them knows the console's session."""
    async with open_console() as client:
        seen: dict[str, str] = {}
        modules = {"/widget.js"}
        while modules - seen.keys():
            module = (modules - seen.keys()).pop()
            async with client.get(module, headers={"Origin": "https://crm.example.com"}) as answer:
                assert answer.status == 200, module
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
                seen[module] = await answer.text()
            modules |= {urljoin(module, name) for name in IMPORT.findall(seen[module])}

    assert len(seen) > 5
    assert not [name for name, text in seen.items() if "sessionStorage" in text]


def test_what_a_page_may_change_of_the_widget_is_written_down() -> None:
    """Its custom properties, parts and states are those on its page."""
    page = WIDGET_PAGE.read_text().partition("## In a page")[2]
    texts = [path.read_text() for path in STATIC_FILES.glob("widget*.js")]
    properties = {
        name for text in texts for name in re.findall(r"var\((--callscribe-[a-z-]+)", text)
    }
    parts = {
        name
        for text in texts
        for said in re.findall(r'part: ["`]([^"`]*)["`]', text)
        for name in re.sub(r"\$\{\w+\}", "", said).split()
    }

    assert properties == set(re.findall(r"`(--callscribe-[a-z-]+)`", page))
    assert not [name for name in parts if f"`{name}`" not in page]


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
