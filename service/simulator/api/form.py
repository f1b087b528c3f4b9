"""The form of a file transcription: read within limits, checked by the documented rules."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.http import HttpProcessingError

from service.simulator.rules.params import is_url
from service.simulator.rules.problems import Problem

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_FIELD_BYTES = 64 * 1024
MAX_FIELDS = 100
_OPTIONS = "model_config"


@dataclass(slots=True)
class Form:
    """The posted fields and file."""

    fields: dict[str, str] = field(default_factory=dict)
    file: bytes | None = None
    filename: str = ""


def check_form(form: Form, options_form: str) -> Problem | None:
    """Check the fields by the documented rules; None if all is well."""
    fields = form.fields
    url = fields.get("file_url")
    if (form.file is None) == (not url):
        return Problem("10015", "exactly one of file and file_url", "file")
    if url and not is_url(url, ("http", "https")):
        return Problem("10003", parameter="file_url", status_wanted=400)
    if fields.get("response_format", "json") not in {"json", "verbose_json"}:
        return Problem("10032", parameter="response_format", status_wanted=400)
    granular = fields.get("timestamp_granularities[]")
    if granular and (granular != "segment" or fields.get("response_format") != "verbose_json"):
        where = "timestamp_granularities"
        return Problem("10015", f"{where} is segment, with verbose_json", where)
    return _check_options(fields, options_form)


def _check_options(fields: Mapping[str, str], options_form: str) -> Problem | None:
    bracketed = any(name.startswith(_OPTIONS + "[") for name in fields)
    options = fields.get(_OPTIONS)
    if not bracketed and options is None:
        return None
    if not fields["model"].startswith(("deepgram/", "reson8/")):
        return Problem("10015", f"this model takes no {_OPTIONS}", _OPTIONS)
    if (bracketed and options_form == "json") or (options and options_form == "brackets"):
        return Problem("10015", f"{_OPTIONS} is not taken in this form", _OPTIONS)
    try:
        fits = options is None or isinstance(json.loads(options), dict)
    except (ValueError, RecursionError):
        fits = False
    return None if fits else Problem("10023", parameter=_OPTIONS)


async def read_form(request: web.Request) -> Form | Problem:
    """Read a multipart form: at most 100 fields of 64 KiB, and one file of 100 MiB."""
    form = Form()
    try:
        reader = await request.multipart()
        for _ in range(MAX_FIELDS):
            part = await reader.next()
            if part is None:
                return form
            if not isinstance(part, aiohttp.BodyPartReader):
                return Problem("10015", "a multipart inside a multipart")
            problem = await _read_part(part, form)
            if problem:
                return problem
    except (
        *(ValueError, AssertionError, aiohttp.ClientError, ConnectionError, RuntimeError),
        *(HttpProcessingError, web.RequestPayloadError),  # the headers of a part; chunks
    ):
        return Problem("10015", "the form cannot be read")
    return Problem("10015", "too many fields")


async def _read_part(part: aiohttp.BodyPartReader, form: Form) -> Problem | None:
    is_file = part.name == "file"
    limit = MAX_FILE_BYTES if is_file else MAX_FIELD_BYTES
    data = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        data += chunk
        if len(data) > limit:
            return Problem("10015", f"more than {limit} bytes", part.name or "", 413)
    if is_file:
        form.file, form.filename = bytes(data), part.filename or ""
    elif part.name:
        form.fields[part.name] = data.decode("utf-8", "replace")
    return None
