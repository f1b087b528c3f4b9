"""The bodies of requests, read whole and within bounds."""

from aiohttp import web


async def read_body(request: web.Request, max_bytes: int) -> bytes | None:
    """Return the raw body, or None once it is known to be too large.

    Raises:
        ConnectionError: Whoever sends broke off, or the listener did, whose patience or places
            were at an end.
        web.RequestPayloadError: Its chunks are no chunks.
    """
    if (request.content_length or 0) > max_bytes:
        return None
    content = request.content
    try:
        first = await content.readany()
        if content.at_eof():  # nearly always
            return first if len(first) <= max_bytes else None
        body = bytearray(first)
        while not content.at_eof() and len(body) <= max_bytes:
            body += await content.readany()
    except RuntimeError as error:
        if is_broken_off(error):
            raise ConnectionResetError("the connection was closed") from error
        raise
    return bytes(body) if len(body) <= max_bytes else None


def is_broken_off(error: BaseException) -> bool:
    """Say whether reading a body failed because it did not come: none of it is a fault of ours.

    aiohttp has a bare RuntimeError for who reads on after the listener closed the connection.
    """
    if isinstance(error, RuntimeError):
        return error.args == ("Connection closed.",)
    return isinstance(error, ConnectionError | web.RequestPayloadError)
