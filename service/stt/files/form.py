"""The form in which a file is posted, and the file as it goes."""

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import aiohttp

from service.calls.engines import EXTENSIONS, FileRequest, find_rest_model
from service.errors import RecognitionRefusedError

_CONTENT_TYPES = {
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "wav": "audio/wav",
    "webm": "audio/webm",
}

Progress = Callable[[int, int], None]
"""Told how many bytes were read and how many there are, from another thread; starts over with
each attempt."""


def form_of(request: FileRequest) -> aiohttp.FormData:
    """Return a form with everything but the file; `model_config` is one part of JSON."""
    known = find_rest_model(request.model)
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("model", known.name if known else request.model)
    form.add_field("response_format", request.response_format)
    if request.language:
        form.add_field("language", request.language)
    for granularity in request.timestamp_granularities:
        form.add_field("timestamp_granularities[]", granularity)
    if request.model_config:
        form.add_field("model_config", json.dumps(dict(request.model_config)))
    return form


def add_file(form: aiohttp.FormData, upload: io.BufferedIOBase, extension: str) -> None:
    """Put the file into the form. Its name is not sent: it may tell who is heard."""
    content_type = _CONTENT_TYPES.get(extension, "audio/mpeg")
    form.add_field("file", upload, filename=f"audio.{extension}", content_type=content_type)


class _Upload(io.BufferedReader):
    """A file on its way, which tells how far it was read. aiohttp reads it in a thread."""

    def __init__(self, path: Path, size: int, progress: Progress) -> None:
        super().__init__(io.FileIO(path))
        self._size = size
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._progress(self.tell(), self._size)
        return data


def size_of(file: Path | bytes) -> int:
    """Return how many bytes there are to send.

    Raises:
        RecognitionRefusedError: Not a plain file: its end could not be known.
        OSError: It is not there, or may not be looked at.
    """
    if isinstance(file, bytes):
        return len(file)
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise RecognitionRefusedError("this is not a file")
    return found.st_size


def open_upload(file: Path | bytes, size: int, progress: Progress | None) -> io.BufferedIOBase:
    """Open what is to be sent; the caller closes it.

    Raises:
        OSError: It cannot be read.
    """
    return io.BytesIO(file) if isinstance(file, bytes) else _Upload(file, size, progress or _ignore)


def extension_of(name: str) -> str:
    """Return the end of a file's name, without the dot; "" if there is none."""
    return PurePosixPath(name).suffix.removeprefix(".").casefold()


def extension_of_url(url: str) -> str:
    """Return the end of an address that says a format; others say nothing."""
    extension = extension_of(urlsplit(url).path)
    return extension if extension in EXTENSIONS else ""


def is_web(url: str) -> bool:
    """Say whether this is an address that a server can fetch."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _ignore(_done: int, _total: int) -> None:
    """Tell nobody."""
