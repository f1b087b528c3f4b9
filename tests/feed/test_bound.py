"""Subscribers who are bound: calls of others, and that there are any, never reach them."""

from pathlib import Path

from service.feed.call_lookup import CallLookup
from service.feed.filter import FeedFilter
from service.ports import StoredEvent, bind
from tests.feed.builders import A, B, Said, body, final, started
from tests.feed.harness import open_feed_harness, take_all
from tests.waiting import until

BILLING = bind(metadata=[("queue", "billing")])
ERASED: Said = ("transcript.erased", {"reason": "api"})


def of_route(route: str) -> Said:
    """Return an event that says of which route the call is from now on."""
    return "call.attached", {"route": route}


async def test_events_and_partials_of_others_do_not_pass(tmp_path: Path) -> None:
    """Nor does the cursor tell that they were there."""
    async with open_feed_harness(tmp_path) as harness:
        with harness.subscribe(FeedFilter(binding=BILLING)) as subscription:
            await harness.commit(A, started(), final("a1"), metadata={"queue": "billing"})
            await harness.commit(B, started(), final("b1"), metadata={"queue": "sales"})
            harness.publish(A, "a2")
            harness.publish(B, "b2")
            await harness.caught_up()
            await until(lambda: len(harness.hub.partials.since(0, None, 9)) == 2)
            events, partials = await take_all(subscription)

    assert (events, partials) == ([(A, 1), (A, 2)], ["a2"])
    assert subscription.cursor == 2


async def test_the_latest_metadata_decides(tmp_path: Path) -> None:
    """A call that comes to be another's is gone from one moment to the next; also by route."""
    async with open_feed_harness(tmp_path) as harness:
        of_sales = FeedFilter(binding=bind(["sales"]))
        with (
            harness.subscribe(FeedFilter(binding=BILLING)) as billing,
            harness.subscribe(of_sales) as sales,
        ):
            await harness.commit(A, started(), metadata={"queue": "billing"})
            await harness.caught_up()
            first = await take_all(billing), await take_all(sales)
            await harness.commit(A, of_route("sales"), final("a1"), metadata={"queue": "sales"})
            await harness.caught_up()
            second = await take_all(billing), await take_all(sales)

    assert first == (([(A, 1)], []), ([], []))
    assert second == (([], []), ([(A, 2), (A, 3)], []))


async def test_a_feed_of_one_call_ends_to_tell_when_it_is_anothers(tmp_path: Path) -> None:
    """It was let in while the call was its own."""
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, started(), metadata={"queue": "billing"})
        await harness.caught_up()
        mine = FeedFilter(call_id=A, binding=BILLING)
        with harness.subscribe(mine, by_seq=True) as subscription:
            before, _ = await take_all(subscription)
            await harness.commit(A, final("a1"), metadata={"queue": "sales"})
            await harness.caught_up()
            after, _ = await take_all(subscription)

    assert (before, after) == ([(A, 1)], [])
    assert subscription.cursor == 1


async def test_who_has_shown_a_call_hears_of_its_erasure(tmp_path: Path) -> None:
    """Though nothing is left that would say whose it was; of others' nobody does."""
    async with open_feed_harness(tmp_path) as harness:
        with harness.subscribe(FeedFilter(binding=BILLING)) as subscription:
            await harness.commit(A, started(), metadata={"queue": "billing"})
            await harness.commit(B, started(), metadata={"queue": "sales"})
            await harness.caught_up()
            before, _ = await take_all(subscription)
            await harness.commit(A, ERASED)
            await harness.commit(B, ERASED)
            await harness.caught_up()
            after, _ = await take_all(subscription)

    assert (before, after) == ([(A, 1)], [(A, 2)])


async def test_what_was_read_before_a_change_is_not_remembered(tmp_path: Path) -> None:
    """Of a call that changes hands while it is looked up, the next who asks is told the new one."""
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, started(), metadata={"queue": "billing"})
        said = ("transcript.final", {**final("a1")[1], "seq": 2})
        changed = StoredEvent(A, 2, said[0], body(A, said, {"queue": "sales"}))
        calls = CallLookup(harness.library)
        harness.library.meanwhile = lambda: calls.observe(changed)
        before = await calls.find(A)
        harness.library.meanwhile = None
        await harness.commit_stored(A, [changed])
        after = await calls.find(A)

    assert before is not None
    assert before.is_covered_by(BILLING)
    assert after is not None
    assert not after.is_covered_by(BILLING)


async def test_whether_a_call_is_shown_is_asked_of_what_is_known(tmp_path: Path) -> None:
    """A call that nobody knows is shown to whoever is not bound only."""
    async with open_feed_harness(tmp_path) as harness:
        await harness.commit(A, started(), metadata={"queue": "billing"})
        await harness.caught_up()

        assert await harness.hub.shows(A, BILLING)
        assert not await harness.hub.shows(A, bind(["billing"]))
        assert not await harness.hub.shows(B, BILLING)
        assert await harness.hub.shows(B, bind())
