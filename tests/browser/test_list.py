"""The supervisor's list: columns, groups, order, counters, filters, days."""

import re
import time
from collections.abc import Mapping
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from service.ports.journal import Journal
from tests.browser.builders import EventData, StoredCall, conversation, final, opening
from tests.browser.harness import RunningService, open_service
from tests.browser.page_objects import until_in_page, visit

BILLING = {"queue": "billing", "agent": "Ada"}
SALES = {"queue": "sales", "agent": "Grace"}
DAY_S = 86_400.0
DEGRADED = (
    "transcription.degraded",
    {"source": "media", "track": "inbound", "reason": "falling_behind", "code": ""},
)


def words() -> list[EventData]:
    """Return words of both: the customer's part is three quarters."""
    said = final(2, "agent", 4000, "one two three")
    return [final(1, "customer", 1000, "one two three four five six seven eight nine"), said]


async def a_busy_minute(journal: Journal) -> None:
    """Four calls are live: one rings, one is silent, one degraded, one as it should be."""
    begun, now = [*opening(), *words()], time.time()
    calls: dict[str, tuple[float, Mapping[str, str], list[EventData]]] = {
        "ringing": (5, SALES, opening()[:1]),
        "silent": (330, BILLING, begun),
        "degraded": (6, BILLING, [*begun, DEGRADED]),
        "well": (5.5, SALES, begun),
    }
    for name, (ago_s, about, events) in calls.items():  # of one moment, however long it takes
        call = StoredCall(f"call-{name}", ago_s=ago_s + time.time() - now, metadata=about)
        await call.write(journal, events)


async def three_days(journal: Journal) -> None:
    """There was a call on each."""
    for days in range(3):
        call = StoredCall(f"call-{days}", ago_s=days * DAY_S + 30, metadata=BILLING)
        await call.write(journal, conversation())


def calls(page: Page) -> Locator:
    """Return the live calls that are to be seen."""
    return page.locator("section.live .item:not([hidden]) a.call")


async def until_ids(page: Page, *wanted: str) -> None:
    """Wait until these live calls are to be seen, in this order: a filter takes a frame or two."""
    live = "section.live .item:not([hidden]) a.call"
    await until_in_page(
        page,
        f"[...document.querySelectorAll('{live}')]"
        f".map(link => link.hash.replace('#/calls/call-', '')).join() === '{','.join(wanted)}'",
    )


async def open_list(page: Page, service: RunningService, count: int) -> None:
    """Open the list, and wait for so many live calls."""
    await visit(page, service.url, await service.token())
    await expect(calls(page)).to_have_count(count)


async def test_live_calls_stand_longest_first_with_their_metadata(
    page: Page, journal: Path
) -> None:
    """Queue and agent are columns of their own; who talked how much, and how long nobody has."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        await until_ids(page, "silent", "degraded", "well", "ringing")
        first = calls(page).first
        await expect(first.locator(".cell")).to_have_text(["queue: billing", "agent: Ada"])
        await expect(first.locator(".share")).to_have_attribute(
            "title", "Customer 75 %, Agent 25 %"
        )
        await expect(first.locator(".silence")).to_contain_text(re.compile(r"quiet 5:[2-5]\d"))


async def test_the_strip_counts_and_filters(page: Page, journal: Path) -> None:
    """How many there are of each, and by a press only those."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        strip = page.locator(".strip button")
        await expect(strip).to_have_text(["4 Live", "1 Ringing", "1 Degraded", "1 Silent"])
        await strip.nth(2).click()
        await until_ids(page, "degraded")
        await expect(calls(page).locator(".state")).to_have_text("Degraded")
        await strip.nth(3).press("Enter")
        await until_ids(page, "silent")
        await strip.nth(3).press("Enter")
        await expect(calls(page)).to_have_count(4)


