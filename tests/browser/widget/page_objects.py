"""What the tests look at in the element; selectors reach into its shadow tree."""

from playwright.async_api import Locator, Page, expect

WIDGET = "callscribe-transcript"


def rows(page: Page) -> Locator:
    """Return the utterances."""
    return page.locator(f"{WIDGET} .row:not(.note)")


def finals(page: Page) -> Locator:
    """Return the utterances that are settled."""
    return page.locator(f"{WIDGET} .row:not(.note, .partial)")


def notes(page: Page) -> Locator:
    """Return what happened beside the words."""
    return page.locator(f"{WIDGET} .note .text")


async def texts(page: Page) -> list[str]:
    """Return the settled texts, in the order in which they stand."""
    return await finals(page).locator(".text").all_inner_texts()


async def state_is(page: Page, text: str) -> None:
    """Wait until the element says that it is in this state."""
    await expect(page.locator(f"{WIDGET} .status")).to_have_text(text)
