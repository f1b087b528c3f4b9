"""The way into the console."""

import time
from pathlib import Path
from urllib.parse import unquote

import pytest

from service.api.tokens import read_token
from service.demo.console_link import SCOPES, make_link
from service.demo.options import can_browse
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys


async def test_the_link_has_a_token_of_a_key_that_is_kept(tmp_path: Path) -> None:
    """Good for reading, watching and acting, not for administering; the key itself is unknown."""
    path = tmp_path / "demo.db"
    async with open_sqlite_journal(path):
        link = await make_link("http://127.0.0.1:8080", f"sqlite:///{path}")
        async with open_sqlite_keys(path) as keys:
            secret, kept = await keys.token_secret(), await keys.keys()

    address, _, token = link.partition("/#token=")
    claims = read_token(secret, unquote(token), now=time.time())
    assert address == "http://127.0.0.1:8080"
    assert (claims.key_id, claims.scopes) == (kept[0].id, SCOPES)


@pytest.mark.parametrize(
    ("environ", "is_there"),
    [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True)],
)
def test_a_browser_is_for_who_has_a_display(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], *, is_there: bool
) -> None:
    """Over SSH or in a container nobody would see it."""
    monkeypatch.setattr("sys.platform", "linux")

    assert can_browse(environ) is is_there
