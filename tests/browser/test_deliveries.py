"""Deliveries: what an endpoint refused, what it waits for, what was tried, and another try."""

import asyncio
import time
from pathlib import Path

from aiohttp import web
from playwright.async_api import Locator, Page, expect

from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Attempt
from service.ports.journal import Journal
from tests.browser.builders import CRM, StoredCall, conversation
from tests.browser.harness import SCOPES, RunningService, open_service
from tests.browser.page_objects import until_in_page, visit
from tests.browser.peers import open_proxy
from tests.delivery.peers import open_receiver

CALL = StoredCall().call_id
NOBODY_THERE = {
    "endpoint": {
        "0": {
            "name": "crm",
            "type": "webhook",
            "url": "http://127.0.0.1:1",
            "secret": "whsec_" + "b" * 32,
            "allow_private": True,
        }
    }
}
"""Settings by which the crm is at a port that takes no connection."""


async def two_refused(journal: Journal) -> None:
    """A call of which the endpoint refused two events."""
    await StoredCall().write(journal, conversation(), refused=(4, 5))


async def gone_for_good(journal: Journal) -> None:
    """The endpoint said so at the first event of a call; there is another one that it refused."""
    await StoredCall("call-before").write(journal, conversation(), refused=(4,))
    await StoredCall().write(journal, conversation(), undelivered=True)
    said = "no such hook, <b>ask</b> the owner"
    tried = Attempt(CallId(CALL), CRM, 1, time.time() - 60, "gone", 410, 37, said)
    await journal.keep_attempts([tried])
    await journal.disable(CRM, "gone", time.time() - 60)


def result(page: Page) -> Locator:
    """Return where the outcome of an action is told."""
    return page.locator(".summary[role=status]")


def received(service: RunningService) -> list[object]:
    """Return the numbers of the events that the endpoint got."""
    return [receipt.data["seq"] for receipt in service.house.receiver.receipts]


async def test_a_parked_delivery_is_tried_again(page: Page, journal: Path) -> None:
    """The button sends it, the result is told where screen readers hear it, and it is gone."""
    async with open_service(journal, prepare=two_refused) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await expect(page.locator(".endpoint")).to_contain_text("crm")
        await expect(page.locator(".parked tbody tr")).to_have_count(2)
        await page.get_by_role("button", name="event 4,").press("Enter")
        await expect(result(page)).to_have_text("Event 4 has arrived at crm.")
        await expect(page.locator(".parked tbody tr")).to_have_count(1)
        await expect(page.get_by_role("button", name="event 5,")).to_be_focused()
        assert received(service) == [4]


async def test_all_that_is_parked_is_tried_again(page: Page, journal: Path) -> None:
    """In the order in which it was to arrive; then nothing is parked, and nothing waits."""
    async with open_service(journal, prepare=two_refused) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await page.get_by_role("button", name="Retry all").click()
        await expect(result(page)).to_have_text("2 of 2 deliveries arrived.")
        await expect(page.locator("main")).to_contain_text(
            "Nothing is parked, and no endpoint waits for anything. As of "
        )
        await expect(page.get_by_text("refused these for good")).to_be_hidden()
        assert received(service) == [4, 5]


async def test_what_is_not_parked_any_more_is_not_said_to_have_arrived(
    page: Page, journal: Path
) -> None:
    """Its call was erased meanwhile, say: nobody knows that it arrived, so nobody says it."""
    came, goes_on = asyncio.Event(), asyncio.Event()

    async def hold(_: web.Request) -> web.Response:
        came.set()
        await goes_on.wait()
        return web.Response()

    async with open_receiver(hold) as receiver:
        crm = NOBODY_THERE["endpoint"]["0"] | {"url": receiver.url}
        changes = {"endpoint": {"0": crm}}
        async with open_service(journal, prepare=two_refused, changes=changes) as service:
            await visit(page, service.url, await service.token(), "#/deliveries")
            await page.get_by_role("button", name="Retry all").click()
            await came.wait()
            async with open_sqlite_journal(journal, exclusive=False) as beside:
                newest, _ = await beside.parked(limit=2)
                await beside.unpark(newest.id)
            goes_on.set()
            await expect(result(page)).to_have_text(
                "1 of 2 deliveries arrived, 1 was not parked any more."
            )


async def test_an_endpoint_that_takes_nothing_is_not_asked_for_all_of_it(
    page: Page, journal: Path
) -> None:
    """Three failures are enough, and the rest is told as not tried."""

    async def many_refused(journal: Journal) -> None:
        await StoredCall().write(journal, conversation(), refused=(1, 2, 3, 4, 5, 6))

    async with open_service(journal, prepare=many_refused, changes=NOBODY_THERE) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await page.get_by_role("button", name="Retry all").click()
        await expect(result(page)).to_contain_text("3 failed and stay parked, 3 were not tried")
        await expect(page.locator(".parked tbody tr")).to_have_count(6)


