"""Receivers that verify something else, or less, than they should."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.delivery.planted.receiver import Crm, RefusedError, named_by


def as_javascript(value: object) -> str:
    """Write JSON as JavaScript does: 1.0 is 1 there."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{as_javascript(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_javascript, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


class _WritesJsonAgain(Crm):
    def signed(self, body: bytes) -> bytes:
        try:
            return self.written(json.loads(body)).encode()
        except (ValueError, RecursionError):
            return body

    def written(self, value: Any) -> str:  # noqa: ANN401 - JSON
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@named_by("numbers such as 1.0")
class WritesJsonAgain(_WritesJsonAgain):
    """As Python does: 0.00003 is another text there."""


@named_by("numbers such as 1.0")
class WritesJsonAgainAsJavaScript(_WritesJsonAgain):
    """As most receivers with a body parser do."""

    def written(self, value: Any) -> str:  # noqa: ANN401 - JSON
        return as_javascript(value).replace("3e-05", "0.00003")


@named_by("letters of all languages")
class WritesJsonAgainInAscii(_WritesJsonAgain):
    """As `json.dumps` does by itself; it knows about numbers."""

    def written(self, value: Any) -> str:  # noqa: ANN401 - JSON
        return json.dumps(value, separators=(",", ":")).replace("3e-05", "0.00003")


@named_by("a call's events, signed")
class WritesJsonAgainSorted(_WritesJsonAgain):
    """Keys in the order of the alphabet."""

    def written(self, value: Any) -> str:  # noqa: ANN401 - JSON
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


@named_by("a call's events, signed")
class WritesJsonAgainWithSpaces(_WritesJsonAgain):
    """One after each comma."""

    def written(self, value: Any) -> str:  # noqa: ANN401 - JSON
        return json.dumps(value, ensure_ascii=False)


@named_by("letters of all languages")
class ReadsLatin(Crm):
    """Takes the bytes for another alphabet's."""

    def signed(self, body: bytes) -> bytes:
        return body.decode("latin-1").encode()


@named_by("a signature of somebody else")
class TrustsEverybody(Crm):
    """Looks at nothing."""

    def trusts(self, headers: Mapping[str, str]) -> bool:
        return "webhook-id" in headers


@named_by("a body that was changed")
class TrustsTheBeginning(Crm):
    """Verifies what is before the numbers of a call, and trusts the rest."""

    def signed(self, body: bytes) -> bytes:
        return body.replace(b"outgoing", b"incoming")


@named_by("no signature")
class TrustsWhatIsNotSigned(Crm):
    """An empty header passes."""

    def trusts(self, headers: Mapping[str, str]) -> bool:
        return headers.get("webhook-signature") == "" and "webhook-id" in headers


@named_by("no signature")
class TrustsWhatLacksTheHeader(Crm):
    """As of a time before there were signatures."""

    def trusts(self, headers: Mapping[str, str]) -> bool:
        return "webhook-signature" not in headers


@named_by("no signature")
class ComparesTheBeginning(Crm):
    """Of as many letters as were sent."""

    def fits(self, mine: str, given: Sequence[str]) -> bool:
        return any(mine.startswith(one) for one in given)


@named_by("several signatures, as while secrets rotate")
class ReadsTheFirstSignature(Crm):
    """Of several."""

    def signatures(self, header: str) -> Sequence[str]:
        return header.split()[:1]


@named_by("several signatures, as while secrets rotate")
class ReadsTheLastSignature(Crm):
    """Of several."""

    def signatures(self, header: str) -> Sequence[str]:
        return header.split()[-1:]


@named_by("several signatures, as while secrets rotate")
class WantsV1First(Crm):
    """Knows no other kind before it."""

    def signatures(self, header: str) -> Sequence[str]:
        return header.split() if header.startswith("v1,") else []


@named_by("several signatures, as while secrets rotate")
class ReadsOneSignature(Crm):
    """Takes the whole header for one."""

    def signatures(self, header: str) -> Sequence[str]:
        return [header]


@named_by("an old time stamp")
class NeverLooksAtTheTime(Crm):
    """Neither behind nor ahead."""

    def is_fresh(self, age_s: float) -> bool:
        del age_s
        return True


@named_by("an old time stamp")
class BelievesAnHour(Crm):
    """Longer than a repeat should be good for."""

    def is_fresh(self, age_s: float) -> bool:
        return abs(age_s) <= 3600


@named_by("a time stamp of the future")
class BelievesTheFuture(Crm):
    """Looks at what is old alone."""

    def is_fresh(self, age_s: float) -> bool:
        return age_s <= 300


@named_by("headers in other letters")
class WantsSmallLetters(Crm):
    """Looks names up as they are written in the specification."""

    def headers(self, request: web.Request) -> dict[str, str]:
        return dict(request.headers)


@named_by("headers in other letters")
class WantsCapitals(Crm):
    """As some servers write all names; it knows small letters, too."""

    def headers(self, request: web.Request) -> dict[str, str]:
        names = request.headers.items()
        return {name.lower(): value for name, value in names if not name.isupper()}


@named_by("headers that are none")
class BreaksAtWhatIsNoSignature(Crm):
    """Unpacks before it looks."""

    def signatures(self, header: str) -> Sequence[str]:
        if header and "," not in header:
            raise RefusedError(500)
        return header.split()


@named_by("headers that are none")
class BreaksAtWhatIsNoTime(Crm):
    """Reads a number that is none."""

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        if not headers.get("webhook-timestamp", "").isdecimal():
            raise RefusedError(500)
        return super().is_genuine(headers, body)


@named_by("headers that are none")
class ReadsJsonFirst(Crm):
    """And breaks where there is none."""

    def signed(self, body: bytes) -> bytes:
        try:
            json.loads(body)
        except (ValueError, RecursionError):
            raise RefusedError(500) from None
        return body
