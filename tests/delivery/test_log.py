"""The log sink."""

import pytest
from structlog.testing import capture_logs

from service.delivery.endpoints import Endpoint
from service.delivery.log import open_log
from service.errors import PermanentDeliveryError
from service.ids import EndpointName
from service.ports import Delivery

ENDPOINT = Endpoint(name=EndpointName("log"), type="log")
BODY = b'{"type":"transcript.final","data":{"text":"my words","from":"+13125550123"}}'


async def test_words_are_logged_under_one_key_only() -> None:
    """Whoever must keep words and numbers out of some log can drop `payload` and has done it."""
    with capture_logs() as lines:
        async with open_log(ENDPOINT) as sink:
            await sink.deliver(Delivery("evt_c1_1", "transcript.final", BODY))

    (line,) = lines
    assert line.pop("payload") == {"text": "my words", "from": "+13125550123"}
    assert line == {
        "event": "event_delivered",
        "log_level": "info",
        "endpoint": "log",
        "id": "evt_c1_1",
        "type": "transcript.final",
    }


async def test_a_gap_is_logged_with_the_delivery_after_it() -> None:
    """What was parked before is named here too."""
    with capture_logs() as lines:
        async with open_log(ENDPOINT) as sink:
            await sink.deliver(Delivery("evt_c1_9", "call.ended", BODY, (7, 8)))

    assert lines[0]["gap_seqs"] == (7, 8)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
async def test_a_body_that_cannot_be_read_is_parked(body: bytes) -> None:
    """It will not get better, and the error does not quote it."""
    async with open_log(ENDPOINT) as sink:
        with pytest.raises(PermanentDeliveryError, match="not a JSON object"):
            await sink.deliver(Delivery("evt_c1_1", "call.ended", body))
