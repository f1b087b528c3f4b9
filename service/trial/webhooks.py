"""The webhooks of one call as they came: in which order, with what, and again when refused."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from nacl.signing import VerifyKey

from service.errors import ForgedInputError
from service.trial.facts import Facts, name_of
from service.trial.watch import Watch
from service.wire.signature import TIMESTAMP_HEADER, verify

REFUSED = "call.speak.started"
"""The event whose first delivery is refused, to see whether and how it comes again."""
_MAX_ARRIVALS = 10_000
_HOP_BY_PROXY = ("x-forwarded", "x-real", "forwarded", "via", "cf-", "x-envoy", "x-amzn")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivery of one event. `at` is in seconds of a clock that never jumps."""

    at: float
    event_type: str
    event_id: str
    occurred_at: str
    stamp: str
    """When it was signed: `attempt` changes the body, so that each has a signature of its own."""
    payload: Mapping[str, object]
    meta: Mapping[str, object]


class WebhookLog:
    """Takes the webhooks of one call, and refuses one of them once."""

    def __init__(self, keys: Sequence[VerifyKey], watch: Watch) -> None:
        self.arrived: list[Arrival] = []
        self._keys = keys
        self._watch = watch
        self._headers: set[str] = set()
        self._forged = 0
        self._refused: Arrival | None = None

    def take(self, headers: Mapping[str, str], body: bytes, *, now: float, at: float) -> HTTPStatus:
        """Take one delivery at `now` (Unix seconds); return what it is answered."""
        try:
            verify(self._keys, headers, body, now=now)
        except ForgedInputError:
            self._forged += 1
            self._watch.tell()
            return HTTPStatus.UNAUTHORIZED
        arrival = _read(body, headers, at)
        if arrival is None or len(self.arrived) >= _MAX_ARRIVALS:
            return HTTPStatus.OK
        self._headers |= {name.lower() for name in headers}
        self.arrived.append(arrival)
        self._watch.tell()
        if arrival.event_type == REFUSED and self._refused is None:
            self._refused = arrival
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def first(self, event_type: str, *, since: int = 0) -> Arrival | None:
        """Return the first arrival of an event, not counting so many before."""
        return next((one for one in self.arrived[since:] if one.event_type == event_type), None)

    def again(self) -> Arrival | None:
        """Return the delivery that came after a refused one, of the same event."""
        refused = self._refused
        if refused is None:
            return None
        return next(
            (
                one
                for one in self.arrived
                if one is not refused and one.event_type == REFUSED and _is_repeat(one, refused)
            ),
            None,
        )

    @property
    def was_refused(self) -> bool:
        """Whether there was one to refuse."""
        return self._refused is not None

    def tell(self, facts: Facts) -> None:
        """Note what is known of all that came."""
        facts.note("webhook.signature", self._signatures())
        if not self.arrived:
            return
        ours = (name for name in self._headers if not name.startswith(_HOP_BY_PROXY))
        facts.note_names("webhook.headers", ours)
        facts.note("webhook.order", " ".join(name_of(one) for one in self._types()))
        stamps = [one.occurred_at for one in self._once() if one.occurred_at]
        facts.note("webhook.arrival", "in order" if stamps == sorted(stamps) else "out of order")
        facts.note_names("webhook.meta", self.arrived[0].meta)
        self._tell_repeats(facts)
        for event_type in self._types():
            arrivals = [one for one in self.arrived if one.event_type == event_type]
            facts.note_names(
                f"webhook.fields.{event_type}", {key for one in arrivals for key in one.payload}
            )

    def _signatures(self) -> str:
        if self._forged:
            return "some not by this key" if self.arrived else "not by this key"
        return "good" if self.arrived else "none came"

    def _types(self) -> list[str]:
        """Return the types of events in the order in which each came first."""
        return list(dict.fromkeys(one.event_type for one in self.arrived))

    def _once(self) -> Iterator[Arrival]:
        ids: set[str] = set()
        for one in self.arrived:
            if one.event_id not in ids:
                yield one
            ids.add(one.event_id)

    def _tell_repeats(self, facts: Facts) -> None:
        refused, again = self._refused, self.again()
        counted = Counter(one.event_id for one in self.arrived if one is not again)
        twice = any(count > 1 for count in counted.values())
        facts.note("webhook.twice", "some came twice" if twice else "each came once")
        if refused is None:
            return
        if again is None:
            facts.note("webhook.refused", "did not come again")
            return
        same = "same id" if again.event_id == refused.event_id else "another id"
        signed = "signed anew" if again.stamp != refused.stamp else "signed at the same time"
        attempt = name_of(again.meta.get("attempt", "none"))
        facts.note("webhook.refused", f"came again attempt {attempt} {same} {signed}")
        facts.time("webhook.refused", again.at - refused.at)


def _is_repeat(one: Arrival, refused: Arrival) -> bool:
    """Say whether an arrival is what was refused: by its id, or because it says when it was."""
    return one.event_id == refused.event_id or one.occurred_at == refused.occurred_at


def _read(body: bytes, headers: Mapping[str, str], at: float) -> Arrival | None:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    data = tree.get("data") if isinstance(tree, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("event_type"), str):
        return None
    payload, meta = data.get("payload"), tree.get("meta")
    return Arrival(
        at,
        data["event_type"],
        str(data.get("id", "")),
        str(data.get("occurred_at", "")),
        headers.get(TIMESTAMP_HEADER, ""),
        payload if isinstance(payload, dict) else {},
        meta if isinstance(meta, dict) else {},
    )
