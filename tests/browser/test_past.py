"""Looking calls up: search, links into a call, exports, the recording."""

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation
from tests.browser.harness import RunningService, open_service, playing
from tests.browser.page_objects import finals, until_finals, until_in_page, visit

CALL = "#/calls/call-of-yesterday"


async def one_call(journal: Journal) -> None:
    """There was one call."""
    await StoredCall().write(journal, conversation())


async def test_a_past_call_is_shown_in_the_order_in_which_it_was_said(
    page: Page, journal: Path
) -> None:
    """Speakers, times, and what could not be until_finals; nothing in it is taken for markup."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(finals(page)).to_have_count(4)
        last = finals(page).last
        await expect(last).to_contain_text("Wonderful, <b>thank you</b> so much.")
        await expect(last.locator(".who")).to_have_text("Customer")
        await expect(last.locator(".at")).to_have_text("0:14")
        await expect(page.locator(".row.gap")).to_contain_text(
            "1.0 s of the customer not transcribed"
        )
        await expect(page.locator(".coverage")).to_contain_text("Transcribed")
        await expect(page.locator(".about")).to_contain_text("bookings")


async def test_search_finds_and_leads_to_the_words(page: Page, journal: Path) -> None:
    """What was found is marked, and its link opens the call at the utterance."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token())
        await page.keyboard.press("/")
        await page.locator("#q").fill("booking")
        await page.keyboard.press("Enter")
        hit = page.locator("a.hit")
        await expect(hit.locator("mark")).to_have_text("booking")
        await expect(hit).to_contain_text("+1 312 555 0143")
        await hit.click()
        sought = page.locator(".row.sought")
        await expect(sought).to_contain_text("change my booking")
        await expect(sought).to_be_in_viewport()
        await page.go_back()
        await expect(page.locator("#q")).to_have_value("booking")


async def test_search_heeds_who_said_it(page: Page, journal: Path) -> None:
    """The agent never said it."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), "#/search?q=booking&role=agent")
        await expect(page.locator(".summary")).to_have_text("Nobody said that.")
        await page.locator("#role").select_option("customer")
        await page.locator("#q").press("Enter")
        await expect(page.locator("a.hit")).to_have_count(1)


async def test_a_call_can_be_exported(page: Page, journal: Path) -> None:
    """Each format comes as a file with a name."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await page.locator(".menu > summary").click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Subtitles (SRT)").click()
        file = await download.value
        assert file.suggested_filename.endswith(".srt")
        assert "00:00:03,500 --> " in await asyncio.to_thread((await file.path()).read_text)


async def test_a_call_that_is_not_there_is_told(page: Page, journal: Path) -> None:
    """In words, not with an empty page."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token(), "#/calls/never-was")
        await expect(page.get_by_role("alert")).to_contain_text("There is no such call")


async def recorded(page: Page, service: RunningService) -> None:
    """Play a call to its end, and open it."""
    await visit(page, service.url, await service.token())
    async with playing(service):
        await expect(page.locator("a.call")).to_have_count(1)
    await page.locator("a.call").click()
    await expect(page.locator(".player")).to_be_visible()


async def test_playback_goes_to_a_word_and_marks_each_as_it_is_until_finals(
    page: Page, journal: Path
) -> None:
    """By a click on it, and by arrows and Enter."""

    async def recorded_call(before: Journal) -> None:
        call = StoredCall()
        await call.write(before, conversation())
        await call.record(before, journal.with_name("recordings"), seconds=17)

    async with open_service(journal, prepare=recorded_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(page.locator(".player")).to_contain_text("0:17")
        await finals(page).nth(1).locator(".at").focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
            await page.keyboard.press(key)
        await until_in_page(page, f"{NOW}.push({WORD}) && words.includes('change')")
        await page.keyboard.press("p")
        words = [word for word in await page.evaluate("words") if word]
        assert words[0] == "like"
        assert words.index("change") > words.index("to")
        assert 4.0 < await page.evaluate(PLACE_S) < 7
        await finals(page).nth(2).locator(".text").click(position={"x": 4, "y": 8})
        await until_in_page(page, f"{WORD} === 'Of'")


WORD = "document.querySelector('.word.now')?.textContent"
NOW = "(window.words ??= [])"
"""The words that are marked, frame by frame: each is for 300 ms only."""
PLACE_S = "document.querySelector('audio').currentTime"


async def test_playback_goes_to_the_words_that_are_clicked_and_marks_what_is_until_finals(
    page: Page, journal: Path
) -> None:
    """By a click on a word, and by Enter on an utterance."""
    async with open_service(journal, speed=1.0, record="audio") as service:
        await recorded(page, service)
        row = finals(page).nth(1)
        await row.locator(".text").click(position={"x": 4, "y": 8})
        await expect(row).to_have_class("row customer playing")
        assert 2.5 < await page.evaluate(PLACE_S) < 6
        await finals(page).last.locator(".at").focus()
        await page.keyboard.press("Enter")
        await expect(finals(page).last).to_have_class("row customer playing")
        await expect(row).to_have_class("row customer")
        await page.keyboard.press("p")
        await until_in_page(page, "document.querySelector('audio').paused")


async def test_a_recording_that_grows_is_fetched_anew_for_words_behind_its_end(
    page: Page, journal: Path
) -> None:
    """While the call goes on the player knows only what there was when it was opened."""
    async with open_service(journal, speed=1.0, record="audio") as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await page.locator("a.call").first.click()
            await expect(page.locator(".player .place")).not_to_have_text("0:00")
            await until_finals(page, 3)
            row = finals(page).nth(1)
            await row.locator(".text").click(position={"x": 4, "y": 8})
            await expect(row).to_have_class("row customer playing")
        assert await page.evaluate(FETCHED) < 12


FETCHED = "performance.getEntries().filter(one => one.name.includes('/audio')).length"
