"""What the tests look at in a page, and how they wait for it."""

from typing import Any
from urllib.parse import quote

from playwright.async_api import Locator, Page, expect

PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


async def visit(page: Page, url: str, token: str, address: str = "#/calls") -> None:
    """Open the console with a token, at one of its addresses."""
    await page.goto(f"{url}/#token={quote(token)}&{address.removeprefix('#')}")
    await expect(page.locator("#sign-out")).to_be_visible()


def rows(page: Page) -> Locator:
    """Return the utterances of a transcript."""
    return page.locator(".row:not(.note)")


def finals(page: Page) -> Locator:
    """Return the utterances that are final."""
    return page.locator(".row:not(.note, .partial)")


async def texts(page: Page) -> list[str]:
    """Return the texts of the finals, in the order in which they stand."""
    return await finals(page).locator(".text").all_inner_texts()


async def until_finals(page: Page, count: int) -> None:
    """Wait until there are at least `count` finals: an exact number may pass unseen."""
    await until_in_page(
        page, f"document.querySelectorAll('.row:not(.note, .partial)').length >= {count}"
    )


async def until_in_page(page: Page, condition: str) -> Any:  # noqa: ANN401 - whatever it is in the page
    """Wait in the page, frame by frame, until an expression is true; return it.

    Playwright's own `wait_for_function` makes code of text, which the page's policy forbids.
    """
    return await page.evaluate(
        """async ([patience, condition]) => {
          const started = performance.now();
          const until = CONDITION;
          for (;;) {
            const value = until();
            if (value) return value;
            if (performance.now() - started > patience) throw new Error(`never: ${condition}`);
            await new Promise(requestAnimationFrame);
          }
        }""".replace("CONDITION", f"() => ({condition})"),
        [PATIENCE_MS, condition],
    )
