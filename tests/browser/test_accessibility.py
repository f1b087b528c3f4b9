"""Everybody can use every page: axe, keyboard, narrow screens."""

import time
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from service.ids import CallId
from service.ports import Attempt
from service.ports.journal import Journal
from tests.browser.builders import CRM, EventData, StoredCall, conversation, opening
from tests.browser.harness import open_service, playing
from tests.browser.page_objects import PATIENCE_MS, finals, visit

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "#/calls": "a.call",
    "#/calls/call-of-yesterday": ".row a.at",
    "#/calls/never-was": "[role=alert] code",
    "#/search?q=booking": "a.hit mark",
    "#/search?metadata=queue%3Dbookings": "a.found-call",
    "#/deliveries": ".parked tbody tr",
    "#/deliveries?call=call-of-yesterday": ".attempts tbody tr",
}
Scheme = Literal["light", "dark"]


async def a_past(journal: Journal) -> None:
    """A call that goes on, one that is over, and a delivery of it that was refused."""
    await StoredCall("call-of-today", ago_s=60).write(journal, [*opening(), *spoken()])
    await StoredCall().write(journal, conversation(), refused=(5,))
    tried = Attempt(CallId(StoredCall().call_id), CRM, 5, time.time(), "refused", 422, 37, "no")
    await journal.keep_attempts([tried])


def spoken() -> list[EventData]:
    """Return words of both, for a live call."""
    return [event for event in conversation() if event[0] == "transcript.final"]


async def violations(page: Page) -> list[object]:
    """Return what axe has against the page as it is: rule, place, and why."""
    await page.evaluate(AXE.read_text())
    found: list[object] = await page.evaluate(
        "async () => (await axe.run()).violations.map("
        "one => [one.id, one.nodes.map(node => [node.html, node.failureSummary])])"
    )
    return found


async def overflow(page: Page) -> int:
    """Return how many pixels the page is wider than the window."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return max(0, width)


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_violations(
    chromium: Browser, journal: Path, scheme: Scheme, width: int
) -> None:
    """Sign-in, calls, a call, search, deliveries: by axe, and none is wider than its window."""
    context = await chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    async with open_service(journal, prepare=a_past) as service:
        await page.goto(service.url)
        await expect(page.locator("form.sign-in")).to_be_visible()
        found = {"sign-in": (await violations(page), await overflow(page))}
        token = await service.token()
        for address, proof in PAGES.items():
            await visit(page, service.url, token, address)
            await expect(page.locator(proof).first).to_be_visible()
            found[address] = (await violations(page), await overflow(page))
    await context.close()
    assert {name: ([], 0) for name in found} == found


async def test_a_call_that_goes_on_has_no_violations(page: Page, journal: Path) -> None:
    """With a partial in it, while it grows."""
    async with open_service(journal, speed=1.0) as service, playing(service):
        await visit(page, service.url, await service.token())
        await page.locator("a.call").first.click()
        await expect(page.locator(".row.partial")).not_to_have_count(0)
        assert await violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 800])
async def test_a_menu_opens_inside_the_window(page: Page, journal: Path, width: int) -> None:
    """However many buttons stand before it: what hangs out on the left cannot be scrolled to."""
    await page.set_viewport_size({"width": width, "height": 800})
    async with open_service(journal, prepare=a_past) as service:
        await visit(page, service.url, await service.token())
        for address, menus in (("#/calls", 1), ("#/calls/call-of-today", 2)):
            await page.evaluate(f"location.hash = '{address}'")
            await expect(page.locator(".menu")).to_have_count(menus)
            for number in range(menus):
                await page.locator(".menu > summary").nth(number).click()
                box = await page.locator(".menu[open] ul").bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= width
                assert await overflow(page) == 0
                await page.locator(".menu > summary").nth(number).click()


async def test_the_keyboard_goes_everywhere(page: Page, journal: Path) -> None:
    """Skip link, a call by j and Enter, its utterances by arrows, the list of keys by ?."""
    async with open_service(journal, prepare=a_past) as service:
        await visit(page, service.url, await service.token())
        await expect(page.locator("a.call")).to_have_count(2)
        await page.locator("body").press("Tab")
        await expect(page.locator("#skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await expect(page.locator("a.call").last).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(finals(page)).to_have_count(4)
        await page.keyboard.press("j")
        await page.keyboard.press("ArrowDown")
        await expect(finals(page).nth(1).locator(".at")).to_be_focused()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("g")
        await page.keyboard.press("d")
        await expect(page.get_by_role("heading", name="Deliveries")).to_be_focused()


async def test_the_colours_can_be_chosen_and_are_kept(page: Page, journal: Path) -> None:
    """System, light, dark; chosen before anything is painted the next time."""
    async with open_service(journal) as service:
        await page.goto(service.url)
        button = page.get_by_role("button", name="Colours: as the system")
        await button.press("Enter")
        await page.get_by_role("button", name="Colours: light").press("Enter")
        await page.reload()
        await expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == DARK


DARK = "rgb(20, 23, 26)"
