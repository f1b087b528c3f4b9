"""A file as an answer: with ranges, and with time to take it that goes by its size."""

from os import PathLike
from typing import Final

from aiohttp import web

MIN_BYTES_PER_S: Final = 50_000
"""Whoever takes a file more slowly than that is cut off, and may ask for the rest."""


class FileAnswer(web.FileResponse):
    """A file of `size_bytes`. What it needs to reach the client, its connection is given."""

    def __init__(self, path: str | PathLike[str], *, size_bytes: int, content_type: str) -> None:
        super().__init__(path, headers={"Content-Type": content_type})
        self.allowed_s = size_bytes / MIN_BYTES_PER_S
        """How many seconds beyond `Limits.answer_s` it may take."""
