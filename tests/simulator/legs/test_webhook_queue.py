"""The queue of webhooks: order, retries and injected faults, as arithmetic."""

from service.simulator.legs.webhook_queue import QueuedWebhook, WebhookEvent, WebhookQueue
from service.simulator.rng import Rng
from service.simulator.scenario.carrier_settings import WebhookFault, WebhookSettings

URLS = ("http://a.invalid/",)


def event(name: str) -> WebhookEvent:
    """Return an event."""
    return WebhookEvent(f"id-{name}", name, 1_800_000_000.25, {"b": 1, "a": None})


def queue_of(fault: dict[str, object], **settings: object) -> WebhookQueue:
    """Return a queue in which every event meets this fault."""
    return WebhookQueue(WebhookSettings(fault=(WebhookFault(**fault),), **settings), Rng("x"))


def drain(queue: WebhookQueue, now_s: float) -> list[str]:
    """Return the event types that are due, in order."""
    found: list[str] = []
    while (webhook := queue.pop(now_s)) is not None:
        found.append(webhook.event.event_type)
    return found


def post(
    queue: WebhookQueue, *names: str, at_s: float = 0.0, retries_s: tuple[float, ...] = ()
) -> None:
    """Post events at one time."""
    for name in names:
        queue.post(event(name), URLS, retries_s, at_s)


def test_without_faults_events_go_at_once_and_in_order() -> None:
    """The default."""
    queue = queue_of({})
    post(queue, "a", "b", "c")

    assert drain(queue, 0.0) == ["a", "b", "c"]
    assert len(queue) == 0


def test_a_reordered_event_goes_right_after_the_next_one() -> None:
    """And by itself after its time, if none comes."""
    queue = queue_of({"events": ["slow"], "reorder": 1, "reorder_within_s": 1})
    post(queue, "slow", "b", "c")
    assert drain(queue, 0.0) == ["b", "slow", "c"]

    post(queue, "slow", at_s=5)
    assert drain(queue, 5.9) == []
    assert queue.next_due_s() == 6
    assert drain(queue, 6.0) == ["slow"]


def test_a_delayed_event_lets_later_ones_pass() -> None:
    """By something within its range."""
    queue = queue_of({"events": ["late"], "delay": 1, "delay_s": [2, 3]})
    post(queue, "late", "b")

    assert drain(queue, 1.9) == ["b"]
    assert drain(queue, 3.0) == ["late"]


def test_a_dropped_event_never_goes_and_says_so() -> None:
    """Its webhook is returned all the same: the report wants to know."""
    queue = queue_of({"events": ["a"], "drop": 1})
    (webhook,) = queue.post(event("a"), URLS, (), 0.0)

    assert webhook.faults == ["dropped"]
    assert drain(queue, 99) == []


def test_a_duplicated_event_has_two_webhooks_with_the_same_id() -> None:
    """Each is retried by itself."""
    queue = queue_of({"duplicate": 1})
    one, other = queue.post(event("a"), URLS, (1.0,), 0.0)

    assert one is not other
    assert one.event.id == other.event.id
    assert drain(queue, 0.0) == ["a", "a"]
    assert queue.retry(one, 0.0)
    assert (one.attempt, other.attempt) == (2, 1)


def test_retries_wait_as_told_then_go_to_the_failover_address() -> None:
    """Where attempts begin again."""
    queue = queue_of({})
    webhook = QueuedWebhook(event("a"), ("http://a.invalid/", "http://b.invalid/"), (1.0, 4.0))
    waits: list[tuple[str, int, float]] = []
    while queue.retry(webhook, 10.0):
        waits.append((webhook.urls[0], webhook.attempt, (queue.next_due_s() or 0) - 10))
        queue.pop(99)

    assert waits == [
        ("http://a.invalid/", 2, 1.0),
        ("http://a.invalid/", 3, 4.0),
        ("http://b.invalid/", 1, 0.0),
        ("http://b.invalid/", 2, 1.0),
        ("http://b.invalid/", 3, 4.0),
    ]


def test_unknown_events_come_after_known_ones_with_ids_of_their_own() -> None:
    """An event type nobody has heard of, and fields too."""
    queue = queue_of({}, unknown_events=1, unknown_fields=1)
    known, extra = queue.post(event("a"), URLS, (), 0.0)

    assert known.event.payload["via"] == {"hops": 3}
    assert extra.event.event_type != "a"
    assert extra.event.id != known.event.id
    assert drain(queue, 0.0) == ["a", extra.event.event_type]


def test_one_fault_does_not_change_when_another_strikes() -> None:
    """With duplicates switched on, the same events are dropped as before."""
    results = []
    for duplicate in (0, 0.5):
        queue = queue_of({"drop": 0.4, "duplicate": duplicate})
        webhooks = [queue.post(event(str(n)), URLS, (), 0.0)[0] for n in range(50)]
        results.append(["dropped" in webhook.faults for webhook in webhooks])

    assert results[0] == results[1]
    assert 5 < sum(results[0]) < 35


def test_a_full_queue_drops_what_is_new() -> None:
    """At 10 000 webhooks."""
    queue = queue_of({})
    post(queue, *("a" for _ in range(10_001)))

    assert len(queue) == 10_000


def test_a_body_has_alphabetical_keys_and_a_stamp_in_microseconds() -> None:
    """As seen live; null stays null."""
    body = event("call.hangup").body(attempt=2, url=URLS[0], underscores=True)

    assert body == (
        b'{"data":{"event_type":"call_hangup","id":"id-call.hangup",'
        b'"occurred_at":"2027-01-15T08:00:00.250000Z","payload":{"a":null,"b":1},'
        b'"record_type":"event"},"meta":{"attempt":2,"delivered_to":"http://a.invalid/"}}'
    )
