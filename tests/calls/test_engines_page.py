"""The page of engines: written from the table, and the one in the documentation is not older."""

from pathlib import Path

from service.calls.engines import FAMILIES
from tests.calls.engines_page import page

WRITE = "python -c 'from tests.calls.engines_page import page; print(page(), end=str())'"


def test_the_documentation_has_the_page_as_it_is_now() -> None:
    """Whoever changes the table writes the page anew: see `WRITE`."""
    written = Path(__file__).parents[2] / "fixtures" / "engines.md"

    assert written.read_text(encoding="utf-8") == page(), f"{WRITE} > fixtures/engines.md"


def test_the_page_names_every_model_with_its_terms() -> None:
    """Marks say where it works; lists are short enough to read."""
    text = page()

    assert all(f"`{name}`" in text for family in FAMILIES for name in family.models)
    assert "| Deepgram | `deepgram/nova-3` | ✓, default | ✓ | ✓ | - |" in text
    assert "| Soniox | in_call; websocket | in_call: 500 to 3000; websocket: 500 to 3000 |" in text
    codes = "de en es fr hi it ja nl pt ru"
    assert f"| `flux-multi` | {codes}, `auto` | {codes}, `multi` |" in text
    assert "| xAI | linear16 for sure; no list | any | - |" in text
