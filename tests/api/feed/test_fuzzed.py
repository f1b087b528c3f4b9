"""Clients of the feed that say anything."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from tests.api.feed.harness import open_feed, talk
from tests.fuzzing import JSON

SUBSCRIPTIONS = st.fixed_dictionaries(
    {"id": st.text("abc._- ", max_size=5) | JSON},
    optional={
        "call_id": JSON,
        "after": st.integers() | JSON,
        "types": st.lists(st.text("transcript.*", max_size=9), max_size=4) | JSON,
        "role": st.sampled_from(["agent", "customer", "x"]) | JSON,
        "number": st.text("+1*", max_size=5) | JSON,
        "metadata": st.dictionaries(st.text(max_size=5), JSON, max_size=2),
        "partials": JSON,
    },
)
MESSAGES = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    JSON.map(json.dumps),
    SUBSCRIPTIONS.map(lambda asked: json.dumps({"subscribe": asked})),
    JSON.map(lambda asked: json.dumps({"unsubscribe": asked})),
)
CURSORS = st.text("0123456789-.e xé", max_size=24)


async def _say(messages: list[str | bytes]) -> list[str]:
    with TemporaryDirectory() as folder, capture_logs() as logs:
        async with open_feed(Path(folder)) as harness:
            async with talk(harness) as talker:
                with suppress(ConnectionClosed):
                    for one in messages:
                        await talker.socket.send(one)
            async with talk(harness) as other:
                await other.subscribe("still-there")
    return [log["event"] for log in logs if log["log_level"] in ("error", "critical")]


async def _ask(queries: list[dict[str, str]]) -> set[int]:
    statuses = set()
    with TemporaryDirectory() as folder:
        async with open_feed(Path(folder)) as harness:
            for query in queries:
                asked = {"Authorization": f"Bearer {harness.key}"}
                url = harness.url + "/v1/feed"
                async with harness.session.get(url, params=query, headers=asked) as answer:
                    statuses.add(answer.status)
    return statuses


@settings(max_examples=15, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=30))
def test_no_message_of_a_client_fails_the_feed(messages: list[str | bytes]) -> None:
    """It is answered, or the connection closed; others are served."""
    assert asyncio.run(_say(messages)) == []


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["after", "types", "role", "number", "metadata", "partials", "x"]),
            CURSORS | st.text(max_size=12),
            max_size=3,
        ),
        max_size=12,
    )
)
def test_no_query_of_a_client_fails_the_feed(queries: list[dict[str, str]]) -> None:
    """The feed begins, or the answer says what is wrong with the question."""
    assert asyncio.run(_ask(queries)) <= {200, 400, 422}
