"""The queue of one leg's webhooks, which injects the faults that are set. Pure.

Times are seconds of the call's timeline. An event's random numbers depend on its type and on how
many of that type came before, so that the same seed gives it the same faults whatever else happens.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import count
from urllib.parse import urlencode

import msgspec

from service.simulator.legs.timeline import iso
from service.simulator.rng import Rng
from service.simulator.scenario.carrier_settings import WebhookFault, WebhookSettings

MAX_QUEUED_WEBHOOKS = 10_000
_encode = msgspec.json.Encoder(order="sorted").encode
_UNKNOWN_TYPES = ("call.quality.sampled", "call.weather_changed", "line.tested")
_NO_FAULT = WebhookFault()


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event of a leg: `data` of a webhook. `occurred_at` is in Unix seconds."""

    id: str
    event_type: str
    occurred_at: float
    payload: Mapping[str, object]
    form: Mapping[str, str] | None = None
    """What is posted in place of JSON: a callback of TeXML."""

    @property
    def content_type(self) -> str:
        """What the body is."""
        return "application/json" if self.form is None else "application/x-www-form-urlencoded"

    def body(self, *, attempt: int, url: str, underscores: bool) -> bytes:
        """Write the webhook's body with alphabetical keys, as seen live."""
        if self.form is not None:
            return urlencode(self.form).encode()
        name = self.event_type.replace(".", "_") if underscores else self.event_type
        data = {
            "event_type": name,
            "id": self.id,
            "occurred_at": iso(self.occurred_at),
            "payload": self.payload,
            "record_type": "event",
        }
        return _encode({"data": data, "meta": {"attempt": attempt, "delivered_to": url}})


@dataclass(slots=True, eq=False)
class QueuedWebhook:
    """One webhook to be delivered, maybe again."""

    event: WebhookEvent
    urls: tuple[str, ...]
    """The first is the primary; each next one is tried when the one before has failed for good."""
    retries_s: tuple[float, ...]
    attempt: int = 1
    stamp_s: int | None = None
    """The first attempt's signature time, Unix seconds."""
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Slot:
    """A webhook's place in the queue; a held one is moved behind the next that comes."""

    due_s: float
    number: int
    webhook: QueuedWebhook
    gone: bool = False

    def __lt__(self, other: "_Slot") -> bool:
        return (self.due_s, self.number) < (other.due_s, other.number)


class WebhookQueue:
    """Orders one leg's webhooks by when they are due. Full at 10 000: new ones are dropped."""

    def __init__(self, settings: WebhookSettings, rng: Rng) -> None:
        self._settings = settings
        self._rng = rng
        self._posted: Counter[str] = Counter()
        self._queue: list[_Slot] = []
        self._numbers = count()
        self._held: list[_Slot] = []

    def __len__(self) -> int:
        return sum(not slot.gone for slot in self._queue)

    def post(
        self, event: WebhookEvent, urls: Sequence[str], retries_s: Sequence[float], now_s: float
    ) -> list[QueuedWebhook]:
        """Queue an event, with the faults it meets; return its webhooks, one for each delivery.

        A webhook that is not queued has `"dropped"` in its `faults`.
        """
        self._posted[event.event_type] += 1
        rng = self._rng.derive(f"{event.event_type} {self._posted[event.event_type]}")
        unknown = rng.derive("unknown")
        webhook = QueuedWebhook(
            self._with_unknown_fields(event, unknown), tuple(urls), tuple(retries_s)
        )
        webhooks = self._post(webhook, now_s, rng)
        if unknown.chance(self._settings.unknown_events):
            extra = QueuedWebhook(_unknown_event(event, unknown), tuple(urls), tuple(retries_s))
            extra.faults.append("unknown")
            self._push([extra], now_s)
            webhooks.append(extra)
        return webhooks

    def pop(self, now_s: float) -> QueuedWebhook | None:
        """Return and remove the next webhook that is due, or None."""
        while self._queue and (self._queue[0].gone or self._queue[0].due_s <= now_s):
            slot = heapq.heappop(self._queue)
            if not slot.gone:
                slot.gone = True
                return slot.webhook
        return None

    def next_due_s(self) -> float | None:
        """Return when the next webhook is due, or None if there is none."""
        return min((slot.due_s for slot in self._queue if not slot.gone), default=None)

    def retry(self, webhook: QueuedWebhook, now_s: float) -> bool:
        """Queue the next attempt, at the failover address after the last; False if none is left."""
        wait_s = 0.0
        if webhook.attempt <= len(webhook.retries_s):
            wait_s = webhook.retries_s[webhook.attempt - 1]
            webhook.attempt += 1
        elif len(webhook.urls) > 1:
            webhook.attempt, webhook.urls = 1, webhook.urls[1:]
        else:
            return False
        self._push([webhook], now_s + wait_s)
        return True

    def _post(self, webhook: QueuedWebhook, now_s: float, rng: Rng) -> list[QueuedWebhook]:
        fault = self._fault_of(webhook.event.event_type)
        dropped, late, swapped, twice = (
            rng.chance(chance)
            for chance in (fault.drop, fault.delay, fault.reorder, fault.duplicate)
        )
        late_s = rng.between(*fault.delay_s)
        if dropped or len(self._queue) >= MAX_QUEUED_WEBHOOKS:
            webhook.faults.append("dropped")
            return [webhook]
        happened = {"delayed": late, "reordered": swapped and not late, "duplicated": twice}
        webhook.faults += [name for name, happens in happened.items() if happens]
        webhooks = [webhook, replace(webhook, faults=["duplicate"])] if twice else [webhook]
        if happened["reordered"]:
            self._push(webhooks, now_s + fault.reorder_within_s, hold=True)
        else:
            self._push(webhooks, now_s + late_s if late else now_s)
        return webhooks

    def _with_unknown_fields(self, event: WebhookEvent, rng: Rng) -> WebhookEvent:
        if not rng.chance(self._settings.unknown_fields):
            return event
        extra = {"experimental_score": 0.5, "route_hints": [{"seen": None}], "via": {"hops": 3}}
        return replace(event, payload={**event.payload, **extra})

    def _fault_of(self, event_type: str) -> WebhookFault:
        for fault in self._settings.fault:
            if any(fnmatchcase(event_type, pattern) for pattern in fault.events):
                return fault
        return _NO_FAULT

    def _push(self, webhooks: Sequence[QueuedWebhook], due_s: float, *, hold: bool = False) -> None:
        slots = [_Slot(due_s, next(self._numbers), webhook) for webhook in webhooks]
        for slot in slots:
            heapq.heappush(self._queue, slot)
        self._release(due_s)
        if hold:
            self._held += slots

    def _release(self, due_s: float) -> None:
        """Put what is held right behind the webhook that has just been queued for `due_s`."""
        waiting, self._held = [slot for slot in self._held if not slot.gone], []
        for slot in waiting:
            if due_s > slot.due_s:
                self._held.append(slot)
                continue
            slot.gone = True
            heapq.heappush(self._queue, _Slot(due_s, next(self._numbers), slot.webhook))


def _unknown_event(event: WebhookEvent, rng: Rng) -> WebhookEvent:
    kind = _UNKNOWN_TYPES[int(rng.between(0, len(_UNKNOWN_TYPES))) % len(_UNKNOWN_TYPES)]
    return replace(event, id=rng.uuid(), event_type=kind)
