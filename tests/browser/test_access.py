"""Signing in, and what becomes of keys and tokens."""

import shlex
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from service.ids import Scope
from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation
from tests.browser.harness import open_service
from tests.browser.page_objects import finals, until_in_page, visit
from tests.cli.harness import callscribe


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


async def test_the_hint_makes_a_key_as_it_is_typed(page: Page, journal: Path) -> None:
    """What the page says to type, typed: the key it prints signs in, and may do all of that."""
    async with open_service(journal) as service:
        await page.goto(service.url)
        await page.get_by_text("Where do I get a key?").click()
        program, *arguments = shlex.split(await page.locator(".command").inner_text())
        made = await callscribe(*arguments, DATABASE_URL=f"sqlite:///{journal}")
        assert (program, made.err) == ("callscribe", "")
        await page.get_by_label("API key or token").fill(made.out.strip())
        await page.keyboard.press("Enter")
        await expect(page.locator("#connection")).to_have_text("Live")
        await expect(page.locator("#nav a")).to_have_text(["Calls", "Search", "Deliveries"])


async def test_a_link_that_is_over_says_so(page: Page, journal: Path) -> None:
    """Where one signs in, since when; and after a reload, when its token is this tab's."""
    async with open_service(journal) as service:
        token = await service.token(expires_in_s=1)
        await page.goto(service.url)
        await until_in_page(page, f"JSON.parse(atob('{body_of(token)}')).e * 1000 < Date.now()")
        await page.goto(f"{service.url}/#token={token}&/calls")
        await expect(page.get_by_role("alert").first).to_contain_text("This link was good until")
        await page.evaluate(f"sessionStorage.setItem('callscribe.token', '{token}')")
        await page.reload()
        await expect(page.get_by_role("alert").first).to_contain_text("Your access ended on")


async def test_a_link_that_is_over_leaves_the_access_that_there_is(
    page: Page, journal: Path
) -> None:
    """It is told above the page that one may see."""
    async with open_service(journal) as service:
        over = await service.token(expires_in_s=1)
        await visit(page, service.url, await service.token())
        await until_in_page(page, f"JSON.parse(atob('{body_of(over)}')).e * 1000 < Date.now()")
        await page.evaluate(f"location.hash = '#token={over}&/calls'")
        await expect(page.locator("#notice")).to_contain_text("This link was good until")
        await expect(page.locator("#live-title")).to_be_visible()


@pytest.mark.parametrize(
    "link", ["#token=", "#token=cst_e30.x", "#token=%E0%A4%A", "#token=csk_x.y"]
)
async def test_a_link_that_is_not_whole_says_so(page: Page, journal: Path, link: str) -> None:
    """Wherever it was cut."""
    async with open_service(journal) as service:
        await page.goto(f"{service.url}/{link}")
        await expect(page.get_by_role("alert").first).to_contain_text("This link is not whole")


@pytest.mark.parametrize("scope", ["live", "calls:write"])
async def test_what_one_may_not_see_is_not_told_as_empty(
    page: Page, journal: Path, scope: Scope
) -> None:
    """Neither that nobody talks, nor that nobody said it: it says which scope is missing."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(scope))
        await expect(page.locator("main")).to_contain_text("calls:read")
        await page.goto(f"{service.url}/#/search?q=booking")
        await expect(page.get_by_role("heading")).to_have_text("Your access does not lead here")
        await expect(page.locator("main")).to_contain_text(f"yours has {scope}")
        await expect(page.locator("#nav a:visible")).to_have_text(
            ["Calls"] if scope == "live" else []
        )


def body_of(token: str) -> str:
    """Return what a token says, as it is coded."""
    body = token.removeprefix("cst_").partition(".")[0].replace("-", "+").replace("_", "/")
    return body + "=" * (-len(body) % 4)
