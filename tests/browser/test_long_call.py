"""Two hours of words: scrolling and growing stay smooth."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from service.journal.sqlite.journal import open_sqlite_journal
from service.ports.journal import Journal
from tests.browser.builders import EventData, StoredCall, conversation, final, opening
from tests.browser.frames import BOUND_MS, SCROLL, WATCH, worst_of
from tests.browser.harness import open_service
from tests.browser.page_objects import rows, until_in_page, visit

UTTERANCES = 10_000
MORE = 100
STEPS = 240
SENTENCES = [str(data["text"]) for kind, data in conversation() if kind == "transcript.final"]
LAST = "document.querySelector('.chunk:last-child .row:last-child a[href$=utt_{}]')"
"""Cheap to ask in every frame, unlike a count of all: asking must not cost what is measured."""


async def two_hours(journal: Journal) -> None:
    """Both speak in turns of 720 ms, and are not done."""
    await StoredCall().write(journal, [*opening(), *spoken(0, UTTERANCES)])


def spoken(start: int, end: int) -> list[EventData]:
    """Return these utterances, by number."""
    return [
        final(
            number,
            "customer" if number % 3 else "agent",
            500 + number * 720,
            SENTENCES[number % len(SENTENCES)],
        )
        for number in range(start, end)
    ]


async def test_ten_thousand_utterances_scroll_and_grow_without_jank(
    page: Page, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them from the feed, then from the first to the last, then more of them at the end."""
    async with open_service(journal, prepare=two_hours) as service:
        await visit(page, service.url, await service.token())
        await expect(page.locator("a.call")).to_have_count(1)
        await page.evaluate(WATCH)
        await page.locator("a.call").click()
        await until_in_page(page, LAST.format(UTTERANCES - 1))
        grown = await worst_of(page)
        await expect(rows(page)).to_have_count(UTTERANCES)
        await worst_of(page)
        await page.evaluate(SCROLL, STEPS)
        scrolled = await worst_of(page)
        await page.keyboard.press("b")
        await expect(rows(page).last).to_be_in_viewport()
        await worst_of(page)
        async with open_sqlite_journal(journal, exclusive=False) as ledger:
            more = spoken(UTTERANCES, UTTERANCES + MORE)
            after_seq = UTTERANCES + len(opening())
            await StoredCall().append(ledger, service.house.service.hub, more, after_seq=after_seq)
            await until_in_page(page, LAST.format(UTTERANCES + MORE - 1))
        appended = await worst_of(page)
        await expect(rows(page)).to_have_count(UTTERANCES + MORE)
        await expect(rows(page).last).to_be_in_viewport()
    with capsys.disabled():
        measured = f"grow {grown}, scroll {scrolled}, append {appended}"
        print(f"\n10,000 utterances, ms per frame: {measured}")  # noqa: T201 - a measurement
    assert max(one["p95"] for one in (grown, scrolled, appended)) < BOUND_MS
