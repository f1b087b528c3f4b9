"""Answers that are HTTP and yet odd, as misconfigured and hostile servers give them."""

from typing import Final

UPGRADED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
)
NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\n"
ODD: Final[dict[str, tuple[bytes, int]]] = {
    "an upgrade": (UPGRADED, 101),
    "an upgrade to nothing": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101),
    "an upgrade, and more": (UPGRADED + b"\x81\x05hello" * 10_000, 101),
    "an interim answer before it": (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        200,
    ),
    "a 204 with a body": (NO_CONTENT + b"Content-Length: 5\r\n\r\nhello", 204),
    "a 204 with chunks": (
        NO_CONTENT + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        204,
    ),
    "a 204 with a body, and no length": (NO_CONTENT + b"\r\nhello", 204),
    "chunks that are none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
        200,
    ),
    "two answers": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
        200,
    ),
    "a body that never ends": (b"HTTP/1.1 200 OK\r\n\r\nhello", 200),
    "an upgrade of a 200": (
        b"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n",
        200,
    ),
    "a redirect with a body": (
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\nhello",
        302,
    ),
    "a 304 that says it has a body": (b"HTTP/1.1 304 No\r\nContent-Length: 500\r\n\r\n", 304),
    "no status": (b"HTTP/1.1 000 No\r\nContent-Length: 0\r\n\r\n", 0),
    "a status that is none": (b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", 999),
    "a header longer than most": (NO_CONTENT + b"X: " + b"x" * 9_000 + b"\r\n\r\n", 204),
    "a header without end": (NO_CONTENT + b"X: " + b"x" * 500_000, 204),
    "more headers than most": (NO_CONTENT + b"X: x\r\n" * 200 + b"\r\n", 204),
    "headers without end": (NO_CONTENT + b"X: x\r\n" * 9_000, 204),
    "a header that is none": (NO_CONTENT + b"No Header: x\r\nServer: x\r\n\r\n", 204),
    "a header that is none, after an interim answer": (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 503 No\r\nNo Header: x\r\n\r\n",
        503,
    ),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        200,
    ),
    "a body that never comes": (b"HTTP/1.1 500 No\r\nContent-Length: 500\r\n\r\n", 500),
}
"""What is sent in one packet, and the status that it says."""
