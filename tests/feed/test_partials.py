"""The newest partial of each utterance: bounded, in order, gone with the final."""

from service.feed.items import FeedPartial
from service.feed.partials import LivePartials
from service.ids import CallId
from service.ports import Delivery, LivePartial, StoredEvent
from tests.feed.builders import PARTIAL, body, completed, final

A, B = CallId("a"), CallId("b")


def partial(
    name: str, call_id: CallId = A, *, commits_before: int = 0, after_seq: int = 0
) -> FeedPartial:
    """Make a partial."""
    said = body(call_id, (PARTIAL, {"after_seq": after_seq}))
    delivery = Delivery(f"prt_{name}", PARTIAL, said)
    return FeedPartial(LivePartial(call_id, name, "customer", delivery), commits_before)


def names(found: object) -> list[str]:
    """Return which utterances these are of."""
    assert isinstance(found, list)
    return [one.utterance_id for one in found]


def test_each_is_found_once_by_its_stamp_and_again_when_it_is_revised() -> None:
    """The one that was revised comes last."""
    live = LivePartials()
    for name in ("u1", "u2", "u1"):
        live.publish(partial(name))
        live.release(0)
    found = live.since(0, None, 10)

    assert names(found) == ["u2", "u1"]
    assert names(live.since(found[0].stamp, None, 10)) == ["u1"]
    assert names(live.since(0, None, 1)) == ["u2"]
    assert names(live.since(0, B, 10)) == []


def test_one_waits_for_the_commits_before_it() -> None:
    """A newer one takes its place meanwhile."""
    live = LivePartials()
    live.publish(partial("u1", commits_before=2))
    live.publish(partial("u1", commits_before=3))

    assert live.release(2) == []
    assert names(live.release(3)) == ["u1"]
    assert len(live) == 1


def test_one_from_before_the_end_of_its_call_is_not_taken_after_it() -> None:
    """It came from another worker, by another way. One that was said later is taken."""
    live = LivePartials(max_ends=1)
    kind, _ = completed()
    live.finalise([StoredEvent(A, 9, kind, body(A, completed()))])

    assert not live.publish(partial("u1", after_seq=8))
    assert live.publish(partial("u2", after_seq=9))
    assert live.publish(partial("u3", B))

    live.finalise([StoredEvent(B, 1, kind, body(B, completed()))])
    assert live.publish(partial("u1", after_seq=8))


def test_the_end_of_a_call_takes_its_partials_along() -> None:
    """And those of no other call."""
    live = LivePartials()
    for name, call_id in (("u1", A), ("u2", B)):
        live.publish(partial(name, call_id))
        live.release(0)
    live.publish(partial("u3", A, commits_before=5))
    kind, _ = completed()
    live.finalise([StoredEvent(A, 9, kind, body(A, completed()))])

    assert names(live.since(0, None, 10)) == ["u2"]
    assert len(live) == 1


def test_what_is_settled_is_not_shown_again() -> None:
    """A straggler of a settled utterance is refused."""
    live = LivePartials()
    kind, _ = final("u1")
    live.finalise([StoredEvent(A, 1, kind, body(A, final("u1")))])

    assert not live.publish(partial("u1"))


def test_utterances_are_bounded() -> None:
    """The partial that was replaced longest ago goes first."""
    live = LivePartials(max_utterances=3, max_finals=2)
    for number in range(5):
        live.publish(partial(f"u{number}"))
        live.release(0)
    for name in ("s1", "s2", "s3"):
        live.finalise([StoredEvent(A, 1, final(name)[0], body(A, final(name)))])

    assert names(live.since(0, None, 10)) == ["u2", "u3", "u4"]
    assert live.publish(partial("s1"))
    assert not live.publish(partial("s3"))
