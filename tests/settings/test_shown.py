"""What people are shown of the settings."""

import pytest

from service.settings import load, show
from service.settings.shown import without_secrets
from tests.settings.builders import KEYS

DIRTY = {
    "DATABASE_URL": "postgresql://u:hunter2@h:5/db?user=u&password=hunter2&sslpassword=hunter2",
    "CALLSCRIBE_NATS_URL": "nats://u:hunter2@nats:4222",
    "TELNYX_STT_URL": "wss://a.example/stt?token=hunter2#hunter2",
    "TELNYX_BASE_URL": "https://a.example/v2?hunter2",
    "CALLSCRIBE_RECOGNISER_URL": "wss://a.example/?key=hunter2",
    "CALLSCRIBE_TELEMETRY__OTLP_URL": "https://a.example/?api-key=hunter2",
    "CALLSCRIBE_ROUTE__0__SOURCE": "in_call",
    "CALLSCRIBE_ROUTE__0__METADATA": '{"crm": ["https://u:hunter2@a.example/x"]}',
    "CALLSCRIBE_ENDPOINT__CRM__TYPE": "webhook",
    "CALLSCRIBE_ENDPOINT__CRM__URL": "https://a.example/hook?token=hunter2",
    "CALLSCRIBE_ENDPOINT__CRM__SECRET": "whsec_" + "c2VjcmV0" * 4,
}


def test_no_url_is_shown_with_its_secrets() -> None:
    """Of whichever key, however deep; where it leads is still to be seen."""
    shown = {one.key: one.value for one in show(load(None, KEYS | DIRTY), every=True)}

    assert "hunter2" not in " ".join(shown.values())
    assert shown["endpoint[0].url"] == "https://a.example/hook?token=(hidden)"
    assert shown["nats_url"] == "nats://u:(hidden)@nats:4222"
    assert shown["database_url"] == (
        "postgresql://u:(hidden)@h:5/db?user=(hidden)&password=(hidden)&sslpassword=(hidden)"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://u:a@b:c@h/db", "postgres://u:(hidden)@h/db"),
        ("POSTGRESQL://u:x y@h/db", "POSTGRESQL://u:(hidden)@h/db"),
        ("postgresql:u:x@h/db", "postgresql:u:(hidden)@h/db"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql:///db?password=a;b&c=", "postgresql:///db?password=(hidden);(hidden)&c="),
        ("https://token@a.example/x@y", "https://(hidden)@a.example/x@y"),
        ("https://a.example/x?a==b?c", "https://a.example/x?a=(hidden)"),
        ("sqlite:////var/a:b@c#1.db", "sqlite:////var/a:b@c#1.db"),
        ("sip:131255501??@*", "sip:131255501??@*"),
        ("+1312*", "+1312*"),
        ("0.0.0.0:8080", "0.0.0.0:8080"),
    ],
)
def test_a_url_is_shown_without_what_opens_what_it_leads_to(text: str, shown: str) -> None:
    """And what is none is shown as it is."""
    assert without_secrets(text) == shown
