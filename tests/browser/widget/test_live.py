"""The widget in a page of another origin, whose policy allows its module and feed, and no more."""

import asyncio
from pathlib import Path

import aiohttp
from playwright.async_api import Page, expect

from tests.browser.builders import closing, final, opening
from tests.browser.page_objects import until_in_page
from tests.browser.test_live import SAID
from tests.browser.widget.harness import (
    CALL,
    LiveService,
    grow,
    open_crm,
    open_widget_service,
    show,
)
from tests.browser.widget.page_objects import finals, notes, rows, state_is, texts

SEEN = """
  (() => {
    const root = document.querySelector("callscribe-transcript").shadowRoot;
    window.partials ??= new Set();
    for (const one of root.querySelectorAll(".row.partial .text")) partials.add(one.textContent);
    return root.querySelectorAll(".row:not(.note, .partial)").length === COUNT;
  })()
"""


async def test_two_lines_show_a_call_word_by_word_as_it_goes_on(page: Page, journal: Path) -> None:
    """Partials are shown as such and settled in place, with who speaks; then it has ended."""
    async with open_crm() as crm, open_widget_service(journal, crm.url, speed=1.0) as service:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(service.house.play())
            call_id = await first_call(service)
            await show(page, crm, service, call=call_id)
            await state_is(page, "Live")
            await expect(rows(page).first.locator(".who")).to_have_text("Agent")
            await until_in_page(page, SEEN.replace("COUNT", str(len(SAID))))
        await state_is(page, "Ended")
        assert await texts(page) == SAID
        partials = await page.evaluate("[...partials]")
        assert any(whole.startswith(part) for part in partials for whole in SAID if part != whole)
        await expect(page.locator("callscribe-transcript .row.partial")).to_have_count(0)


async def first_call(service: LiveService) -> str:
    """Wait until a call rings; return its id."""
    headers = {"Authorization": f"Bearer {await service.token()}"}
    async with aiohttp.ClientSession(service.url, headers=headers) as client, asyncio.timeout(20):
        while True:
            async with client.get("/v1/calls") as answer:
                calls = (await answer.json())["data"]
            if calls:
                return str(calls[0]["call_id"])


GAP = ("transcript.gap", {"track": "inbound", "role": "customer", "start_ms": 9000,
                          "end_ms": 10040, "reason": "buffer_full"})  # fmt: skip
PAUSED = ("transcription.paused", {"start_ms": 11_000, "reason": "api"})
RESUMED = ("transcription.resumed", {"start_ms": 12_000, "reason": "api"})
ERASED = ("transcript.erased", {"reason": "api"})


async def test_gaps_pauses_and_what_was_taken_out_are_shown_as_such(
    page: Page, journal: Path
) -> None:
    """And an erasure takes everything away."""
    said = final(1, "customer", 500, "my card is [CARD …1111], code [CODE], name <b>Jane</b>")
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(service, [*opening(), said, GAP, PAUSED])
        await show(page, crm, service, call=CALL)
        await state_is(page, "Paused")
        await expect(notes(page).last).to_contain_text("paused")
        await expect(page.locator(".note.gap .text")).to_contain_text("1.0 s of the customer")
        await expect(page.locator(".redacted")).to_have_text(
            ["card number …1111", "security code removed"]
        )
        assert await texts(page) == [
            "my card is card number …1111, code security code removed, name <b>Jane</b>"
        ]
        await grow(service, [RESUMED])
        await state_is(page, "Live")
        await grow(service, [ERASED])
        await state_is(page, "Erased")
        await expect(finals(page)).to_have_count(0)
        await expect(notes(page)).to_contain_text("erased")


async def test_words_stand_where_they_were_said_and_finals_alone_are_read_out(
    page: Page, journal: Path
) -> None:
    """A final that comes late is put before what was said after it; the past is not read out."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(service, [*opening(), final(1, "agent", 500, "Good morning")])
        await show(page, crm, service, call=CALL)
        await expect(finals(page)).to_have_count(1)
        await page.wait_for_timeout(600)  # what comes from now on is no past
        later = [final(2, "agent", 9000, "I see"), final(3, "customer", 4000, "Hello there")]
        await grow(service, [*later, *closing(12_000, 3)])
        await state_is(page, "Ended")
        assert await texts(page) == ["Good morning", "Hello there", "I see"]
        said = page.locator("callscribe-transcript [role=log] p")
        assert await said.all_inner_texts() == ["Agent: I see", "Customer: Hello there"]
