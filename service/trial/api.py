"""Telnyx's API as it is: one attempt for each command, and what was answered."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

import aiohttp
import msgspec

from service.errors import CarrierUnavailableError
from service.reasons import connection_fault

_TIMEOUT = aiohttp.ClientTimeout(total=15)
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the code of the first error, and `data`."""

    status: int
    code: str = ""
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it was taken."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES

    def __str__(self) -> str:
        return f"{self.status} {self.code}".rstrip()


class Api:
    """Sends commands, each with an id of its own, and once: the answer is the fact."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, api_key: str) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def dial(self, body: Mapping[str, object]) -> Answer:
        """Have somebody called.

        Raises:
            CarrierUnavailableError: No answer came.
        """
        return await self._post("/calls", body)

    async def act(self, leg_id: str, action: str, body: Mapping[str, object]) -> Answer:
        """Send a command to a leg.

        Raises:
            CarrierUnavailableError: No answer came.
        """
        return await self._post(f"/calls/{quote(leg_id, safe='')}/actions/{action}", body)

    async def _post(self, path: str, body: Mapping[str, object]) -> Answer:
        asked = {**body, "command_id": str(uuid.uuid4())}
        try:
            async with self._http.post(
                self._base_url + path,
                json=asked,
                headers=self._headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                return _read(response.status, await response.content.read(_MAX_BYTES))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            text = f"Telnyx could not be reached: {connection_fault(error)}"
            raise CarrierUnavailableError(text) from None


def _read(status: int, body: bytes) -> Answer:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return Answer(status)
    if not isinstance(tree, dict):
        return Answer(status)
    errors, data = tree.get("errors"), tree.get("data")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = str(first.get("code", "")) if isinstance(first, dict) else ""
    return Answer(status, code, data if isinstance(data, dict) else {})
