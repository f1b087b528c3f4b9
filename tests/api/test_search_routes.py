"""Search over HTTP, and searches that are kept."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.office import CALL, Office, open_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """The API with a call in which somebody would like to change their booking."""
    async with open_office(tmp_path) as office:
        await office.keep_call()
        yield office


async def test_what_was_said_is_found(office: Office) -> None:
    """With where it is, and what was found in it."""
    answer = await office.get('/v1/search?q="my booking" chang*', key=office.key)

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
async def test_what_does_not_fit_is_not_found(office: Office, query: str) -> None:
    """Each condition must."""
    answer = await office.get(f"/v1/search?{query}", key=office.key)

    assert (answer.status, answer.json) == (200, {"data": [], "next": None})


@pytest.mark.parametrize("query", ["", "q=", "q=%21%21", "q=-booking", "q=" + "a " * 250])
async def test_there_must_be_something_to_search_for(office: Office, query: str) -> None:
    """Otherwise it is said what is missing."""
    answer = await office.get(f"/v1/search?{query}", key=office.key)

    assert (answer.status, answer.json["errors"][0]["loc"]) == (400, ["query", "q"])


async def test_pages_of_hits_are_each_hit_once(office: Office) -> None:
    """Newest first, though more is said meanwhile."""
    for number in range(5):
        await office.keep_call(f"call-{number + 2}")
    seen, path = [], "/v1/search?q=booking&limit=2"
    page = (await office.get(path, key=office.key)).json
    await office.keep_call("later")
    seen += [hit["call_id"] for hit in page["data"]]
    while page["next"]:
        page = (await office.get(f"{path}&cursor={page['next']}", key=office.key)).json
        seen += [hit["call_id"] for hit in page["data"]]

    assert seen == [f"call-{number}" for number in range(6, 0, -1)]


async def test_a_search_is_kept_listed_and_forgotten(office: Office) -> None:
    """Under an id of its own."""
    wish = {"name": "Changes", "q": "chang*", "role": "customer", "metadata": {"queue": "b"}}
    made = await office.ask("POST", "/v1/searches", key=office.key, json=wish)
    listed = await office.get("/v1/searches", key=office.key)
    path = f"/v1/searches/{made.json['id']}"
    dropped = await office.ask("DELETE", path, key=office.key)
    again = await office.ask("DELETE", path, key=office.key)

    assert made.status == 201
    assert made.json == {**wish, "id": made.json["id"], "number": None,
                         "created_at": "2027-01-15T08:00:00.000Z"}  # fmt: skip
    assert listed.json == {"data": [made.json], "next": None}
    assert (dropped.status, dropped.body, again.status) == (204, b"", 404)


async def test_a_search_for_nothing_is_not_kept(office: Office) -> None:
    """It would never find anything."""
    wish = {"name": "Nothing", "q": "!!"}

    answer = await office.ask("POST", "/v1/searches", key=office.key, json=wish)

    assert (answer.status, answer.json["errors"][0]["loc"]) == (400, ["body", "q"])