async def test_calls_are_grouped_and_put_in_order_by_metadata(page: Page, journal: Path) -> None:
    """It is the same at the next visit."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        await page.get_by_label("Group by").select_option("queue")
        groups = page.locator("section.live .group")
        await expect(groups.locator("h3")).to_have_text(["billing 2", "sales 2"])
        await page.get_by_label("Order").select_option("Newest first")
        await until_ids(page, "degraded", "silent", "ringing", "well")
        await page.reload()
        await expect(groups.locator("h3")).to_have_text(["billing 2", "sales 2"])
        await until_ids(page, "degraded", "silent", "ringing", "well")


async def test_columns_are_chosen_and_kept(page: Page, journal: Path) -> None:
    """Any top-level key of the metadata may be one."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        await page.get_by_text("Columns").click()
        await page.get_by_role("checkbox", name="queue").uncheck()
        await expect(calls(page).first.locator(".cell")).to_have_text(["agent: Ada"])
        await page.reload()
        await expect(calls(page).first.locator(".cell")).to_have_text(["agent: Ada"])


async def test_the_filter_looks_at_numbers_and_metadata(page: Page, journal: Path) -> None:
    """Also a number as it is written; nothing that fits is told."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        await page.get_by_label("Filter").fill("grace")
        await until_ids(page, "well", "ringing")
        await page.get_by_label("Filter").fill("312 555 0143")
        await expect(calls(page)).to_have_count(4)
        await page.get_by_label("Filter").fill("nobody")
        await expect(page.get_by_text("None of the live calls is like that.")).to_be_visible()
        await expect(page.locator(".titles")).to_have_count(2)
        await expect(page.locator(".titles:visible")).to_have_count(0)


async def test_a_filter_that_no_earlier_call_fits_says_so(page: Page, journal: Path) -> None:
    """An empty list without a word could be one that is still being fetched."""
    async with open_service(journal, prepare=three_days) as service:
        await visit(page, service.url, await service.token())
        await expect(page.locator(".group")).to_have_count(3)
        await page.get_by_label("Filter").fill("nobody")
        await expect(page.get_by_text("None of these calls is like that.")).to_be_visible()
        await page.get_by_label("Filter").fill("ada")
        await expect(page.get_by_text("None of these calls is like that.")).to_be_hidden()


async def test_a_row_that_is_pointed_at_stays_when_its_call_ends(page: Page, journal: Path) -> None:
    """Else the next one would be pressed; it goes as soon as nobody points at the list."""
    async with open_service(journal, prepare=a_busy_minute) as service:
        await open_list(page, service, 4)
        await calls(page).nth(1).hover()
        end: list[EventData] = [("call.ended", {"duration_ms": 9000, "end_ms": 9000})]
        call = StoredCall("call-silent", ago_s=300, metadata=BILLING)
        await service.append(call, end, after_seq=5)
        await expect(calls(page).first.locator(".state")).to_have_text("Ending")
        await expect(page.locator(".strip button").first).to_have_text("3 Live")
        await until_ids(page, "silent", "degraded", "well", "ringing")
        await page.locator("h1").hover(force=True)
        await expect(calls(page)).to_have_count(3)


async def test_past_calls_stand_under_their_days(page: Page, journal: Path) -> None:
    """Newest first, each with the time of its day only."""
    async with open_service(journal, prepare=three_days) as service:
        await visit(page, service.url, await service.token())
        headings = page.locator("section:has(#recent-title) h3")
        await expect(headings).to_have_count(3)
        assert [text.rstrip(" 1") for text in await headings.all_inner_texts()][:2] == [
            "Today",
            "Yesterday",
        ]


async def test_a_call_far_from_sight_is_a_line_until_it_comes_near(
    page: Page, journal: Path
) -> None:
    """The line is found in the page and leads to the call; the row itself says more."""

    async def many(journal: Journal) -> None:
        for number in range(240):
            call = StoredCall(f"call-{number}", ago_s=number * 60.0 + 30, metadata=BILLING)
            await call.write(journal, conversation())

    async with open_service(journal, prepare=many) as service:
        await visit(page, service.url, await service.token())
        await page.get_by_role("button", name="Earlier calls").click()
        await expect(page.locator("a.call")).to_have_count(240)
        first, last = page.locator("a.call").first, page.locator("a.call").last
        await expect(first.locator(".state")).to_have_text("Complete")
        await expect(last).to_contain_text("Complete · +1 312 555 0143 → +1 312 555 0199 · billing")
        await expect(last.locator(".state")).to_have_count(0)
        await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        await expect(last.locator(".state")).to_have_text("Complete")
        await expect(last.locator(".duration")).to_have_text("0:17")
        await expect(first.locator(".state")).to_have_count(0)
        await expect(first).to_have_attribute("href", "#/calls/call-0")