async def test_a_disabled_endpoint_says_why_and_is_enabled(page: Page, journal: Path) -> None:
    """Since when it waits, what went wrong last, and by whom may: it gets all that it missed."""
    scopes = (*SCOPES, "admin")
    async with open_service(journal, prepare=gone_for_good, scopes=scopes) as service:
        await visit(page, service.url, await service.token(*scopes), "#/deliveries")
        card = page.locator(".endpoint")
        await expect(card.locator(".state")).to_have_text(
            "Disabled: it said it is gone for good (410)"
        )
        await expect(card).to_contain_text("1 call behind, the oldest is of")
        await expect(card.locator(".last-error")).to_contain_text("410 after 37 ms")
        await expect(card.locator(".answer")).to_have_text("no such hook, <b>ask</b> the owner")
        await card.get_by_role("button", name="Enable").press("Enter")
        await expect(result(page)).to_have_text("crm is enabled, and gets what it missed.")
        await expect(card.locator(".state")).to_have_text("Nothing waits")
        await until_in_page(page, "!document.body.textContent.includes('behind')")
        assert received(service) == list(range(1, len(conversation()) + 1))


async def test_one_that_fails_does_not_stretch_its_neighbours(page: Page, journal: Path) -> None:
    """What the others say stays together, below their names."""
    erp = NOBODY_THERE["endpoint"]["0"] | {"name": "erp"}
    changes = {"endpoint": {**NOBODY_THERE["endpoint"], "1": erp}}
    async with open_service(journal, prepare=gone_for_good, changes=changes) as service:
        await page.set_viewport_size({"width": 1200, "height": 900})
        await visit(page, service.url, await service.token(), "#/deliveries")
        await expect(page.locator(".endpoint .last-error")).to_have_count(1)
        card = page.locator(".endpoint", has_text="erp")
        for part in ("h3", ".state"):
            box = await card.locator(part).bounding_box()
            assert box
            assert box["height"] < 30, f"{part} is stretched"  # a line of text, in pixels


async def test_an_endpoint_is_sent_a_test(page: Page, journal: Path) -> None:
    """The outcome is told, with how long it took."""
    scopes = (*SCOPES, "admin")
    async with open_service(journal, scopes=scopes) as service:
        await visit(page, service.url, await service.token(*scopes), "#/deliveries")
        await page.get_by_role("button", name="Send a test crm").click()
        await expect(result(page)).to_contain_text("The test arrived at crm in")


async def test_attempts_of_a_call_are_shown(page: Page, journal: Path) -> None:
    """How each went, how long it took, and what was answered, as text."""
    async with open_service(journal, prepare=gone_for_good) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await page.locator(".last-error a").click()
        row = page.locator(".attempts tbody tr")
        await expect(row).to_have_count(1)
        for text in ("#1", "crm", "Gone for good · 410", "37 ms", "<b>ask</b> the owner"):
            await expect(row).to_contain_text(text)


async def test_it_never_says_that_all_arrived_when_it_did_not(page: Page, journal: Path) -> None:
    """Nothing is parked, but an endpoint gets nothing: that is said in the same sentence."""

    async def waiting(journal: Journal) -> None:
        await StoredCall().write(journal, conversation(), undelivered=True)
        await journal.disable(CRM, "by_hand", time.time())

    async with open_service(journal, prepare=waiting) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await expect(page.locator("main")).to_contain_text(
            "Nothing is parked, but crm gets nothing for now: see above."
        )
        await expect(page.locator("main")).not_to_contain_text("everything arrived")


async def test_what_was_so_is_not_said_when_nobody_can_be_asked(page: Page, journal: Path) -> None:
    """The service is gone: the page says since when it does not know, and takes its word back."""
    async with open_service(journal) as service, open_proxy(service.url) as proxy:
        await visit(page, proxy.url, await service.token(), "#/deliveries")
        await expect(page.get_by_text("Nothing is parked, and no endpoint")).to_be_visible()
        proxy.cut()
        await expect(page.get_by_role("alert")).to_contain_text("What is below was so at")
        await expect(page.get_by_text("Nothing is parked, and no endpoint")).to_be_hidden()


async def test_who_may_not_write_sees_no_buttons(page: Page, journal: Path) -> None:
    """They see what is parked all the same."""
    async with open_service(journal, prepare=two_refused) as service:
        await visit(page, service.url, await service.token("calls:read"), "#/deliveries")
        await expect(page.locator(".parked tbody tr")).to_have_count(2)
        await expect(page.locator("main button:visible")).to_have_count(0)
