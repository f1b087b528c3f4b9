"""Signing in, and what becomes of keys and tokens."""

from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation
from tests.browser.harness import open_service
from tests.browser.page_objects import finals, visit


async def one_call(journal: Journal) -> None:
    """There was one call."""
    await StoredCall().write(journal, conversation())


async def test_a_key_is_exchanged_and_not_kept(page: Page, journal: Path) -> None:
    """After signing in there is a token in this tab, and the key nowhere."""
    async with open_service(journal) as service:
        await page.goto(service.url)
        await page.get_by_label("API key or token").fill(service.key)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("#live-title")).to_be_visible()
        kept = await page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
        assert "cst_" in kept
        assert service.key not in kept
        assert service.key not in await page.content()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "cst_" not in await page.evaluate("JSON.stringify({...sessionStorage})")


async def test_a_key_of_somebody_else_is_refused_in_words(page: Page, journal: Path) -> None:
    """The form stays, and says why."""
    async with open_service(journal) as service:
        await page.goto(service.url)
        await page.get_by_label("API key or token").fill(service.key[:-4] + "AAAA")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("revoked")


async def test_a_link_with_a_token_leaves_no_token_in_the_address(
    page: Page, journal: Path
) -> None:
    """Neither in the address bar nor in the history."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), "#/calls/call-of-yesterday")
        await expect(finals(page)).to_have_count(4)
        assert page.url == f"{service.url}/#/calls/call-of-yesterday"


async def test_access_that_ends_is_renewed_without_losing_the_page(
    page: Page, journal: Path
) -> None:
    """Shortly before it is over the page says so; then it asks, and goes on where it was."""
    async with open_service(journal, prepare=one_call) as service:
        token = await service.token(expires_in_s=6)
        await visit(page, service.url, token, "#/calls/call-of-yesterday")
        await expect(finals(page)).to_have_count(4)
        await page.evaluate("window.kept = document.querySelector('.row')")
        await expect(page.locator("#notice")).to_contain_text("Your access ends at")
        dialog = page.get_by_role("dialog", name="Your access is over")
        await dialog.get_by_label("API key or token").fill(service.key)
        await page.keyboard.press("Enter")
        await expect(dialog).to_be_hidden()
        assert await page.evaluate("kept.isConnected")
