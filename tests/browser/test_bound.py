"""The console with a token that is bound: others' calls are nowhere, and nothing complains."""

from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation
from tests.browser.harness import open_service
from tests.browser.page_objects import visit

SALES = StoredCall("call-of-sales", metadata={"queue": "sales"})


async def of_two_queues(journal: Journal) -> None:
    """A call of each, of both of which an endpoint refused something."""
    await StoredCall().write(journal, conversation(), refused=(4,))
    await SALES.write(journal, conversation(), refused=(4, 5))


async def test_a_bound_token_shows_its_own_calls_only(page: Page, journal: Path) -> None:
    """In the list, among deliveries, and not by an address either."""
    async with open_service(journal, prepare=of_two_queues) as service:
        token = await service.token(metadata={"queue": "bookings"})
        await visit(page, service.url, token)
        await expect(page.locator("main")).to_contain_text("bookings")
        await expect(page.locator("main")).not_to_contain_text("sales")
        await page.goto(f"{service.url}/#/deliveries")
        await expect(page.locator(".parked tbody tr")).to_have_count(1)
        await expect(page.locator("#endpoints-title")).to_be_hidden()
        await expect(page.locator(".error")).to_have_text("")
        await page.goto(f"{service.url}/#/calls/{SALES.call_id}")
        await expect(page.locator("main")).to_contain_text("No such call")
