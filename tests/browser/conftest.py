"""Debian's Chromium, and a page in it that must not complain."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.browser.page_objects import PATIENCE_MS

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser that is installed: one for all tests, a context for each."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "Chromium is missing: apt-get install chromium"
    async with async_playwright() as playwright:
        # root has no sandbox, and a container has a small /dev/shm
        flags = [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--autoplay-policy=no-user-gesture-required",
        ]
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def page(chromium: Browser, complaints: list[str]) -> AsyncIterator[Page]:
    """A page of a new visitor. At the end nothing of ours may have thrown, or broken the policy."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", _keep(complaints))
    yield page
    await context.close()
    assert complaints == []


def _keep(complaints: list[str]) -> Callable[[ConsoleMessage], None]:
    def heard(message: ConsoleMessage) -> None:
        # a refused request is said by the browser as well, and is part of some tests
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    return heard


@pytest.fixture
def complaints() -> list[str]:
    """What the page complained about; a test that provokes some takes them out."""
    return []


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Where the journal is to be."""
    return tmp_path / "callscribe.db"
