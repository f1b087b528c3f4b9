"""`GET /v2/webhook_deliveries`: what became of every webhook, for whoever missed some.

Source: Telnyx's SDK 4.189, `WebhookDelivery`, `Attempt` and `WebhookDeliveryListParams`. What is
listed first, and when a delivery begins to be listed, is not published: here the newest, and once
it is delivered or given up.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from service.simulator.api.gate import Gate, answer
from service.simulator.calls.exchange import Exchange
from service.simulator.legs.leg import Leg
from service.simulator.legs.timeline import iso
from service.simulator.report import DeliveryResult, Try
from service.simulator.rules.problems import Problem

MAX_PAGE = 250
_DEFAULT_PAGE = 20
_PATH = "/v2/webhook_deliveries"
_encode = msgspec.json.Encoder().encode

Record = Mapping[str, object]


class DeliveriesRoute:
    """The routes of webhook deliveries."""

    def __init__(self, exchange: Exchange, gate: Gate) -> None:
        self._exchange = exchange
        self._gate = gate

    def add_to(self, app: web.Application) -> None:
        """Put the routes into the application."""
        app.router.add_get(_PATH, self._list)
        app.router.add_get(_PATH + "/{id}", self._one)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        found = [record for record in self._records() if _is_wanted(record, query)]
        found.sort(key=lambda record: str(record["started_at"]), reverse=True)
        size = min(_number(query.get("page[size]"), _DEFAULT_PAGE), MAX_PAGE)
        page = _number(query.get("page[number]"), 1)
        meta = {
            "page_number": page,
            "page_size": size,
            "total_pages": -(-len(found) // size),
            "total_results": len(found),
        }
        return answer({"data": found[(page - 1) * size : page * size], "meta": meta})

    async def _one(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info["id"]
        for record in self._records():
            if record["id"] == wanted:
                return answer({"data": record})
        return self._gate.refuse(Problem("10005"))

    def _records(self) -> Iterator[Record]:
        for runtime in self._exchange.legs.values():
            for number, result in enumerate(runtime.leg.sender.results):
                if result.over:
                    yield _record(runtime.leg, number, result)


def _record(leg: Leg, number: int, result: DeliveryResult) -> Record:
    """Return a delivery. One that was lost on the way looks like one that nobody answered."""
    url = (leg.routing.urls(result.event_type) or ("",))[0]
    lost = Try(url, result.occurred_at, result.occurred_at, None)
    tries = result.tries or [lost]
    return {
        "id": leg.rng.derive(f"delivery {number}").uuid(),
        "record_type": "webhook_delivery",
        "status": _status(acknowledged=result.acknowledged),
        "started_at": iso(tries[0].began_at),
        "finished_at": iso(tries[-1].ended_at),
        "user_id": leg.id.user_id,
        "webhook": {
            "record_type": "event",
            "id": result.event_id,
            "event_type": result.event_type,
            "occurred_at": iso(result.occurred_at),
            "payload": result.payload,
        },
        "attempts": [_attempt(one) for one in reversed(tries)],
    }


def _attempt(one: Try) -> Record:
    http: dict[str, object] = {"request": {"url": one.url, "headers": []}}
    if one.status is not None:
        http["response"] = {"status": one.status, "headers": [], "body": ""}
    return {
        "status": _status(acknowledged=one.status is not None and one.status // 100 == 2),  # noqa: PLR2004 - any 2xx
        "errors": [],
        "started_at": iso(one.began_at),
        "finished_at": iso(one.ended_at),
        "http": http,
    }


def _status(*, acknowledged: bool) -> str:
    return "delivered" if acknowledged else "failed"


def _is_wanted(record: Record, query: Mapping[str, str]) -> bool:
    """Say whether a delivery passes the filters, which all have to be met."""
    webhook = record["webhook"]
    event_type = webhook["event_type"] if isinstance(webhook, dict) else ""
    types = query.get("filter[event_type]")
    return (
        query.get("filter[status][eq]", record["status"]) == record["status"]
        and (types is None or event_type in types.split(","))
        and query.get("filter[webhook][contains]", "") in _encode(webhook).decode()
        and query.get("filter[attempts][contains]", "") in _encode(record["attempts"]).decode()
        and all(_is_between(record, query, name) for name in ("started_at", "finished_at"))
    )


def _is_between(record: Record, query: Mapping[str, str], name: str) -> bool:
    at = _moment(str(record[name]))
    since, until = (_moment(query.get(f"filter[{name}][{end}]", "")) for end in ("gte", "lte"))
    if at is None:
        return False
    return (since is None or at >= since) and (until is None or at <= until)


def _moment(text: str) -> datetime | None:
    """Read a time of ISO 8601; None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str | None, default: int) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdecimal() else default
