"""Everything that is hidden has words in the widget; nobody is shown a label."""

import re
from pathlib import Path

from service.redaction.labels import Label

PARTS = Path(__file__).parents[2] / "service" / "console" / "static" / "redacted.js"


def test_every_label_has_words() -> None:
    """But the open end of a partial, which is shown as it is until the words come."""
    named = re.findall(r'^  "([A-Z]+)":', PARTS.read_text(), re.MULTILINE)

    assert set(Label) - {Label.HELD} <= set(named)
