"""What is kept of a webhook that is passed on, and what it goes by."""

import json

import pytest
from multidict import CIMultiDict

from service.forwarding.envelope import identify, pack, unpack

SIGNED = {
    "Content-Type": "application/json",
    "User-Agent": "telnyx-webhooks",
    "Telnyx-Signature-Ed25519": "c2lnbmVk",
    "Telnyx-Timestamp": "1795341600",
}


def test_body_and_signature_stay_as_they_came() -> None:
    """White space is signed, too; what proxies add stays here."""
    came = CIMultiDict({name.upper(): value for name, value in SIGNED.items()})
    came["X-Forwarded-For"] = "203.0.113.7"
    came["Authorization"] = "Bearer secret"

    envelope = unpack(pack(b' {"a" : 1}\n', came))

    assert envelope.body == b' {"a" : 1}\n'
    assert envelope.headers == SIGNED


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            {"id": "e1", "payload": {"call_session_id": "s1", "call_control_id": "v3:1"}},
            ("e1", "s1"),
        ),
        ({"id": "e1", "payload": {"call_control_id": "v3:1"}}, ("e1", "v3:1")),
        ({"id": "e1", "payload": {"call_session_id": 7}}, ("e1", "")),
        ({"id": "e1", "payload": None}, ("e1", "")),
        ({"id": "e1"}, ("e1", "")),
    ],
)
def test_a_webhook_goes_by_its_id_and_its_call(
    data: dict[str, object], found: tuple[str, str]
) -> None:
    """Of whatever kind it is."""
    assert identify(json.dumps({"data": data}).encode()) == found


@pytest.mark.parametrize(
    "body", [b"{}", b"no JSON", b'{"data": {"id": 7}}', b"[" * 99_999, b"\xff"]
)
def test_what_has_no_id_goes_by_its_bytes(body: bytes) -> None:
    """So that a repeat is known all the same."""
    event_id, lane = identify(body)

    assert (len(event_id), lane) == (64, "")
    assert identify(body) == (event_id, "")
    assert identify(body + b" ") != (event_id, "")
