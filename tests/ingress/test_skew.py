"""What the time stamps of genuine webhooks say about our own clock."""

import pytest
from structlog.testing import capture_logs

from service.errors import ForgedInputError
from service.ingress.skew import SkewWatch
from tests.ingress.builders import KEY, NOW, signed

BODY = b'{"data":{}}'


def events_at(*times: float) -> list[str]:
    """Verify one genuine webhook at each of these times; return what was logged."""
    watch = SkewWatch([KEY.verify_key])
    with capture_logs() as logs:
        for now in times:
            try:
                watch.verify(signed(BODY), BODY, now=now)
            except ForgedInputError:
                assert abs(now - NOW) > 300
    return [log["event"] for log in logs]


@pytest.mark.parametrize(
    ("offset_s", "events"),
    [
        (0, []),
        (30, []),
        (31, ["clock_skewed"]),
        (-299, ["clock_skewed"]),
        (301, ["stale_webhook_refused"]),
        (-86_400, ["stale_webhook_refused"]),
    ],
)
def test_a_genuine_stamp_far_from_our_clock_is_told(offset_s: float, events: list[str]) -> None:
    """From 30 s on; past 300 s the webhook is refused, and the reason is told as well."""
    assert events_at(NOW + offset_s) == events


def test_it_is_told_once_a_minute() -> None:
    """A clock that stays off does not fill the log."""
    assert events_at(*(NOW + 40 + second for second in range(120))) == ["clock_skewed"] * 2


def test_forged_stamps_say_nothing_about_the_clock() -> None:
    """Anybody can send an old time; only a signature makes it evidence."""
    watch = SkewWatch([KEY.verify_key])
    forged = {**signed(BODY), "telnyx-timestamp": "1000000000"}
    with capture_logs() as logs, pytest.raises(ForgedInputError):
        watch.verify(forged, BODY, now=NOW)

    assert logs == []
