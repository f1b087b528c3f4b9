"""Media sockets on which anything may come."""

import json
from contextlib import suppress

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.fuzzing import JSON
from tests.ingress.builders import CLEAN
from tests.ingress.harness import MediaHarness

EVENTS = st.sampled_from(["connected", "start", "media", "stop", "dtmf", "mark", "error", "x"])
FIELDS = st.sampled_from(["stream_id", "sequence_number", "media", "start", "payload", "dtmf"])
MEDIA = st.fixed_dictionaries(
    {
        "track": st.sampled_from(["inbound", "outbound", "x"]),
        "payload": st.text("Az09+/=", max_size=9),
    },
    optional={"chunk": JSON, "timestamp": JSON},
)


def _message(event: str, body: object, fields: dict[str, object]) -> str:
    return json.dumps({"event": event, event: body, **fields})


MESSAGES = st.one_of(
    st.text(max_size=40),
    st.binary(max_size=40),
    st.sampled_from(CLEAN),
    st.builds(_message, EVENTS, JSON | MEDIA, st.dictionaries(FIELDS, JSON | MEDIA, max_size=3)),
)


@settings(max_examples=50, deadline=None)
@given(began=st.booleans(), messages=st.lists(MESSAGES, max_size=12))
async def test_no_message_fails_a_media_socket(
    began: bool,  # noqa: FBT001 - hypothesis hands arguments by name
    messages: list[str | bytes],
) -> None:
    """It is heard, passed over, or closed: nothing is logged as an error."""
    media = MediaHarness()
    with capture_logs() as logs, suppress(aiohttp.ClientError, ConnectionError):
        await media.play(*(CLEAN[:2] if began else []), *messages)

    assert [log for log in logs if log["log_level"] in ("error", "critical")] == []
