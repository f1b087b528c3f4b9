"""The page says which of Telnyx's webhooks are read, and which are not, as the code has it."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

from service.wire.webhooks import Ignored, parse_webhook
from tests.ingress.builders import WEBHOOKS

PAGE = Path(__file__).parents[2] / "service" / "TELNYX.md"
VOICE = ("call.", "conference.", "siprec.", "streaming.")

_SECTION = re.compile(r"^### 1\.4 .*?(?=^#)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (`[a-z].*?) \|", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_EVENT_TYPE = re.compile(r"event_type: (?:Optional\[)?Literal\[([^]]*)\]")


def listed() -> tuple[set[str], set[str]]:
    """Return the events that the page says are read, and those it says are not."""
    (section,) = _SECTION.findall(PAGE.read_text())
    read, unread = section.split("| event | why not |")
    return tuple(  # type: ignore[return-value] # there are two
        {name for row in _ROW.findall(table) for name in _SPAN.findall(row)}
        for table in (read, unread)
    )


def is_read(event_type: str) -> bool:
    """Say whether a webhook of this kind is more than its name to the parser."""
    body = {
        "data": {
            "event_type": event_type,
            "payload": {"call_control_id": "v3:leg", "transcription_data": {"transcript": "hi"}},
        }
    }
    return not isinstance(parse_webhook(json.dumps(body).encode(), 0.0), Ignored)


def test_the_page_says_what_is_read() -> None:
    """Each event of the first table is, and none of the second."""
    read, unread = listed()

    assert {name for name in read | unread if is_read(name)} == read


def test_the_page_has_every_event_of_voice_that_is_documented() -> None:
    """The SDK has them all; what a newer one has besides is decided on before it is ignored."""
    sdk = find_spec("telnyx")
    assert sdk is not None
    assert sdk.origin is not None
    modules = Path(sdk.origin).parent.joinpath("types").glob("*.py")
    literals = [one for path in modules for one in _EVENT_TYPE.findall(path.read_text())]
    names = {name for one in literals for name in re.findall(r'"([^"]+)"', one)}
    read, unread = listed()

    assert {name for name in names if name.startswith(VOICE)} == read | unread


def test_every_event_that_is_read_has_its_webhook_here() -> None:
    """In `fixtures/webhooks/`, named after it."""
    kinds = [path.stem for path in WEBHOOKS]
    read, _ = listed()

    assert all(any(kind.startswith(name) for kind in kinds) for name in read)
