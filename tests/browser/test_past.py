"""Looking calls up: search, links into a call, exports, the recording."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from service.ids import Scope
from service.ports.journal import Journal
from tests.browser.builders import StoredCall, closing, conversation, final, opening
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
        await expect(page.locator("a.found-call")).to_contain_text("+1 312 555 0143")
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


async def test_what_was_found_stands_with_its_call(page: Page, journal: Path) -> None:
    """One heading for each call, with its metadata; a few utterances, and the rest when asked."""

    async def two_calls(journal: Journal) -> None:
        said = [final(number, "agent", number * 3000, "a booking again") for number in range(8)]
        await StoredCall("talkative").write(journal, [*opening(), *said, *closing(30_000, 8)])
        sales = StoredCall(ago_s=90_000.0, metadata={"queue": "sales"})
        await sales.write(journal, conversation())

    async with open_service(journal, prepare=two_calls) as service:
        await visit(page, service.url, await service.token(), "#/search?q=booking")
        await expect(page.locator(".summary")).to_have_text("9 utterances in 2 calls")
        calls = page.locator(".found-calls > li")
        await expect(calls).to_have_count(2)
        many = calls.filter(has=page.locator("a[href$=talkative]"))
        await expect(many).to_contain_text("queue: bookings")
        await expect(many.locator("a.hit:visible")).to_have_count(5)
        await many.get_by_role("button", name="3 more in this call").click()
        await expect(many.locator("a.hit:visible")).to_have_count(8)
        await page.get_by_label("Metadata").fill("queue=sales")
        await page.get_by_label("Metadata").press("Enter")
        await expect(page.locator(".summary")).to_have_text("1 utterance in 1 call")


async def test_calls_are_found_by_metadata_alone(page: Page, journal: Path) -> None:
    """Without words; what is not written as metadata is told."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), "#/search?metadata=queue%3Dbookings")
        await expect(page.locator(".summary")).to_have_text("1 call")
        await expect(page.locator("a.found-call")).to_contain_text("17 s")
        await page.get_by_label("Metadata").fill("queue=sales")
        await page.get_by_label("Metadata").press("Enter")
        await expect(page.locator(".summary")).to_have_text("There is no such call.")
        await page.get_by_label("Metadata").fill("sales")
        await page.get_by_label("Metadata").press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("is written as queue=billing")


async def test_a_call_can_be_exported(page: Page, journal: Path) -> None:
    """Each format comes as a file with a name."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await page.get_by_text("Export", exact=True).click()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Subtitles (SRT)").click()
        file = await download.value
        assert file.suggested_filename.endswith(".srt")
        assert "00:00:03,500 --> " in await asyncio.to_thread((await file.path()).read_text)


async def test_a_call_that_is_not_there_is_told(page: Page, journal: Path) -> None:
    """In words, not with an empty page."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token(), "#/calls/never-was")
        await expect(page.get_by_role("alert")).to_contain_text("There is no call never-was")
        await expect(page.locator("main")).not_to_contain_text("Ringing")
        await expect(page.get_by_role("heading")).to_have_text("No such call")
        await expect(page.locator("main button, main summary")).to_have_count(0)


@pytest.mark.parametrize("scope", ["live", "calls:read"])
async def test_a_call_that_is_not_there_is_told_to_whoever_asks(
    page: Page, journal: Path, scope: Scope
) -> None:
    """Also to who may only follow calls, or only read them."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token(scope), "#/calls/never-was")
        await expect(page.get_by_role("heading")).to_have_text("No such call")


async def test_a_past_call_is_told_in_words_of_people(page: Page, journal: Path) -> None:
    """Neither engines nor reasons nor sides are told in words of the program."""
    call = [
        *opening(engine="local", model=None),
        ("transcription.paused", {"source": "media", "reason": "api", "start_ms": 900}),
        ("transcription.resumed", {"source": "media", "reason": "api", "start_ms": 950}),
        ("transcription.stopped", {"source": "media", "reason": "api"}),
        ("transcript.gap", {"track": "inbound", "role": "unknown", "start_ms": 1000,
                            "end_ms": 2000, "reason": "media_stalled"}),
        ("transcription.failed", {"source": "media", "track": "outbound", "code": "10015",
                                  "reason": "start_streaming_refused"}),
    ]  # fmt: skip

    async def told(journal: Journal) -> None:
        await StoredCall().write(journal, call)

    async with open_service(journal, prepare=told) as service:
        await visit(page, service.url, await service.token(), CALL)
        notes = page.locator(".row.note .text")
        await expect(notes.nth(1)).to_have_text(
            "The words come from your own recogniser, in American English."
        )
        await expect(page.locator(".transcript")).to_contain_text(
            "Transcription stopped: somebody asked for it."
        )
        await expect(page.locator(".transcript")).to_contain_text(
            "1.0 s of the inbound side not transcribed: the line's sound came to a halt."
        )
        await expect(page.locator(".transcript")).to_contain_text(
            "Words of the outbound side will not come: "
            "Telnyx refused to send the line's sound (10015)."
        )
        await expect(page.locator("main")).not_to_contain_text("local")
        await expect(page.locator("main")).not_to_contain_text("_")


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


async def test_the_length_of_a_recording_grows_with_its_call(page: Page, journal: Path) -> None:
    """Nobody needs to touch the player; at the end it is that of the whole."""
    async with open_service(journal, speed=1.0, record="audio") as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await page.locator("a.call").first.click()
            await expect(page.locator(".player")).to_be_visible()
            early = await page.evaluate(LENGTH_MS)
            await until_in_page(page, f"{LENGTH_MS} > {early} + 2000")
        await expect(page.locator(".one-call .state")).to_have_text("Complete")
        await until_in_page(page, f"Math.abs({LENGTH_MS} - {AUDIO_MS}) < 2")


LENGTH_MS = "Number(document.querySelector('.player input').max)"
AUDIO_MS = "1000 * document.querySelector('audio').duration"


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
            await page.evaluate(HEAR_SECOND)
            await finals(page).nth(1).locator(".text").click(position={"x": 4, "y": 8})
            await until_in_page(page, "window.heard")
        assert await page.evaluate(FETCHED) < 12


HEAR_SECOND = """() => {
  const row = document.querySelectorAll('.row:not(.note, .partial)')[1];
  new MutationObserver(() => { window.heard ||= row.classList.contains('playing'); })
    .observe(row, { attributes: true });
}"""
"""Take note that the second utterance is marked: it plays for two seconds only."""
FETCHED = "performance.getEntries().filter(one => one.name.includes('/audio')).length"
