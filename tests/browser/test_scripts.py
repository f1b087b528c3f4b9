"""Calls in other scripts: each line runs as its own words do."""

from pathlib import Path

from playwright.async_api import Page, expect

from service.ports.journal import Journal
from service.words import count_words
from tests.browser.builders import StoredCall, closing, final, opening
from tests.browser.harness import open_service
from tests.browser.page_objects import finals, visit

CALL = "#/calls/call-of-yesterday"
SAID = {
    "agent": "May I have the date, please?",
    "Hebrew": "\u05d0\u05e0\u05d9 \u05e8\u05d5\u05e6\u05d4 \u05dc\u05e9\u05e0\u05d5\u05ea.",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.",
    "Thai": "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e04\u0e23\u0e31\u0e1a",
    "Japanese": "\u6728\u66dc\u65e5\u306f\u7a7a\u3044\u3066\u304a\u308a\u307e\u3059\u3002",
}
RUNS = ["ltr", "rtl", "rtl", "ltr", "ltr"]
DIRECTIONS = "rows => rows.map((row) => getComputedStyle(row).direction)"


async def one_call(journal: Journal) -> None:
    """Somebody says a line in each script."""
    spoken = [
        final(number, "agent" if who == "agent" else "customer", 1000 * number, text)
        for number, (who, text) in enumerate(SAID.items(), start=1)
    ]
    call = StoredCall(metadata={"subject": SAID["Hebrew"]})
    await call.write(journal, [*opening(), *spoken, *closing(8000, len(SAID))])


async def test_each_line_runs_as_its_words_do(page: Page, journal: Path) -> None:
    """So that a full stop stands at its end, wherever that is; and the words are as they were."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token(), CALL)
        await expect(finals(page)).to_have_count(len(SAID))
        words = page.locator(".row:not(.note) p.text")

        assert await words.all_text_contents() == list(SAID.values())
        assert await words.evaluate_all(DIRECTIONS) == RUNS


async def test_what_is_found_runs_as_its_words_do(page: Page, journal: Path) -> None:
    """Behind the name of who said it, which runs as the page does."""
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token())
        await page.keyboard.press("/")
        await page.locator("#q").fill(SAID["Hebrew"].split()[0])
        await page.keyboard.press("Enter")
        found = page.locator("a.hit .text bdi")

        await expect(found).to_have_text(SAID["Hebrew"])
        assert await found.evaluate_all(DIRECTIONS) == ["rtl"]


async def test_metadata_run_as_their_words_do(page: Page, journal: Path) -> None:
    """In the list, and in what is told of one call."""
    value = page.locator("bdi", has_text=SAID["Hebrew"])
    async with open_service(journal, prepare=one_call) as service:
        await visit(page, service.url, await service.token())
        await expect(value.first).to_be_visible()
        assert set(await value.evaluate_all(DIRECTIONS)) == {"rtl"}
        await visit(page, service.url, await service.token(), CALL)
        await expect(page.locator("dd bdi", has_text=SAID["Hebrew"])).to_have_count(1)
        assert set(await value.evaluate_all(DIRECTIONS)) == {"rtl"}


async def test_words_are_counted_as_the_service_counts_them(page: Page, journal: Path) -> None:
    """While a call goes on the page counts for itself."""
    async with open_service(journal) as service:
        await visit(page, service.url, await service.token())
        script = await page.locator("script[src$='app.js']").get_attribute("src")
        assert script is not None
        counted = await page.evaluate(
            "([from, texts]) => import(from).then((call) => texts.map(call.countWords))",
            [f"{service.url}/{script.removesuffix('app.js')}call.js", list(SAID.values())],
        )

        assert counted == [count_words(text) for text in SAID.values()]
