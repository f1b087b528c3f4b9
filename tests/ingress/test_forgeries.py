"""Forged webhooks cost less than genuine ones."""

from service.ingress.forgeries import BURST, MAX_STRANGERS, ForgeryLimiter
from tests.ingress.builders import WEBHOOKS, signed, webhook_body
from tests.ingress.harness import OLD_KEY, WebhookHarness

STRANGER, OTHER = "198.51.100.7", "198.51.100.8"
FORGED = signed(b"another body")


def exhausted(stranger: str) -> ForgeryLimiter:
    """Return a limiter that has had enough forgeries of this stranger."""
    limiter = ForgeryLimiter()
    for _ in range(int(BURST)):
        assert limiter.allows(stranger, 0.0)
        limiter.forged(stranger, 0.0)
    return limiter


def test_a_stranger_who_keeps_forging_is_not_looked_at() -> None:
    """One more a second; nobody else is concerned."""
    limiter = exhausted(STRANGER)

    assert not limiter.allows(STRANGER, 0.0)
    assert limiter.allows(OTHER, 0.0)
    assert limiter.allows(STRANGER, 1.5)


def test_telnyx_and_whoever_sent_a_webhook_are_always_listened_to() -> None:
    """Somebody may hide behind the same proxy."""
    for limiter, sender in ((exhausted(STRANGER), STRANGER), (exhausted("192.76.120.130"), "")):
        limiter.genuine(sender)
        assert limiter.allows(sender or "192.76.120.130", 0.0)


def test_strangers_are_forgotten_in_the_end() -> None:
    """Those that forged least lately: they could be as many as there are addresses."""
    limiter = exhausted(STRANGER)
    for number in range(MAX_STRANGERS):
        limiter.forged(f"stranger {number}", 0.0)

    assert limiter.allows(STRANGER, 0.0)


async def test_a_flood_of_forgeries_is_turned_away_unread() -> None:
    """429 before the body is read or a signature looked at."""
    webhooks = WebhookHarness()
    body = WEBHOOKS[0].read_bytes()
    answers = await webhooks.post_all([(body, FORGED)] * int(BURST) + [(body, signed(body))] * 2)

    assert [answer.status for answer in answers] == [401] * int(BURST) + [429] * 2
    assert webhooks.route.counters.webhooks == {"forged": BURST, "limited": 2}


async def test_forgeries_beside_genuine_webhooks_keep_none_of_them_out() -> None:
    """They come through one proxy that is none of ours."""
    webhooks = WebhookHarness()
    body = webhook_body("call.answered")
    genuine = (body, signed(body, key=OLD_KEY))
    answers = await webhooks.post_all([genuine, *[(body, FORGED)] * 60, genuine])

    assert [answers[0].status, answers[-1].status] == [200, 200]
