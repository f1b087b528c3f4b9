"""Deliveries: what an endpoint refused, and another try."""

from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation
from tests.browser.harness import open_service
from tests.browser.page_objects import visit


async def two_refused(journal: Journal) -> None:
    """A call of which the endpoint refused two events."""
    await StoredCall().write(journal, conversation(), refused=(4, 5))


async def test_a_parked_delivery_is_tried_again(page: Page, journal: Path) -> None:
    """The button sends it, the result is told where screen readers hear it, and it is gone."""
    async with open_service(journal, prepare=two_refused) as service:
        await visit(page, service.url, await service.token(), "#/deliveries")
        await expect(page.locator(".endpoint")).to_contain_text("crm")
        await expect(page.locator(".parked tbody tr")).to_have_count(2)
        await page.get_by_role("button", name="event 4,").press("Enter")
        await expect(page.locator(".summary[role=status]")).to_have_text(
            "Event 4 has arrived at crm."
        )
        await expect(page.locator(".parked tbody tr")).to_have_count(1)
        await expect(page.get_by_role("button", name="event 5,")).to_be_focused()
        assert [receipt.data["seq"] for receipt in service.house.receiver.receipts] == [4]


async def test_who_may_not_write_sees_no_buttons(page: Page, journal: Path) -> None:
    """They see what is parked all the same."""
    async with open_service(journal, prepare=two_refused) as service:
        await visit(page, service.url, await service.token("calls:read"), "#/deliveries")
        await expect(page.locator(".parked tbody tr")).to_have_count(2)
        await expect(page.locator(".parked button")).to_have_count(0)
