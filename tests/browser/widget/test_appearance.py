"""Everybody can use the widget, and pages can make it theirs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.builders import EventData, final, opening
from tests.browser.page_objects import PATIENCE_MS, until_in_page
from tests.browser.test_accessibility import overflow, violations
from tests.browser.widget.harness import CALL, grow, open_crm, open_widget_service, show
from tests.browser.widget.page_objects import WIDGET, finals, notes, state_is
from tests.browser.widget.test_live import GAP, PAUSED, RESUMED

Scheme = Literal["light", "dark"]
SCROLLER = "document.querySelector('callscribe-transcript').shadowRoot.querySelector('.scroller')"
AT_END = f"{SCROLLER}.scrollHeight - {SCROLLER}.clientHeight - {SCROLLER}.scrollTop < 40"


def talk(first: int, count: int) -> list[EventData]:
    """Return finals, a speaker's turn every five seconds."""
    return [
        final(n, ("agent", "customer")[n % 2], 5000 * n, f"this is sentence number {n} of the call")
        for n in range(first, first + count)
    ]


def eventful() -> Sequence[EventData]:
    """Return a call with everything in it that is shown."""
    return [
        *opening(), *talk(0, 2), GAP, final(90, "customer", 10_500, "my card is [CARD]"),
        PAUSED, RESUMED, final(91, "agent", 12_500, "thank you"),
    ]  # fmt: skip


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_has_no_violations(
    chromium: Browser, journal: Path, scheme: Scheme, width: int
) -> None:
    """By axe, with a partial in it, in either colours; and it is no wider than its page."""
    context = await chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(service, eventful())
        await show(page, crm, service, call=CALL)
        await expect(notes(page)).to_have_count(4)
        found = (await violations(page), await overflow(page))
    await context.close()
    assert found == ([], 0)


async def test_the_keyboard_reads_back_and_returns_to_the_end(page: Page, journal: Path) -> None:
    """The end stays in sight until the reader leaves it; a button says that there is more."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(service, [*opening(), *talk(0, 20)])
        await show(page, crm, service, call=CALL)
        await expect(finals(page)).to_have_count(20)
        await until_in_page(page, AT_END)
        await page.keyboard.press("Tab")
        await expect(page.locator(f"{WIDGET} .scroller")).to_be_focused()
        await page.keyboard.press("Home")
        await until_in_page(page, f"{SCROLLER}.scrollTop === 0")
        await grow(service, talk(20, 1))
        newer = page.locator(f"{WIDGET} .newer")
        await expect(newer).to_be_visible()
        assert await page.evaluate(f"{SCROLLER}.scrollTop") == 0
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await until_in_page(page, AT_END)
        await expect(newer).to_be_hidden()
        await grow(service, talk(21, 2))
        await expect(finals(page)).to_have_count(23)
        await until_in_page(page, AT_END)


async def test_a_page_gives_it_its_own_colours_shape_and_words(page: Page, journal: Path) -> None:
    """By custom properties, by parts, by the element's height, and by `labels`."""
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        await grow(service, eventful())
        await show(page, crm, service, call=CALL, theme="dark")
        await state_is(page, "Live")
        assert await style_of(page, ".panel", "backgroundColor") == "rgb(20, 23, 26)"
        await page.evaluate(THEMED)
        assert await style_of(page, ".panel", "backgroundColor") == "rgb(1, 2, 3)"
        assert await style_of(page, ".agent .who", "color") == "rgb(4, 5, 6)"
        assert await style_of(page, ".agent .text", "fontWeight") == "700"
        assert await style_of(page, ".panel", "height") == "300px"
        await state_is(page, "Am Apparat")
        await expect(page.locator(f"{WIDGET} .agent .who").first).to_have_text("Wir")


THEMED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    callscribe-transcript { --callscribe-ground: rgb(1 2 3); block-size: 300px; }
    callscribe-transcript { --callscribe-agent: rgb(4 5 6); }
    callscribe-transcript::part(text) { font-weight: 700; }
  `);
  document.adoptedStyleSheets = [sheet];
  document.querySelector("callscribe-transcript").labels = { live: "Am Apparat", agent: "Wir" };
}"""


async def style_of(page: Page, selector: str, name: str) -> str:
    """Return a computed style of the first such element of the widget."""
    found: str = await page.locator(f"{WIDGET} {selector}").first.evaluate(
        "(element, name) => getComputedStyle(element)[name]", name
    )
    return found


async def test_nothing_moves_for_whoever_wants_that_and_words_run_their_own_way(
    page: Page, journal: Path
) -> None:
    """Animations are only for who did not ask against them; right-to-left words begin right."""
    await page.emulate_media(reduced_motion="reduce")
    async with open_crm() as crm, open_widget_service(journal, crm.url) as service:
        hebrew = final(1, "customer", 500, "שלום, אני רוצה להזמין חדר")
        await grow(service, [*opening(), hebrew, final(2, "agent", 4000, "Gladly")])
        await show(page, crm, service, call=CALL)
        await expect(finals(page)).to_have_count(2)
        assert await style_of(page, ".customer .text", "direction") == "rtl"
        assert await style_of(page, ".agent .text", "direction") == "ltr"
        assert await style_of(page, ".agent .text", "transitionDuration") == "0s"
