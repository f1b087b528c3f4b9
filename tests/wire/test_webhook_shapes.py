"""Bodies of whatever shape: read, ignored or bad, and nothing else."""

import json

from hypothesis import given
from hypothesis import strategies as st

from service.calls.webhook import Webhook
from service.errors import BadInputError
from service.wire.webhooks import Ignored, parse_webhook
from tests.ingress.builders import NOW, WEBHOOKS
from tests.wire.shapes import JSON
from tests.wire.test_webhooks import EXPECTED

NAMES = st.sampled_from(sorted({*EXPECTED, "call.initiated", "call.transcription", "x"}))


@given(data=JSON, payload=JSON, name=NAMES | JSON, said=JSON, leg=JSON)
def test_no_object_of_any_shape_is_too_much(
    data: object, payload: object, name: object, said: object, leg: object
) -> None:
    """Whatever the fields hold, an object is read or ignored; nothing else is raised."""
    if isinstance(payload, dict):
        payload |= {"transcription_data": said, "call_control_id": leg, "custom_headers": data}
    envelope = {"event_type": name, "payload": payload, "id": data, "occurred_at": said}

    for body in ({"data": envelope}, envelope, {"data": data}):
        assert isinstance(parse_webhook(json.dumps(body).encode(), NOW), Webhook | Ignored)


@given(body=st.binary(max_size=64) | st.sampled_from(WEBHOOKS).map(lambda p: p.read_bytes()),
       cut=st.integers(0, 2000), junk=st.binary(max_size=4))  # fmt: skip
def test_a_mangled_body_is_read_ignored_or_bad(body: bytes, cut: int, junk: bytes) -> None:
    """Cut off and spliced bytes raise nothing but `BadInputError`."""
    try:
        parsed = parse_webhook(body[:cut] + junk + body[cut + 1 :], NOW)
    except BadInputError:
        return
    assert isinstance(parsed, Webhook | Ignored)
