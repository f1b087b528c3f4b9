"""Telnyx's answers to our questions, whatever shape they have. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from service.calls.inputs import WebhookInput
from service.calls.outgoing import is_ours
from service.calls.tape_webhooks import TapeSaved
from service.calls.webhook import Webhook
from service.errors import BadInputError
from service.ids import CallId, InputId, LegId
from service.ports import LegLife
from service.wire.webhook_fields import read_client_state, read_id, read_link, read_time
from service.wire.webhooks import EVENT_TYPES, parse_webhook

PAGE_SIZE = 100
MAX_PAGES = 20
_MAX_CONTAINED = 1
"""How many calls a query can name: one text that the webhook contains."""


class _Life(msgspec.Struct):
    is_alive: bool
    start_time: object = None
    end_time: object = None
    call_session_id: str | None = None
    client_state: object = None


class _Status(msgspec.Struct):
    data: _Life


class _NewLeg(msgspec.Struct):
    call_control_id: str


class _Dialled(msgspec.Struct):
    data: _NewLeg


class _Delivery(msgspec.Struct):
    webhook: object = None


class _Recordings(msgspec.Struct):
    data: list[dict[str, object]] = []


class _Deliveries(msgspec.Struct):
    data: list[_Delivery] = []


def read_life(body: bytes) -> LegLife:
    """Read `GET /v2/calls/{id}`; what does not say that the leg is over says that it lives."""
    try:
        life = msgspec.json.decode(body, type=_Status).data
    except msgspec.MsgspecError:
        return LegLife(alive=True)
    return LegLife(
        alive=life.is_alive,
        ended_at=read_time(life.end_time),
        began_at=read_time(life.start_time),
        call_id=CallId(life.call_session_id) if life.call_session_id else None,
        client_state=read_client_state(life.client_state),
    )


def read_made(body: bytes) -> LegId | None:
    """Read the answer to `dial`: the leg that it made, if it says so."""
    try:
        leg_id = msgspec.json.decode(body, type=_Dialled).data.call_control_id
    except msgspec.MsgspecError:
        return None
    return LegId(leg_id) if leg_id else None


def missed_query(call_ids: Collection[CallId], since: float, page: int) -> dict[str, Any]:
    """Return the arguments that ask the SDK for one page of deliveries that were given up."""
    query: dict[str, Any] = {
        "status": {"eq": "failed"},
        "event_type": ",".join(EVENT_TYPES),
        "started_at": {"gte": datetime.fromtimestamp(since, UTC).isoformat()},
    }
    if len(call_ids) == _MAX_CONTAINED and not any(map(is_ours, call_ids)):
        query["webhook"] = {"contains": next(iter(call_ids))}
    return {"filter": query, "page_number": page, "page_size": PAGE_SIZE}


def read_deliveries(body: bytes) -> Sequence[Mapping[str, Any] | None]:
    """Return the webhooks of a page of `GET /v2/webhook_deliveries`, as Telnyx wrote them."""
    try:
        page = msgspec.json.decode(body, type=_Deliveries)
    except msgspec.MsgspecError:
        return []
    webhooks = (delivery.webhook for delivery in page.data)
    return [webhook if isinstance(webhook, dict) else None for webhook in webhooks]


def read_missed(webhooks: Sequence[Mapping[str, Any] | None]) -> Sequence[WebhookInput]:
    """Return the webhooks that are of use here."""
    read = (_read(webhook) for webhook in webhooks if webhook is not None)
    return [one for one in read if one is not None]


def read_tapes(body: bytes, leg_id: LegId, now: float) -> Sequence[TapeSaved]:
    """Read `GET /v2/recordings`: what a leg's recordings were said to be now, as a webhook does."""
    try:
        found = msgspec.json.decode(body, type=_Recordings).data
    except msgspec.MsgspecError:
        return []
    tapes = ((read_id(each, "id"), each) for each in found)
    return [
        TapeSaved(
            input_id=InputId(f"listed {tape_id} {now}"),
            call_id=None,
            leg_id=leg_id,
            occurred_at=now,
            tape_id=tape_id,
            link=read_link(each.get("download_urls"), "wav"),
            started_at=read_time(each.get("recording_started_at")),
            ended_at=read_time(each.get("recording_ended_at")),
        )
        for tape_id, each in tapes
        if tape_id is not None and each.get("status", "completed") == "completed"
    ]


def read_date(headers: Mapping[str, str]) -> float | None:
    """Return when an answer was sent (Unix seconds, whole), or None if it does not say."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return None


def _read(webhook: Mapping[str, Any]) -> WebhookInput | None:
    try:
        parsed = parse_webhook(msgspec.json.encode({"data": webhook}), 0.0)
    except BadInputError:
        return None
    return parsed if isinstance(parsed, Webhook) and parsed.occurred_at else None
