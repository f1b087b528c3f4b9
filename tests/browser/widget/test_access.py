"""Tokens that run out, services that come back, pages that nobody named."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.builders import closing, final, opening
from tests.browser.page_objects import PATIENCE_MS, until_in_page
from tests.browser.peers import open_proxy
from tests.browser.widget.harness import CALL, grow, open_crm, open_widget_service, show
from tests.browser.widget.page_objects import WIDGET, finals, state_is, texts
from tests.service.process import free_port
from tests.waiting import until

TOKEN_S = 2
BEGUN = [*opening(), final(1, "agent", 500, "Good morning")]
GOES_ON = [final(2, "customer", 4000, "I would like to book"), *closing(9000, 2)]
WORDS = ["Good morning", "I would like to book"]
BY_EVENT = """element.addEventListener("callscribe-token", async ({ detail }) => {
  asked.push(detail);
  element.token = await giveToken(detail.call);
});"""
BY_PROPERTY = """element.tokenProvider = async (wanted) => {
  asked.push(wanted);
  return await giveToken(wanted.call);
};"""
SHADOW = "document.querySelector('callscribe-transcript').shadowRoot"
PATIENCE_S = PATIENCE_MS / 1000
ON_PAGE = "window.asked = []; const element = document.querySelector('callscribe-transcript');"


@pytest.mark.parametrize("way", [BY_EVENT, BY_PROPERTY], ids=["event", "property"])
async def test_a_token_that_is_over_is_asked_for_and_nothing_is_lost(
    page: Page, journal: Path, way: str
) -> None:
    """By an event, or a property; it goes on after its cursor, and no row is made anew."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(journal, service, BEGUN)
        await page.expose_function("giveToken", lambda call: service.token("live", call_id=call))
        token = await service.token("live", call_id=CALL, expires_in_s=TOKEN_S)
        await show(page, crm, service, call=CALL, token=token)
        await page.evaluate(f"() => {{ {ON_PAGE} {way} }}")
        await expect(finals(page)).to_have_count(1)
        assert await page.locator(WIDGET).get_attribute("token") is None
        await page.evaluate(f"window.kept = {SHADOW}.querySelector('.row')")
        await until_in_page(page, "asked.length")
        await state_is(page, "Live")
        await grow(journal, service, GOES_ON)
        await state_is(page, "Ended")
        assert await texts(page) == WORDS
        assert await page.evaluate("kept.isConnected")
        assert await page.evaluate("asked") == [{"call": CALL, "reason": "expired"}]


async def test_a_token_may_come_from_an_address_of_the_page(page: Page, journal: Path) -> None:
    """By `token-url`: the first one, and each after one that is over."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(journal, service, BEGUN)
        crm.allowed = crm.url
        crm.token = await service.token("live", call_id=CALL, expires_in_s=TOKEN_S)
        await show(page, crm, service, call=CALL, token="", token_url="/my-backend/token")
        await expect(finals(page)).to_have_count(1)
        crm.token = await service.token("live", call_id=CALL)
        await until(lambda: crm.asked == 2, PATIENCE_S)
        await grow(journal, service, GOES_ON)
        await state_is(page, "Ended")
        assert await texts(page) == WORDS


async def test_it_waits_for_a_token_and_for_the_module(page: Page, journal: Path) -> None:
    """Without one it says so; what the page set before the module was there counts."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(journal, service, BEGUN)
        await show(page, crm, service, call=CALL, token="")
        await state_is(page, "Waiting for access")
        token = await service.token("live", call_id=CALL)
        await page.evaluate(
            """([token, call]) => {
              const element = document.querySelector("callscribe-transcript");
              const parent = element.parentElement;
              element.remove();
              element.token = token;
              parent.append(element);
            }""",
            [token, CALL],
        )
        await state_is(page, "Live")
        await expect(finals(page)).to_have_count(1)


async def test_a_service_that_is_started_again_is_found_again(page: Page, journal: Path) -> None:
    """What happened meanwhile is there, and nothing twice."""
    port = free_port()
    async with open_crm() as crm:
        async with open_widget_service(journal, crm.url, port=port) as service:
            await grow(journal, service, BEGUN)
            await show(page, crm, service, call=CALL)
            await expect(finals(page)).to_have_count(1)
        await state_is(page, "Reconnecting")
        async with open_widget_service(journal, crm.url, port=port) as service:
            await grow(journal, service, GOES_ON)
            await state_is(page, "Ended")
        assert await texts(page) == WORDS


async def test_a_connection_that_breaks_is_made_again(page: Page, journal: Path) -> None:
    """Behind a proxy that is cut in the middle of the call."""
    port = free_port()
    async with (
        open_crm() as crm,
        open_widget_service(journal, crm.url, port=port) as service,
        open_proxy(service.url) as proxy,
    ):
        await grow(journal, service, BEGUN)
        token = await service.token("live", call_id=CALL)
        crm.service_url = proxy.url
        crm.attributes = {"call": CALL, "token": token}
        await page.goto(crm.url)
        await expect(finals(page)).to_have_count(1)
        proxy.cut()
        await state_is(page, "Reconnecting")
        await grow(journal, service, GOES_ON)
        await proxy.restore()
        await state_is(page, "Ended")
        assert await texts(page) == WORDS


async def test_another_call_takes_the_place_of_the_first(page: Page, journal: Path) -> None:
    """With its own token; a token of the first one does not show it."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(journal, service, BEGUN)
        await show(page, crm, service, call="call-of-tomorrow")
        await state_is(page, "Not available")
        await expect(page.locator(f"{WIDGET} .problem")).to_contain_text("no such call")
        token = await service.token("live", call_id=CALL)
        await page.evaluate(
            "given => Object.assign(document.querySelector('callscribe-transcript'), given)",
            {"token": token, "call": CALL},
        )
        await expect(finals(page)).to_have_count(1)
        await expect(page.locator(f"{WIDGET} .problem")).to_be_empty()


async def test_a_page_that_nobody_named_sees_nothing(
    page: Page, journal: Path, complaints: list[str]
) -> None:
    """The module is for everybody, the words are not: `cors_origins` is empty by default."""
    async with open_crm() as crm, open_widget_service(journal) as service:
        await grow(journal, service, BEGUN)
        await show(page, crm, service, call=CALL)
        await state_is(page, "Reconnecting")
        await expect(finals(page)).to_have_count(0)
    assert all("has been blocked by CORS policy" in one for one in complaints)
    assert complaints
    complaints.clear()
