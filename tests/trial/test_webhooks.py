import json
from http import HTTPStatus

from nacl.signing import SigningKey

from service.trial import Facts
from service.trial.watch import Watch
from service.trial.webhooks import REFUSED, WebhookLog
from service.wire.signature import sign

KEY = SigningKey(b"k" * 32)
NOW = 1_800_000_000.0


def webhook(event_type: str, number: int = 1, at: str = "2026-11-22T10:00:00Z") -> bytes:
    """Return the body of a webhook."""
    data = {"event_type": event_type, "id": f"e{number}", "occurred_at": at, "payload": {"to": ""}}
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


def take(log: WebhookLog, body: bytes, key: SigningKey = KEY, at: float = 0.0) -> HTTPStatus:
    """Deliver a webhook that this key signed."""
    return log.take(sign(key, body, int(NOW)), body, now=NOW, at=at)


def log() -> WebhookLog:
    """Return an empty log."""
    return WebhookLog((KEY.verify_key,), Watch())


def told(of: WebhookLog) -> dict[str, object]:
    """Return what it knows."""
    facts = Facts()
    of.tell(facts)
    return dict(facts.seen)


def test_one_event_is_refused_once() -> None:
    """What comes of that is told: the next delivery is taken."""
    webhooks, body = log(), webhook(REFUSED)

    assert take(webhooks, body) == HTTPStatus.SERVICE_UNAVAILABLE
    assert told(webhooks)["webhook.refused"] == "did not come again"
    assert take(webhooks, body, at=1.0) == HTTPStatus.OK
    assert (
        told(webhooks)["webhook.refused"] == "came again attempt 1 same id signed at the same time"
    )


def test_a_repeat_under_another_id_is_known_by_when_it_was() -> None:
    """Nobody says whether a repeat keeps its id."""
    webhooks = log()
    for number in (1, 2):
        take(webhooks, webhook(REFUSED, number))

    assert "another id" in str(told(webhooks)["webhook.refused"])


def test_forgeries_are_counted_and_not_believed() -> None:
    """Alone they say that the key is wrong; beside others, that somebody else knows the address."""
    webhooks, other = log(), SigningKey(b"o" * 32)

    assert take(webhooks, webhook("call.initiated"), other) == HTTPStatus.UNAUTHORIZED
    assert told(webhooks) == {"webhook.signature": "not by this key"}
    take(webhooks, webhook("call.initiated"))
    assert told(webhooks)["webhook.signature"] == "some not by this key"


def test_order_and_repeats_are_told() -> None:
    """By the times that Telnyx wrote, and by the ids."""
    webhooks = log()
    take(webhooks, webhook("call.answered", 2, "2026-11-22T10:00:02Z"))
    take(webhooks, webhook("call.initiated", 1, "2026-11-22T10:00:01Z"))
    take(webhooks, webhook("call.initiated", 1, "2026-11-22T10:00:01Z"))

    seen = told(webhooks)
    assert seen["webhook.order"] == "call.answered call.initiated"
    assert seen["webhook.arrival"] == "out of order"
    assert seen["webhook.twice"] == "some came twice"
    assert seen["webhook.fields.call.initiated"] == ("to",)


def test_what_is_no_webhook_is_taken_and_left_alone() -> None:
    """It was signed, so it is Telnyx's, in a shape that nobody knows."""
    webhooks = log()
    for body in (b"{", b"[]", b'{"data": 1}', b'{"data": {}}'):
        assert take(webhooks, body) == HTTPStatus.OK
    assert told(webhooks) == {"webhook.signature": "none came"}
