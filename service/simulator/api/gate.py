"""What every REST request passes first: API key, rate limit and injected faults."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from fnmatch import fnmatchcase

import msgspec
import structlog
from aiohttp import web

from service.simulator.report import History
from service.simulator.rng import Rng
from service.simulator.rules.problems import Problem
from service.simulator.scenario.carrier_settings import RestAway, RestFault, RestSettings
from service.wire.stt import PATH as STT_PATH

log = structlog.get_logger()

WINDOW_S = 60.0
MAX_BODY_BYTES = 1024 * 1024
_GENEROUS = 10_000
_LIMITS = web.RequestKey("rate_limits", dict[str, str])
_encode = msgspec.json.Encoder().encode
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """Checks every request, as an aiohttp middleware, and makes every refusal."""

    def __init__(
        self,
        settings: RestSettings,
        api_key: str,
        rng: Rng,
        *,
        elapsed_s: Callable[[], float],
        clock: Callable[[], float],
        history: History,
    ) -> None:
        """Begin; `elapsed_s` gives seconds of the scenario, `clock` what Telnyx's clock shows.

        `history` is told of keys that are not ours.
        """
        self._settings = settings
        self._key = f"Bearer {api_key}".encode()
        self._rng = rng
        self._struck = [0] * len(settings.fault)
        self._elapsed_s = elapsed_s
        self._clock = clock
        self._history = history
        self._now = asyncio.get_running_loop().time
        self._window_began = self._now()
        self._seen = 0

    def is_authorized(self, request: web.Request) -> bool:
        """Say whether the request carries the API key."""
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        ours = hmac.compare_digest(given, self._key)
        self._history.refused_keys += not ours
        return ours

    def refuse(self, problem: Problem) -> web.Response:
        """Return a refusal, in the shape that is set."""
        body = problem.body(self._settings.error_shape)
        return answer(body, status=problem.status)

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass a request on or refuse it; a failure of the simulator itself is a 500."""
        request[_LIMITS] = self._count()
        try:
            return await self._pass(request, handler)
        except web.HTTPException as error:
            return self.refuse(_problem_of(error))
        except TimeoutError:
            return self.refuse(Problem("10008"))
        except (ConnectionError, web.RequestPayloadError):
            return self.refuse(Problem("10015", "the body broke off"))
        except Exception:
            log.exception("simulated_request_failed")
            return self.refuse(Problem("10007"))

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put Telnyx's time and the rate limit on a response: the application's signal handler."""
        response.headers["Date"] = formatdate(self._clock(), usegmt=True)
        response.headers.update(request.get(_LIMITS, {}))

    def fault_for(self, command: str) -> Problem | None:
        """Decide whether a command meets an injected fault; return its error, or None."""
        for number, fault in enumerate(self._settings.fault):
            if fnmatchcase(command, fault.command) and self._strikes(number, fault):
                return Problem(fault.code, status_wanted=fault.status)
        return None

    def _strikes(self, number: int, fault: RestFault) -> bool:
        strikes = self._rng.chance(fault.probability)
        if fault.times is not None and self._struck[number] >= fault.times:
            return False
        self._struck[number] += strikes
        return strikes

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/v2/") or request.path == STT_PATH:
            return await handler(request)
        away = self._away()
        if away is not None:
            return await self._turn_away(request, away)
        if not self.is_authorized(request):
            return self.refuse(Problem("10009"))
        limit = self._settings.requests_per_minute
        if limit is not None and self._seen > limit:
            return self.refuse(Problem("10011"))
        if self._settings.latency_ms:
            await asyncio.sleep(self._settings.latency_ms / 1000)
        return await handler(request)

    def _away(self) -> RestAway | None:
        now_s = self._elapsed_s()
        return next(
            (away for away in self._settings.away if away.from_s <= now_s < away.until_s), None
        )

    async def _turn_away(self, request: web.Request, away: RestAway) -> web.StreamResponse:
        if away.how == "hangs":
            await asyncio.sleep(away.until_s - self._elapsed_s())
        if away.how != "error" and request.transport is not None:
            request.transport.abort()
        return self.refuse(Problem("10007", status_wanted=503))

    def _count(self) -> dict[str, str]:
        now = self._now()
        if now - self._window_began >= WINDOW_S:
            self._window_began, self._seen = now, 0
        self._seen += 1
        limit = self._settings.requests_per_minute or _GENEROUS
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self._seen)),
            "x-ratelimit-reset": str(round(self._window_began + WINDOW_S - now)),
        }


def answer(body: object, *, status: int = 200) -> web.Response:
    """Return JSON; None is an empty body."""
    text = b"" if body is None else _encode(body)
    return web.Response(body=text, status=status, content_type="application/json")


async def read_params(request: web.Request, timeout_s: float) -> dict[str, object] | Problem:
    """Read the JSON object of a command; an empty body is an empty object.

    Raises:
        TimeoutError: It did not come within `timeout_s`.
    """
    async with asyncio.timeout(timeout_s):
        body = await request.read()
    if not body.strip():
        return {}
    try:
        params = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Problem("10023")
    if not isinstance(params, dict):
        return Problem("10015", "the body must be a JSON object")
    return params


def _problem_of(error: web.HTTPException) -> Problem:
    if error.status in {404, 405}:
        return Problem("10005", status_wanted=error.status)
    return Problem("10015", error.reason, status_wanted=error.status)
