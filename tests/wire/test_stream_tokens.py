"""Addresses of streams that applications sign themselves."""

import re
import time
from pathlib import Path

import pytest

from service.wire.stream_tokens import StreamClaims, is_signed, read_stream, sign_stream

SECRET = "a secret of at least thirty-two letters"
NOW = 1_800_000_000.0
CLAIMS = StreamClaims(leg="v3:leg", exp=NOW + 60, route="beside", metadata={"ticket": "T-7"})
TOKEN = sign_stream(CLAIMS, SECRET)
GUIDE = Path(__file__).parents[2] / "service/OPERATE.md"


def test_what_was_signed_is_read() -> None:
    """By its secret, and until it says it is over."""
    assert is_signed(TOKEN)
    assert read_stream(TOKEN, SECRET, now=NOW) == CLAIMS
    assert read_stream(TOKEN, SECRET, now=NOW + 60) is None
    assert read_stream(TOKEN, SECRET + ".", now=NOW) is None


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_what_was_changed_is_not(place: int) -> None:
    """Wherever it was."""
    other = "A" if TOKEN[place] != "A" else "B"
    changed = TOKEN[:place] + other + TOKEN[place + 1 :]
    last = len(TOKEN) - 1  # whose last bits belong to no byte

    assert place == last or read_stream(changed, SECRET, now=NOW) is None


@pytest.mark.parametrize(
    "token",
    ["", "s1.", "s1..", "s1.e30", "s1.e30.", "s1.ä.b", "s1.e30.*", TOKEN[:-5], TOKEN + ".x"],
)
def test_what_is_none_is_refused(token: str) -> None:
    """Without an error."""
    assert read_stream(token, SECRET, now=NOW) is None


def test_the_program_in_the_guide_makes_what_is_read() -> None:
    """As it stands there."""
    (program,) = re.findall(r"  ```python\n(  import base64.*?)  ```", GUIDE.read_text(), re.DOTALL)
    made: dict[str, object] = {}
    exec("\n".join(line[2:] for line in program.splitlines()), made)  # noqa: S102
    stream_url = made["stream_url"]
    assert callable(stream_url)
    url = stream_url(SECRET, "v3:leg", route="beside")

    claims = read_stream(url.rpartition("/")[2], SECRET, now=time.time())
    assert claims is not None
    assert (claims.leg, claims.route, claims.metadata) == ("v3:leg", "beside", {})
