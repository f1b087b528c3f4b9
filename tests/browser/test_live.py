"""Watching a call that goes on."""

from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from tests.browser.builders import StoredCall, conversation, opening
from tests.browser.harness import TALK, RunningService, open_service, playing
from tests.browser.page_objects import finals, rows, texts, until_finals, until_in_page, visit
from tests.browser.peers import open_proxy

SAID = [
    "good morning how can I help",
    "I would like to move my booking",
    "yes",
    "yes",
    "thank you so much goodbye",
]


async def to_the_call(page: Page) -> None:
    """Go from the list to the one call that is live."""
    await page.locator("a.call").first.click()
    await expect(page.locator(".one-call h1")).to_contain_text("→")


async def test_a_call_is_in_the_list_with_its_last_words_while_it_goes_on(
    page: Page, journal: Path
) -> None:
    """It comes by itself, ticks, says what was said last, and moves to the recent ones."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token())
        live = page.locator("section", has=page.locator("#live-title"))
        await expect(live).to_contain_text("Nobody is talking")
        async with playing(service):
            call = live.locator("a.call")
            await expect(call.locator(".last")).to_contain_text("Agent: good morning")
            await expect(call.locator(".state")).to_have_text("Talking")
            await expect(call.locator(".duration")).not_to_be_empty()
        recent = page.locator("section", has=page.locator("#recent-title"))
        await expect(recent.locator("a.call")).to_contain_text("Complete")
        await expect(live).to_contain_text("Nobody is talking")


async def test_partials_become_finals_in_their_own_place(page: Page, journal: Path) -> None:
    """The row that showed the first partial of an utterance is the one that has its final."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await expect(page.locator(".row.partial")).not_to_have_count(0)
            await until_in_page(
                page, "window.seen = document.querySelector('.row.partial:not(.seen)')"
            )
            partial = await page.evaluate("seen.querySelector('.text').textContent")
            await until_in_page(page, "seen.isConnected && !seen.classList.contains('partial')")
            settled = await page.evaluate("seen.querySelector('.text').textContent")
            await expect(finals(page)).to_have_count(len(SAID))
        assert settled.startswith(partial)
        assert await texts(page) == SAID
        await expect(page.locator(".row.partial")).to_have_count(0)
        await expect(page.locator(".one-call .state")).to_have_text("Complete")


async def test_only_finals_are_read_out(page: Page, journal: Path) -> None:
    """The live region has whole sentences with their speakers, and the transcript is none."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await until_in_page(
                page, f"document.querySelectorAll('#said p').length >= {len(SAID) - 1}"
            )
        said = await page.locator("#said p").all_inner_texts()
        assert set(said) <= {f"{who}: {text}" for who in ("Agent", "Customer") for text in SAID}
        assert await page.locator(".transcript").get_attribute("aria-live") is None


async def test_a_reload_loses_nothing(page: Page, journal: Path) -> None:
    """In the middle of the call: what was said before is there again, and it goes on."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await until_finals(page, 2)
            await page.reload()
            await expect(finals(page)).to_have_count(len(SAID))
        assert await texts(page) == SAID


