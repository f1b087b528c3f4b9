"""The outbox: faults thrown by rng, as arithmetic."""

from service.simulator.legs.webhook_queue import Happening, Letter, Outbox
from service.simulator.rng import Rng
from service.simulator.scenario.fault_settings import WebhookFault, WebhookSettings

URLS = ("http://a.invalid/",)


def happening(name: str) -> Happening:
    """Return an event."""
    return Happening(f"id-{name}", name, 1_800_000_000.25, {"b": 1, "a": None})


def outbox(fault: dict[str, object], **settings: object) -> Outbox:
    """Return an outbox in which every event meets this fault."""
    return Outbox(WebhookSettings(fault=(WebhookFault(**fault),), **settings), Rng("x"))


def drain(box: Outbox, now_s: float) -> list[str]:
    """Return the event types that are due, in order."""
    found: list[str] = []
    while (letter := box.pop(now_s)) is not None:
        found.append(letter.happening.event_type)
    return found


def post(box: Outbox, *names: str, at_s: float = 0.0, retries_s: tuple[float, ...] = ()) -> None:
    """Post events at one time."""
    for name in names:
        box.post(happening(name), URLS, retries_s, at_s)


def test_without_faults_events_go_at_once_and_in_order() -> None:
    """The default."""
    box = outbox({})
    post(box, "a", "b", "c")

    assert drain(box, 0.0) == ["a", "b", "c"]
    assert len(box) == 0


def test_a_reordered_event_goes_right_after_the_next_one() -> None:
    """And by itself after its time, if none comes."""
    box = outbox({"events": ["slow"], "reorder": 1, "reorder_within_s": 1})
    post(box, "slow", "b", "c")
    assert drain(box, 0.0) == ["b", "slow", "c"]

    post(box, "slow", at_s=5)
    assert drain(box, 5.9) == []
    assert box.next_due_s() == 6
    assert drain(box, 6.0) == ["slow"]


def test_a_delayed_event_lets_later_ones_pass() -> None:
    """By something within its range."""
    box = outbox({"events": ["late"], "delay": 1, "delay_s": [2, 3]})
    post(box, "late", "b")

    assert drain(box, 1.9) == ["b"]
    assert drain(box, 3.0) == ["late"]


def test_a_dropped_event_never_goes_and_says_so() -> None:
    """Its letter is returned all the same: the report wants to know."""
    box = outbox({"events": ["a"], "drop": 1})
    (letter,) = box.post(happening("a"), URLS, (), 0.0)

    assert letter.faults == ["dropped"]
    assert drain(box, 99) == []


def test_a_duplicated_event_has_two_letters_with_the_same_id() -> None:
    """Each is retried by itself."""
    box = outbox({"duplicate": 1})
    one, other = box.post(happening("a"), URLS, (1.0,), 0.0)

    assert one is not other
    assert one.happening.id == other.happening.id
    assert drain(box, 0.0) == ["a", "a"]
    assert box.retry(one, 0.0)
    assert (one.attempt, other.attempt) == (2, 1)


def test_retries_wait_as_told_then_go_to_the_failover_address() -> None:
    """Where attempts begin again."""
    box = outbox({})
    letter = Letter(happening("a"), ("http://a.invalid/", "http://b.invalid/"), (1.0, 4.0))
    waits: list[tuple[str, int, float]] = []
    while box.retry(letter, 10.0):
        waits.append((letter.urls[0], letter.attempt, (box.next_due_s() or 0) - 10))
        box.pop(99)

    assert waits == [
        ("http://a.invalid/", 2, 1.0),
        ("http://a.invalid/", 3, 4.0),
        ("http://b.invalid/", 1, 0.0),
        ("http://b.invalid/", 2, 1.0),
        ("http://b.invalid/", 3, 4.0),
    ]


def test_strangers_come_after_events_with_ids_of_their_own() -> None:
    """An event type nobody has heard of, and fields too."""
    box = outbox({}, unknown_events=1, unknown_fields=1)
    known, stranger = box.post(happening("a"), URLS, (), 0.0)

    assert known.happening.payload["via"] == {"hops": 3}
    assert stranger.happening.event_type != "a"
    assert stranger.happening.id != known.happening.id
    assert drain(box, 0.0) == ["a", stranger.happening.event_type]


def test_one_setting_does_not_move_the_rng_of_another() -> None:
    """With duplicates switched on, the same events are dropped as before."""
    fates = []
    for duplicate in (0, 0.5):
        box = outbox({"drop": 0.4, "duplicate": duplicate})
        letters = [box.post(happening(str(n)), URLS, (), 0.0)[0] for n in range(50)]
        fates.append(["dropped" in letter.faults for letter in letters])

    assert fates[0] == fates[1]
    assert 5 < sum(fates[0]) < 35


def test_a_full_outbox_drops_what_is_new() -> None:
    """At 10 000 letters."""
    box = outbox({})
    post(box, *("a" for _ in range(10_001)))

    assert len(box) == 10_000


def test_a_body_has_alphabetical_keys_and_a_stamp_in_microseconds() -> None:
    """As seen live; null stays null."""
    body = happening("call.hangup").body(attempt=2, url=URLS[0], underscores=True)

    assert body == (
        b'{"data":{"event_type":"call_hangup","id":"id-call.hangup",'
        b'"occurred_at":"2027-01-15T08:00:00.250000Z","payload":{"a":null,"b":1},'
        b'"record_type":"event"},"meta":{"attempt":2,"delivered_to":"http://a.invalid/"}}'
    )
