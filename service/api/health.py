"""Health: is the process alive (`/healthz`), and should it be sent new calls (`/readyz`)."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog
from aiohttp import web

log = structlog.get_logger()

Probe = Callable[[], Awaitable[object]]
"""Returns if a part works and raises if it does not; what it returns is not looked at."""


class Health:
    """What the two routes answer from. Set `draining` when the orderly stop begins.

    `probes` are asked at the same time, each for up to `probe_timeout_s`, and what they said
    holds for `fresh_s`: a burst of health checks cannot load what it checks. `differing` returns
    what of the settings is not as other workers have it, which keeps nobody from sending calls.
    """

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        probe_timeout_s: float = 2.0,
        fresh_s: float = 0.5,
        differing: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.draining = False
        self._probes = probes
        self._differing = differing
        self._probe_timeout_s = probe_timeout_s
        self._fresh_s = fresh_s
        self._asking = asyncio.Lock()
        self._failing: list[str] = []
        self._asked_at = -math.inf

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, to be added to an application."""
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz)]

    async def healthz(self, _request: web.Request) -> web.Response:
        """Answer 200 as long as the event loop turns, also while draining."""
        return web.json_response({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Answer 200 if new calls are welcome, else 503 with the names of the reasons.

        Where settings differ from those of other workers, it says which.
        """
        reasons = ["draining"] if self.draining else await self._ask_all()
        if not reasons:
            differing = list(self._differing())
            told = {"settings_differ": differing} if differing else {}
            return web.json_response({"status": "ready", **told})
        return web.json_response({"status": "not ready", "reasons": reasons}, status=503)

    async def _ask_all(self) -> list[str]:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at >= self._fresh_s:
                async with asyncio.TaskGroup() as group:
                    asked = {name: group.create_task(self._ask(name)) for name in self._probes}
                self._failing = [name for name, task in asked.items() if not task.result()]
                self._asked_at = now
            return self._failing

    async def _ask(self, name: str) -> bool:
        try:
            async with asyncio.timeout(self._probe_timeout_s):
                await self._probes[name]()
        except Exception as error:  # noqa: BLE001 - whatever a probe raises is its answer
            log.warning("probe_failed", probe=name, error=type(error).__name__)
            return False
        return True
