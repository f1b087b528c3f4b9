"""What may be done with a call: copied, fetched, looked through, erased; how sure its words are."""

import asyncio
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from service.ports.journal import Journal
from tests.browser.builders import EventData, StoredCall, conversation, final, opening
from tests.browser.harness import SCOPES, open_service, playing
from tests.browser.page_objects import finals, until_in_page, visit

CALL = "#/calls/call-of-yesterday"
MARKED = (
    "[...(CSS.highlights.get('{}') ?? [])]"
    ".map(one => one.startContainer.data.slice(one.startOffset, one.endOffset))"
)
"""The texts that are marked by a name."""


async def one_call(journal: Journal) -> None:
    """There was one call."""
    await StoredCall().write(journal, conversation())


def doubtful() -> EventData:
    """Return a final that nobody is sure of, least of all of its second word."""
    kind, data = final(1, "customer", 500, "book the harbour")
    words = [dict(word) for word in data["words"]]  # type: ignore[attr-defined]
    words[1]["confidence"] = 0.31
    return kind, {**data, "confidence": 0.62, "words": words}


async def clipboard(page: Page) -> str:
    """Return what was copied last."""
    text: str = await page.evaluate("navigator.clipboard.readText()")
    return text


async def may_copy(context: BrowserContext) -> None:
    """Have the page read the clipboard without asking anybody."""
    await context.grant_permissions(["clipboard-read", "clipboard-write"])


async def test_a_call_can_be_named_and_sent(page: Page, journal: Path) -> None:
    """Its id stands there and is copied; so are its link, without our access, and its text."""
    async with open_service(journal, prepare=one_call) as service:
        await may_copy(page.context)
        await visit(page, service.url, await service.token(), CALL)
        await expect(finals(page)).to_have_count(4)
        await expect(page.locator("aside .id")).to_contain_text("call-of-yesterday")
        await page.get_by_role("button", name="Copy call id").first.click()
        await until_in_page(page, "document.querySelector('.copy').textContent === 'Copied'")
        assert await clipboard(page) == "call-of-yesterday"
        for label, text in (
            ("Copy link", f"{service.url}/{CALL}"),
            ("Copy text", "0:00 Agent: Good morning, how can I help you?\n0:03 Customer: "),
        ):
            await page.get_by_text("More", exact=True).click()
            await page.get_by_role("button", name=label).click()
            await until_in_page(page, "document.querySelector('#told').textContent.length > 0")
            assert (await clipboard(page)).startswith(text)


async def test_a_recording_is_downloaded(page: Page, journal: Path) -> None:
    """As a file with a name; where there is none, it is not offered."""

    async def recorded(before: Journal) -> None:
        await one_call(before)
        await StoredCall().record(before, journal.with_name("recordings"), seconds=17)
        await StoredCall("call-before").write(before, conversation())

    async with open_service(journal, prepare=recorded) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(page.locator(".player")).to_be_visible()
        await page.get_by_text("Export", exact=True).click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Recording (WAV)").click()
        file = await download.value
        assert file.suggested_filename == "call-call-of-yesterday.wav"
        assert (await asyncio.to_thread((await file.path()).read_bytes))[:4] == b"RIFF"
        assert "cst_" not in file.url
        await page.evaluate("location.hash = '#/calls/call-before'")
        await expect(finals(page)).to_have_count(4)
        await page.get_by_text("Export", exact=True).click()
        await expect(page.get_by_role("button", name="Recording (WAV)")).to_be_hidden()


async def test_words_are_found_in_a_call(page: Page, journal: Path) -> None:
    """All places are marked, Enter goes from one to the next, and what is not there is told."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(finals(page)).to_have_count(4)
        await page.keyboard.press("f")
        await page.get_by_label("Find in this call").fill("OU")
        await expect(page.locator(".found")).to_have_text("1 of 5")
        assert await page.evaluate(MARKED.format("found")) == ["ou"] * 5
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".found")).to_have_text("3 of 5")
        await page.keyboard.press("Shift+Enter")
        await expect(page.locator(".found")).to_have_text("2 of 5")
        await page.get_by_label("Find in this call").fill("zebra")
        await expect(page.locator(".found")).to_have_text("Not said")
        await page.keyboard.press("Escape")
        await expect(page.locator(".found")).to_be_empty()


async def test_how_sure_the_recogniser_was_is_shown_quietly(page: Page, journal: Path) -> None:
    """A figure behind what it doubts, a dotted line under the word; nothing where it is sure."""

    async def doubted(journal: Journal) -> None:
        sure = final(2, "agent", 4000, "Of course")
        await StoredCall().write(journal, [*opening(), doubtful(), sure])

    async with open_service(journal, prepare=doubted) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(finals(page)).to_have_count(2)
        await expect(page.locator(".sure")).to_have_text("The recogniser is sure by 62 %")
        await until_in_page(page, f"{MARKED.format('doubtful')}.join() === 'the'")
        await expect(page.locator(".about")).to_contain_text("Confidence76 %")
        await expect(page.locator(".about")).to_contain_text("Talk shareCustomer 60 %, Agent 40 %")


async def test_a_call_is_erased_by_who_may(page: Page, journal: Path) -> None:
    """After it was asked once more; nothing of what was said stays on the page."""
    scopes = (*SCOPES, "admin")
    async with open_service(journal, scopes=scopes) as service:
        await visit(page, service.url, await service.token(*scopes))
        async with playing(service):
            await page.locator("a.call").first.click()
        await expect(page.locator(".one-call .state")).to_have_text("Complete")
        await page.get_by_text("More", exact=True).click()
        await page.get_by_role("button", name="Erase …").click()
        dialog = page.get_by_role("dialog", name="Erase this call?")
        await expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
        await dialog.get_by_role("button", name="Erase it").click()
        await expect(page.locator(".one-call .state")).to_have_text("Erased")
        await expect(finals(page)).to_have_count(0)
        await expect(page.locator(".transcript")).to_contain_text("This call was erased")
        assert "booking" not in await page.content()
        assert "+1" not in await page.content()


async def test_who_may_not_erase_is_not_offered_it(page: Page, journal: Path) -> None:
    """Nor can they by the address: the API asks for the scope."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await page.get_by_text("More", exact=True).click()
        await expect(page.get_by_role("button", name="Copy link")).to_be_visible()
        await expect(page.get_by_role("button", name="Erase …")).to_have_count(0)
