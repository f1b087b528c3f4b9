"""The feed of a saved search: what it finds, once each, as it is committed."""

import time
from pathlib import Path

from service.ports import CallFilter, SavedSearch, WordQuery
from tests.api.feed.harness import open_feed, watch
from tests.api.harness import Harness
from tests.feed.builders import A, B, final, started
from tests.waiting import until

ID = "srch_q4dk0Zs8xw3fYb1A"
PATH = f"/v1/searches/{ID}/feed"


async def keep(harness: Harness, query: WordQuery) -> None:
    """Save a search."""
    search = SavedSearch(id=ID, name="refunds", query=query, created_at=time.time())
    await harness.searches.keep_search(search)


async def test_hits_come_as_they_are_committed_with_what_was_found_marked(tmp_path: Path) -> None:
    """Only finals that hold the words, of calls that fit."""
    query = WordQuery(words="refund", role="customer", calls=CallFilter(number="+1312*"))
    async with open_feed(tmp_path) as harness:
        await keep(harness, query)
        await harness.calls.commit(A, started(), final("a0", "a refund before"))
        await harness.calls.commit(B, started("+4930123", to="+4930456"))
        async with watch(harness, PATH) as watcher:
            await harness.calls.commit(A, final("a1", "hello"))
            await harness.calls.commit(A, final("a2", "we refund you", role="agent"))
            await harness.calls.commit(B, final("b1", "refund me"))
            await harness.calls.commit(A, final("a3", "I want a refund now"))
            hit = await watcher.next()

    assert (hit.type, hit.id) == ("hit", 7)
    assert (hit.data["call_id"], hit.data["seq"]) == (A, 5)
    assert {"text": "refund", "match": True} in hit.data["snippet"]


async def test_a_search_feed_resumes_oldest_first_without_a_gap(tmp_path: Path) -> None:
    """Also over more hits than are asked for at once."""
    async with open_feed(tmp_path) as harness:
        await keep(harness, WordQuery(words="refund"))
        await harness.calls.commit(A, started(), *(final(f"a{n}", "refund") for n in range(350)))
        await until(lambda: harness.calls.hub.ring.head == 351)
        async with watch(harness, PATH, after=2) as watcher:
            hits = await watcher.many(349)
            left = await harness.calls.hub.drain(5)
            goodbye = await watcher.ended()

    assert [hit.data["seq"] for hit in hits] == list(range(3, 352))
    assert left == 0
    assert goodbye[-1].data == {"reason": "stopping", "resume_after": 351}


async def test_a_search_that_nobody_saved_is_404(tmp_path: Path) -> None:
    """And one that was dropped."""
    async with open_feed(tmp_path) as harness:
        bearer = {"Authorization": f"Bearer {harness.key}"}
        async with harness.session.get(harness.url + PATH, headers=bearer) as answer:
            assert answer.status == 404
