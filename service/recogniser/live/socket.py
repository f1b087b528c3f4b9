"""The server's side of a WebSocket, which says why it takes no message that is too long."""

import asyncio
from contextlib import suppress
from typing import Final

from aiohttp import WSCloseCode, web

from service.recogniser.live.parameters import OTHER_CODE
from service.web.answers import SERVER
from service.wire.stt import encode_error

SEND_TIMEOUT_S: Final = 5.0
"""A client that does not take its results for so long is cut off."""
MAX_MESSAGE_BYTES: Final = 256 * 1024
"""Telnyx recommends 2 to 8 KiB and documents no maximum."""
_LINGERING_S: Final = 1.0
"""For the rest of a message that is too long: who is cut off while sending may see no answer."""


class SttSocket(web.WebSocketResponse):
    """A WebSocket that keeps nothing of a message that is too long."""

    def __init__(self, *, close_timeout_s: float) -> None:
        # aiohttp refuses what reaches its limit, by the length that is announced
        super().__init__(
            timeout=close_timeout_s, compress=False, max_msg_size=MAX_MESSAGE_BYTES + 1
        )
        self.headers["Server"] = SERVER
        self.overlong = False
        """Whether a message was too long."""

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Close; to a message that is too long aiohttp does this by itself, and it says why."""
        if code == WSCloseCode.MESSAGE_TOO_BIG and not self.closed:
            self.overlong = True
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self.send_str(_overlong())
            await asyncio.sleep(_LINGERING_S)
        return await super().close(code=code, message=message, drain=drain)


def _overlong() -> str:
    detail = f"A message may have {MAX_MESSAGE_BYTES} bytes; 2048 to 8192 are best."
    return encode_error(OTHER_CODE, "Message too long", detail)
