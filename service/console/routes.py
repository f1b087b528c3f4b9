"""The page at `/`, the widget for other pages, and what both are made of, served from memory."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_FOLDER = Path(__file__).parent / "static"
_PAGE = "index.html"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_WIDGET = b"""\
// <callscribe-transcript>: what is said in a call, live, in a page of yours.
export * from "./{parts}/widget.js";
"""
_FOR_ANY_PAGE = {
    "Access-Control-Allow-Origin": "*",  # modules are fetched by its rules; it is only code
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_FRESH = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    content_type: str
    etag: str


class Console:
    """The page, the widget and their parts, read once.

    The parts stand under the digest of them all, so that a browser keeps them for good and a
    page never gets parts of another version; page and widget themselves are asked for each time.
    Pages of any origin may load the widget: what it shows is under the rules of the API.
    """

    def __init__(self) -> None:
        parts = _read(_FOLDER)
        self.version = _version(parts)
        place = f"console/{self.version}".encode()
        self._page = _asset(_PAGE, parts.pop(_PAGE).replace(b"{parts}", place))
        self._widget = _asset("widget.js", _WIDGET.replace(b"{parts}", place))
        self._parts = {name: _asset(name, body) for name, body in parts.items()}

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, to be added to an application. None asks for a key."""
        return [
            web.get("/", self.page),
            web.get("/widget.js", self.widget),
            web.get("/console/{version}/{name}", self.part),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Answer with the page, or 304 where the browser has it."""
        return _answer(request, self._page, _FRESH)

    async def widget(self, request: web.Request) -> web.Response:
        """Answer with the module that makes the element, or 304 where the browser has it."""
        return _answer(request, self._widget, {**_FOR_ANY_PAGE, **_FRESH})

    async def part(self, request: web.Request) -> web.Response:
        """Answer with one part of this version; 404 for those of others."""
        part = self._parts.get(request.match_info["name"])
        if part is None or request.match_info["version"] != self.version:
            raise web.HTTPNotFound(headers={"Cache-Control": "no-store"})
        return _answer(request, part, {**_FOR_ANY_PAGE, **_FOREVER})


def _read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in _TYPES}


def _version(parts: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(parts):
        digest.update(f"{name} {len(parts[name])}\n".encode() + parts[name])
    return digest.hexdigest()[:16]


def _asset(name: str, body: bytes) -> _Asset:
    etag = hashlib.sha256(body).hexdigest()[:32]
    return _Asset(body, _TYPES[Path(name).suffix], etag)


def _answer(request: web.Request, asset: _Asset, more: Mapping[str, str]) -> web.Response:
    headers = {**_HEADERS, **more}
    wanted = request.if_none_match or ()
    if any(tag.value in (asset.etag, "*") for tag in wanted):
        answer = web.Response(status=304, headers=headers)
    else:
        answer = web.Response(
            body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers
        )
    answer.etag = asset.etag
    return answer
