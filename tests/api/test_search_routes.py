"""Search over HTTP, and searches that are kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.builders import CALL
from tests.api.harness import Harness, open_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API with a call in which somebody would like to change their booking."""
    async with open_harness(tmp_path) as harness:
        await harness.commit_call()
        yield harness


async def test_what_was_said_is_found(harness: Harness) -> None:
    """With where it is, and what was found in it."""
    answer = await harness.get('/v1/search?q="my booking" chang*', key=harness.key)

    (found,) = answer.json["data"]
    assert (found["call_id"], found["seq"], found["role"]) == (CALL, 4, "customer")
    assert (found["start_ms"], found["occurred_at"]) == (8420, "2026-11-22T10:00:11.120Z")
    text = "".join(piece["text"] for piece in found["snippet"])
    assert text == "I'd like to change my booking."
    assert "change" in [piece["text"] for piece in found["snippet"] if piece["match"]]
    assert answer.json["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "q=absent",
        "q=booking -change",
        "q=booking&role=agent",
        "q=booking&call_id=other",
        "q=booking&number=%2B4930",
        "q=booking&started_before=2026-01-01T00:00:00Z",
        "q=booking&metadata.queue=sales",
    ],
)
async def test_what_does_not_fit_is_not_found(harness: Harness, query: str) -> None:
    """Each condition must."""
    answer = await harness.get(f"/v1/search?{query}", key=harness.key)

    assert (answer.status, answer.json) == (200, {"data": [], "next": None})


@pytest.mark.parametrize("query", ["", "q=", "q=%21%21", "q=-booking", "q=" + "a " * 250])
async def test_there_must_be_something_to_search_for(harness: Harness, query: str) -> None:
    """Otherwise it is said what is missing."""
    answer = await harness.get(f"/v1/search?{query}", key=harness.key)

    assert (answer.status, answer.json["errors"][0]["loc"]) == (400, ["query", "q"])


async def test_pages_of_hits_are_each_hit_once(harness: Harness) -> None:
    """Newest first, though more is said meanwhile."""
    for number in range(5):
        await harness.commit_call(f"call-{number + 2}")
    seen, path = [], "/v1/search?q=booking&limit=2"
    page = (await harness.get(path, key=harness.key)).json
    await harness.commit_call("later")
    seen += [hit["call_id"] for hit in page["data"]]
    while page["next"]:
        page = (await harness.get(f"{path}&cursor={page['next']}", key=harness.key)).json
        seen += [hit["call_id"] for hit in page["data"]]

    assert seen == [f"call-{number}" for number in range(6, 0, -1)]


async def test_a_search_is_kept_listed_and_forgotten(harness: Harness) -> None:
    """Under an id of its own."""
    wish = {"name": "Changes", "q": "chang*", "role": "customer", "metadata": {"queue": "b"}}
    made = await harness.ask("POST", "/v1/searches", key=harness.key, json=wish)
    listed = await harness.get("/v1/searches", key=harness.key)
    path = f"/v1/searches/{made.json['id']}"
    dropped = await harness.ask("DELETE", path, key=harness.key)
    again = await harness.ask("DELETE", path, key=harness.key)

    assert made.status == 201
    assert made.json == {**wish, "id": made.json["id"], "number": None,
                         "created_at": "2027-01-15T08:00:00.000Z"}  # fmt: skip
    assert listed.json == {"data": [made.json], "next": None}
    assert (dropped.status, dropped.body, again.status) == (204, b"", 404)


async def test_a_search_for_nothing_is_not_kept(harness: Harness) -> None:
    """It would never find anything."""
    wish = {"name": "Nothing", "q": "!!"}

    answer = await harness.ask("POST", "/v1/searches", key=harness.key, json=wish)

    assert (answer.status, answer.json["errors"][0]["loc"]) == (400, ["body", "q"])