async def test_a_connection_that_breaks_loses_nothing_and_doubles_nothing(
    page: Page, journal: Path
) -> None:
    """The feed goes on behind the last event that it had; the page says so meanwhile."""
    async with open_service(journal) as service, open_proxy(service.url) as proxy:
        await visit(page, proxy.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await until_finals(page, 1)
            await page.evaluate("window.kept = document.querySelector('.row')")
            proxy.cut()
            await expect(page.locator("#connection")).to_have_text("Reconnecting")
            await proxy.restore()
            await expect(page.locator("#connection")).to_have_text("Live")
            await expect(finals(page)).to_have_count(len(SAID))
        assert await texts(page) == SAID
        assert await page.evaluate("kept.isConnected")


async def test_the_end_stays_in_sight_until_the_reader_leaves_it(page: Page, journal: Path) -> None:
    """Who scrolls up is left there, is told of new words, and is taken back by one key."""
    talk = [
        {"speaker": "agent", "text": f"this is sentence number {n}", "at_ms": 400 + n * 2600}
        for n in range(9)
    ]
    async with open_service(journal, calls=[{"say": talk}]) as service:
        await page.set_viewport_size({"width": 800, "height": 360})
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await until_finals(page, 5)
            assert await page.evaluate(AT_END)
            await page.mouse.wheel(0, -2000)
            await until_in_page(page, "scrollY === 0")
            await expect(page.locator(".newer")).to_contain_text("new utterance")
            assert await page.evaluate("scrollY") == 0
            await page.keyboard.press("b")
            await expect(page.locator(".newer")).to_be_hidden()
            assert await page.evaluate(AT_END)
            await expect(rows(page)).to_have_count(len(talk))
        await until_in_page(page, AT_END)


async def test_a_page_is_not_moved_for_words_that_are_in_sight(page: Page, journal: Path) -> None:
    """Else its head is gone, as the page is a little longer than the window, for nothing."""

    async def begun(before: Journal) -> None:
        await StoredCall("call-of-today", ago_s=60).write(before, [*opening(), conversation()[3]])

    async with open_service(journal, prepare=begun) as service:
        await visit(page, service.url, await service.token(), "#/calls/call-of-today")
        await expect(finals(page)).to_have_count(1)
        assert await page.evaluate("document.documentElement.scrollHeight > innerHeight")
        assert await page.evaluate("scrollY") == 0


AT_END = "document.documentElement.scrollHeight - innerHeight - scrollY < 60"


async def test_a_call_can_be_paused_and_resumed(page: Page, journal: Path) -> None:
    """By who may; the transcript says from when to when nobody listened."""
    async with open_service(journal, speed=1.0) as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await page.get_by_role("button", name="Pause").click()
            await expect(page.locator(".one-call .state")).to_have_text("Paused")
            await expect(page.locator(".row.note.pause")).to_contain_text("is paused")
            await page.get_by_role("button", name="Resume").click()
            await expect(page.locator(".row.note.pause").last).to_contain_text("goes on")
            await expect(page.locator(".one-call .state")).to_have_text("Talking")


async def test_who_may_only_look_gets_no_buttons(page: Page, journal: Path) -> None:
    """A token of one call without `calls:write` sees this call and nothing else."""
    async with open_service(journal) as service, playing(service):
        call_id = await first_call(page, service)
        token = await service.token("live", call_id=call_id)
        await page.evaluate("sessionStorage.clear()")
        await visit(page, service.url, token)
        await expect(finals(page)).to_have_count(len(SAID))
        await expect(page.locator("#nav")).to_be_hidden()
        await expect(page.locator(".acts button")).to_have_count(0)


async def first_call(page: Page, service: RunningService) -> str:
    """Return the id of the call that the list shows first."""
    await visit(page, service.url, await service.token())
    address = await page.locator("a.call").first.get_attribute("href")
    assert address is not None
    return address.removeprefix("#/calls/")


async def test_who_may_only_read_sees_the_list_move_all_the_same(page: Page, journal: Path) -> None:
    """It is asked for again and again: without the right to follow nothing comes by itself."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token("calls:read"))
        await expect(page.locator("main")).to_contain_text("Nobody is talking")
        async with playing(service):
            await expect(page.locator("a.call .state")).to_have_text("Talking")
        await expect(page.locator("a.call .state")).to_have_text("Complete")


async def test_a_call_that_is_met_in_the_middle_is_talking(page: Page, journal: Path) -> None:
    """Who may only follow has no list, and nobody says that it rings."""
    async with open_service(journal) as service, playing(service):
        await first_call(page, service)
        await page.evaluate("sessionStorage.clear()")
        await visit(page, service.url, await service.token("live"))
        await expect(page.locator("a.call .state")).to_have_text("Talking")


async def test_words_in_the_call_are_shown_as_well(page: Page, journal: Path) -> None:
    """With Telnyx's own transcription, which brings only finals here."""
    async with open_service(
        journal, calls=[TALK], source="in_call", engine="Telnyx", model=None
    ) as service:
        await visit(page, service.url, await service.token())
        async with playing(service):
            await to_the_call(page)
            await expect(finals(page)).to_have_count(len(SAID))
        assert sorted(await texts(page)) == sorted(SAID)
