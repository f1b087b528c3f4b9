"""The link to the console, with a token in it, and a browser that opens it."""

import time
import webbrowser
from urllib.parse import quote

from service.api.keys import make_key
from service.api.tokens import MAX_TOKEN_S, Claims, sign_token
from service.ids import Scope
from service.journal.database import open_keys

SCOPES: tuple[Scope, ...] = ("calls:read", "calls:write", "live")


async def make_link(url: str, database_url: str) -> str:
    """Return the console's address with a token that is valid for twelve hours.

    The key of the token is made here and shown to nobody.

    Raises:
        JournalUnavailableError: The key cannot be kept.
    """
    now = time.time()
    async with open_keys(database_url) as keys:
        _, key = make_key("demo", SCOPES, now=now)
        await keys.keep_key(key)
        claims = Claims(key_id=key.id, scopes=SCOPES, expires_at=now + MAX_TOKEN_S)
        token = sign_token(await keys.token_secret(), claims)
    return f"{url}/#token={quote(token)}"


def browse(link: str) -> None:
    """Open a browser. Blocks for as long as that takes."""
    webbrowser.open(link)
