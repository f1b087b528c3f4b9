"""What `callscribe check` tries at Telnyx: the API, its webhook address, and speech to text."""

import asyncio
import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from pydantic import SecretStr

from service.calls.engines import engine_for
from service.calls.routes import Route
from service.cli.check.findings import Finding, fail, ok, warn
from service.errors import BadInputError
from service.ingress.webhook_route import PATH as WEBHOOK_PATH
from service.reasons import connection_fault
from service.settings import Settings
from service.settings.checks import is_loopback
from service.stt.formats import WireFormat, choose_format
from service.stt.query import session_url
from service.wire.stt import CLOSE_STREAM, parse_result

_APPLICATIONS = "/call_control_applications?page[size]=250"
_SESSION_S = 8.0
_ANSWER_WAIT_S = 1.0
_CLOSING = aiohttp.ClientWSTimeout(ws_close=1.0)
_SILENCE_MS = 200
_BAD_KEY = re.compile(r"(10009|10010|20\d{3}|40[13])\b")
"""The codes by which Telnyx says that a key is not taken (TELNYX.md §5.6)."""
_MAX_BYTES = 1024 * 1024
_NEW_KEY = "make a new API key in the Telnyx portal and set TELNYX_API_KEY"


async def check_api(session: aiohttp.ClientSession, settings: Settings) -> list[Finding]:
    """Try the API key on the list of voice applications, and look for our webhook in it.

    Source: Telnyx, `GET /v2/call_control_applications` (SDK 4.189).
    """
    url = settings.telnyx_base_url + _APPLICATIONS
    try:
        async with session.get(
            url, headers=_bearer(settings.telnyx_api_key), allow_redirects=False
        ) as response:
            status, body = response.status, await response.content.read(_MAX_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        advice = "check the network, and TELNYX_BASE_URL if it is set"
        return [fail("Telnyx API", f"cannot be reached, {connection_fault(error)}; {advice}")]
    if status == 200:  # noqa: PLR2004 - HTTP's
        return [ok("Telnyx API", "takes the API key"), *_webhook(settings, body)]
    return [_api_refusal(status)]


async def find_application(session: aiohttp.ClientSession, settings: Settings) -> str | None:
    """Return the id of the voice application that sends to us, or of the only one there is."""
    url = settings.telnyx_base_url + _APPLICATIONS
    try:
        async with session.get(
            url, headers=_bearer(settings.telnyx_api_key), allow_redirects=False
        ) as response:
            listed = _applications(await response.content.read(_MAX_BYTES))
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    ours = (settings.public_url or "") + WEBHOOK_PATH
    told = [app for app in listed if _address(app) == ours] or listed
    return str(told[0]["id"]) if len(told) == 1 and told[0].get("id") else None


async def check_recogniser(
    session: aiohttp.ClientSession, settings: Settings, route: Route
) -> list[Finding]:
    """Have a speech-to-text session by the rules of a route, and see whether it is refused.

    A moment of silence is sent: some engines look at their settings only then.
    """
    if route.source != "media":
        return []
    local = route.engine == "local"
    base = settings.recogniser_url if local else settings.telnyx_stt_url
    key = settings.recogniser_api_key if local else settings.telnyx_api_key
    subject = "recogniser" if local else "Telnyx STT"
    engine = engine_for(route.engine, route.model)
    audio = choose_format(engine, "PCMU", 8000)
    url = session_url(base, route, audio)
    try:
        async with (
            asyncio.timeout(_SESSION_S),
            session.ws_connect(url, headers=_bearer(key), timeout=_CLOSING) as socket,
        ):
            problem = await _first_error(socket, audio.silence(_SILENCE_MS))
    except aiohttp.WSServerHandshakeError as error:
        return [fail(subject, _stt_refusal(error.status, local=local))]
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        start = "start it with: callscribe recogniser" if local else "check TELNYX_STT_URL"
        return [fail(subject, f"cannot be reached, {connection_fault(error)}; {start}")]
    name = f"{route.engine} {route.model}" if route.model else route.engine
    if problem:
        return [fail(subject, f"{name} {_session_refusal(problem, local=local)}")]
    return [ok(subject, f"takes a session of {name}"), *in_the_clear(subject, base)]


def heard_routes(settings: Settings) -> list[Route]:
    """Return the routes as each of their engines gets them, fallbacks too; the same ones once."""
    choices = [choice for route in settings.routes() for choice in route.choices]
    alike: dict[str, Route] = {}
    for choice in choices:
        asked = f"{choice.source} {session_url('', choice, WireFormat('linear16', 8000))}"
        alike.setdefault(asked, choice)
    return list(alike.values())


def _bearer(key: SecretStr | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}


def _api_refusal(status: int) -> Finding:
    advice = {
        401: f"the API key is not valid; {_NEW_KEY}",
        403: "the API key may not do this; check the account's state in the Telnyx portal",
        404: "there is no such address; TELNYX_BASE_URL ends in /v2",
        429: "too many requests; try again in a minute",
    }
    text = advice.get(status, "check TELNYX_BASE_URL and Telnyx's status page")
    return fail("Telnyx API", f"HTTP {status}: {text}")


def _stt_refusal(status: int, *, local: bool) -> str:
    if status in (401, 403):
        return f"HTTP {status}: the key is not taken; {_key_advice(local=local)}"
    name = "recogniser_url" if local else "TELNYX_STT_URL"
    return f"HTTP {status} in place of a WebSocket; check {name}"


def _key_advice(*, local: bool) -> str:
    return "set CALLSCRIBE_RECOGNISER_API_KEY to its key" if local else _NEW_KEY


def _session_refusal(problem: str, *, local: bool) -> str:
    if _BAD_KEY.match(problem):
        return f"refuses the key: {problem}; {_key_advice(local=local)}"
    return f"refuses the settings of its route: {problem}; check its model, language and options"


def _webhook(settings: Settings, body: bytes) -> list[Finding]:
    if settings.public_url is None:
        return []
    ours = settings.public_url + WEBHOOK_PATH
    listed = [app for app in _applications(body) if _address(app) == ours]
    if not listed:
        text = f"no voice application sends to {ours}; set it in the Telnyx portal"
        return [warn("webhook address", text)]
    if all(app.get("webhook_api_version") == "1" for app in listed):
        return [fail("webhook address", "the application uses API v1 webhooks; set it to API v2")]
    return [ok("webhook address", "is that of a voice application")]


def _applications(body: bytes) -> list[dict[str, Any]]:
    try:
        listed = msgspec.json.decode(body, type=dict[str, Any]).get("data")
    except (msgspec.DecodeError, RecursionError):
        return []
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _address(application: dict[str, Any]) -> str:
    return str(application.get("webhook_event_url") or "").rstrip("/")


def in_the_clear(subject: str, url: str) -> list[Finding]:
    """Warn of audio that others on the way could hear."""
    parts = urlsplit(url)
    if parts.scheme == "ws" and not is_loopback(parts.hostname or ""):
        return [warn(subject, "ws:// sends calls and the key in the clear; use wss://")]
    return []


async def _first_error(socket: aiohttp.ClientWebSocketResponse, silence: bytes) -> str:
    """Wait a moment for an error: bad settings are told after the upgrade, not instead of it."""
    with suppress(ConnectionResetError):  # it closed already: then it is read why
        await socket.send_bytes(silence)
    try:
        message = await socket.receive(timeout=_ANSWER_WAIT_S)
    except TimeoutError:
        await socket.send_str(CLOSE_STREAM)
        return ""
    if message.type is not aiohttp.WSMsgType.TEXT:
        return f"it closed at once ({socket.close_code})"
    try:
        errors = parse_result(message.data).errors
    except BadInputError:
        return "its answer is not one of speech to text"
    return f"{errors[0].code} {errors[0].title}"[:200] if errors else ""
