"""Receivers that expect another order, fewer at once, or nothing twice."""

import asyncio

from aiohttp import web

from tests.delivery.planted.receiver import Crm, Event, named_by


@named_by("the same event twice")
class RefusesRepeats(Crm):
    """As conflicts."""

    def event(self, event: Event, *, known: bool) -> int:
        return 409 if known else super().event(event, known=known)


class _Counts(Crm):
    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, int] = {}

    def event(self, event: Event, *, known: bool) -> int:
        data = event["data"]
        if "seq" not in data or event["type"] == "call.report":
            return super().event(event, known=known)
        last = self.last.get(data["call_id"])
        self.last[data["call_id"]] = data["seq"]
        return 204 if self.fits_behind(last, data["seq"]) else 409

    def fits_behind(self, last: int | None, seq: int) -> bool:
        raise NotImplementedError


@named_by("a number that is missing")
class WantsEveryNumber(_Counts):
    """Of a call that it knows."""

    def fits_behind(self, last: int | None, seq: int) -> bool:
        return last is None or seq <= last + 1


@named_by("a call that is replayed")
class WantsGrowingNumbers(_Counts):
    """And refuses a call that begins again."""

    def fits_behind(self, last: int | None, seq: int) -> bool:
        return last is None or seq >= last


@named_by("a call without its beginning")
class WantsTheBeginning(_Counts):
    """Of a call first, unless it is its end."""

    def fits_behind(self, last: int | None, seq: int) -> bool:
        return last is not None or seq != 17


@named_by("two calls at once")
class WantsOneCallAtATime(Crm):
    """From beginning to end."""

    def __init__(self) -> None:
        super().__init__()
        self.call = ""

    def event(self, event: Event, *, known: bool) -> int:
        call = event["data"].get("call_id", "")
        if not call.startswith(("certify-one", "certify-other")) or known:
            return super().event(event, known=known)
        self.call = call if event["data"]["seq"] == 1 else self.call
        return 204 if call == self.call else 400


@named_by("many calls at once")
class TakesFewAtOnce(Crm):
    """And turns others away for good."""

    def __init__(self) -> None:
        super().__init__()
        self.full = asyncio.Event()

    async def answer(self, request: web.Request) -> int:
        if "crowd" in request.headers.get("webhook-id", ""):
            if self.busy > 8:
                self.full.set()
                return 404
            await self.full.wait()  # a slow one is overtaken by those that come with it
        return await super().answer(request)


@named_by("a slow sender, beside a quick one")
class TakesOneAtATime(Crm):
    """From the first byte of its body on."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = asyncio.Lock()

    async def answer(self, request: web.Request) -> int:
        async with self.lock:
            return await super().answer(request)


@named_by("an answer in good time")
class IsSlow(Crm):
    """Works first, and answers afterwards."""

    async def answer(self, request: web.Request) -> int:
        status = await super().answer(request)
        if "genuine" in request.headers.get("webhook-id", ""):
            await asyncio.sleep(3.5)  # its slowness is the fault
        return status


@named_by("a call's events, signed")
class HasMoved(Crm):
    """To where nobody follows."""

    def event(self, event: Event, *, known: bool) -> int:
        return 302


@named_by("a call's events, signed")
class BreaksAndForgets(Crm):
    """Answers 500, and takes the repeat for one that it had."""

    def event(self, event: Event, *, known: bool) -> int:
        return 409 if known else 500
