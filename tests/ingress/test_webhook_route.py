"""`POST /webhooks/telnyx` over real sockets: what is taken, and what strangers are told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import telnyx
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey
from structlog.testing import capture_logs

from service.calls.inputs import LegAnswered
from service.errors import JournalUnavailableError
from service.ingress.webhook_route import MAX_BODY_BYTES
from tests.ingress.builders import KEY, LEG, NOW, WEBHOOKS, signed, webhook_body
from tests.ingress.harness import OLD_KEY, WebhookHarness
from tests.waiting import PATIENCE_S

ANSWERED = webhook_body("call.answered")
FOREIGN_KEY = SigningKey(bytes([7]) * 32)


async def test_a_signed_webhook_reaches_its_call_before_the_answer() -> None:
    """200 with no body, once `Calls.tell` has returned."""
    webhooks = WebhookHarness()

    answer = await webhooks.post(ANSWERED)

    assert (answer.status, answer.body) == (200, b"")
    assert [type(told) for told in webhooks.calls.told] == [LegAnswered]
    assert webhooks.route.counters.webhooks == {"accepted": 1}


async def test_every_fixture_is_answered_2xx() -> None:
    """Known or not, a genuine webhook is never sent again for our sake."""
    webhooks = WebhookHarness()
    bodies = [path.read_bytes() for path in WEBHOOKS]

    answers = await webhooks.post_all([(body, signed(body)) for body in bodies])

    assert {answer.status for answer in answers} == {200}
    assert webhooks.route.counters.webhooks["unread_event"] == 4
    assert webhooks.route.counters.webhooks["v1_envelope"] == 1
    assert webhooks.route.counters.webhooks["accepted"] == len(webhooks.calls.told) > 20


async def test_either_of_two_keys_will_do() -> None:
    """While the account's key is rotated, both are good."""
    webhooks = WebhookHarness()

    for key in (KEY, OLD_KEY):
        assert (await webhooks.post(ANSWERED, signed(ANSWERED, key=key))).status == 200


@pytest.mark.parametrize("skew_s", [-300, 300])
async def test_a_stamp_within_five_minutes_is_good(skew_s: float) -> None:
    """Telnyx's SDKs allow 300 s to either side."""
    assert (await WebhookHarness().post(ANSWERED, signed(ANSWERED, at=NOW + skew_s))).status == 200


FORGERIES = {
    "stale": signed(ANSWERED, at=NOW - 301),
    "future": signed(ANSWERED, at=NOW + 301),
    "wrong_key": signed(ANSWERED, key=FOREIGN_KEY),
    "another_body": signed(b"{}"),
    "no_headers": {},
    "no_signature": {"telnyx-timestamp": str(int(NOW))},
    "no_timestamp": {"telnyx-signature-ed25519": "AAAA"},
    "odd_timestamp": {**signed(ANSWERED), "telnyx-timestamp": "1e9"},
    "endless_timestamp": {**signed(ANSWERED), "telnyx-timestamp": "9" * 4000},
    "another_timestamp": {**signed(ANSWERED), "telnyx-timestamp": str(int(NOW) + 1)},
    "not_base64": {**signed(ANSWERED), "telnyx-signature-ed25519": "###"},
    "short_signature": {**signed(ANSWERED), "telnyx-signature-ed25519": "AAAA"},
    "latin_signature": {**signed(ANSWERED), "telnyx-signature-ed25519": "é" * 88},
}


@pytest.mark.parametrize("headers", FORGERIES.values(), ids=FORGERIES)
async def test_a_forgery_is_refused_and_told_to_nobody(headers: dict[str, str]) -> None:
    """401 that says which check failed; no call hears of it."""
    webhooks = WebhookHarness()

    answer = await webhooks.post(ANSWERED, headers)

    assert answer.status == 401
    assert answer.detail.startswith("Not from Telnyx: ")
    assert webhooks.calls.told == []
    assert webhooks.route.counters.webhooks == {"forged": 1}


BAD_BODIES = {
    "empty": b"",
    "truncated": ANSWERED[:-9],
    "not_utf8": ANSWERED.replace(b"PCMU", b"\xff\xfe\xfd\xfc"),
    "list": b"[]",
    "deep": b'{"data":' * 20_000,
    "number": b'{"data":' + b"9" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_signed_body_that_is_no_webhook_is_a_bad_request(body: bytes) -> None:
    """400 in plain words, even with a good signature."""
    answer = await WebhookHarness().post(body)

    assert answer.status == 400
    assert answer.detail.startswith("Not a webhook: ")


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_over_256_kib_is_not_read(*, is_chunked: bool) -> None:
    """413 whether the length was announced or not; one byte less is read."""

    async def chunks(total: int) -> AsyncIterator[bytes]:
        for _ in range(total // 4096):
            yield bytes(4096)

    async with WebhookHarness().serving() as (url, client):
        too_much = chunks(MAX_BODY_BYTES + 8192) if is_chunked else bytes(MAX_BODY_BYTES + 1)
        just_right = chunks(MAX_BODY_BYTES) if is_chunked else bytes(MAX_BODY_BYTES)
        statuses = [(await client.post(url, data=d)).status for d in (too_much, just_right)]

    assert statuses == [413, 401]


async def test_what_the_journal_does_not_take_telnyx_sends_again() -> None:
    """503 with Retry-After, so that a webhook is stored or comes back."""
    webhooks = WebhookHarness()
    webhooks.calls.failure = JournalUnavailableError("disk full")

    answer = await webhooks.post(ANSWERED)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert webhooks.route.counters.webhooks == {"unavailable": 1}


async def test_a_webhook_by_get_is_told_to_come_by_post() -> None:
    """405, with the setting to change; the query (phone numbers!) is not logged."""
    webhooks = WebhookHarness()
    with capture_logs() as logs:
        async with webhooks.serving() as (url, client):
            answer = await client.get(url, params={"from": "+12025550133"})
            text = await answer.text()

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert "POST" in json.loads(text)["detail"]
    assert "5550133" not in repr(logs)
    assert webhooks.route.counters.webhooks == {"by_get": 1}


@pytest.mark.parametrize(
    ("skew_s", "told"),
    [(29, []), (31, ["clock_skewed"]), (-31, ["clock_skewed"]), (400, ["stale_webhook_refused"])],
)
async def test_a_clock_that_is_off_is_told_once(skew_s: float, told: list[str]) -> None:
    """Genuine webhooks stamped over 30 s off warn, once a minute; forged ones do not count."""
    webhooks = WebhookHarness(now=NOW + skew_s)
    with capture_logs() as logs:
        await webhooks.post_all([(ANSWERED, signed(ANSWERED))] * 3)
        await webhooks.post(ANSWERED, signed(ANSWERED, at=NOW - 999, key=FOREIGN_KEY))

    about_clocks = [
        log for log in logs if log["event"] in ("clock_skewed", "stale_webhook_refused")
    ]
    assert [log["event"] for log in about_clocks] == told
    assert all(log["skew_s"] == skew_s for log in about_clocks)


async def test_webhooks_tell_what_time_it_is_at_telnyx() -> None:
    """Genuine ones: a forgery says nothing, however well it is stamped."""
    webhooks = WebhookHarness(now=NOW + 20)
    await webhooks.post(ANSWERED, signed(ANSWERED, at=NOW - 100, key=FOREIGN_KEY))
    assert webhooks.network() == NOW + 20

    await webhooks.post(ANSWERED, signed(ANSWERED))
    assert webhooks.network() == pytest.approx(NOW + 1.512873)  # when it occurred: exact


async def test_what_we_asked_for_tells_how_late_its_webhook_is() -> None:
    """A call is answered no sooner than we ask for that: a clock that may be right is."""
    webhooks = WebhookHarness(now=NOW + 2.1)
    webhooks.network.asked(LEG, 0.7)
    await webhooks.post(ANSWERED, signed(ANSWERED))

    assert webhooks.network.ahead_s == 0.0


async def test_a_sender_that_breaks_off_leaves_no_trace_but_a_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Half a body and a reset is no error of ours."""
    webhooks = WebhookHarness()
    with capture_logs() as logs:
        async with webhooks.serving() as (url, _):
            where = urlsplit(url)
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(
                b"POST /webhooks/telnyx HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
            )
            writer.write_eof()
            async with asyncio.timeout(PATIENCE_S):
                await reader.read()
            writer.close()

    assert webhooks.route.counters.webhooks == {"bad": 1}
    assert [log for log in logs if "exc_info" in log] == []
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("path", WEBHOOKS, ids=lambda path: path.stem)
def test_telnyx_own_verifier_takes_what_is_signed_here(path: Path) -> None:
    """The official SDK (Ed25519 `unwrap`, given a `str`) agrees with `sign`."""
    body = path.read_bytes()
    public_key = KEY.verify_key.encode(Base64Encoder).decode()
    client = telnyx.Telnyx(api_key="KEY", public_key=public_key)

    event = client.webhooks.unwrap(body.decode(), headers=signed(body, at=time.time()))

    assert event is not None


def test_telnyx_own_verifier_refuses_what_is_not() -> None:
    """The same SDK says no to another body under the same signature."""
    public_key = KEY.verify_key.encode(Base64Encoder).decode()
    client = telnyx.Telnyx(api_key="KEY", public_key=public_key)

    with pytest.raises(ValueError, match="Signature verification failed"):
        client.webhooks.unwrap("{}", headers=signed(ANSWERED, at=time.time()))


BODIES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(WEBHOOKS).map(lambda path: path.read_bytes()),
    st.builds(
        lambda data: json.dumps({"data": data}).encode(),
        st.dictionaries(
            st.sampled_from(["event_type", "payload", "id"]), st.integers() | st.text()
        ),
    ),
)
SIGNERS = st.sampled_from([KEY, OLD_KEY, FOREIGN_KEY, None])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(BODIES, SIGNERS, st.binary(max_size=3)), min_size=1, max_size=20))
async def test_no_stranger_gets_a_server_error(
    posts: list[tuple[bytes, SigningKey | None, bytes]],
) -> None:
    """Whatever is sent, signed, forged, tampered with or replayed, the answer is 2xx or 4xx."""
    sent = [(body + tail, signed(body, key=key) if key else {}) for body, key, tail in posts]
    with capture_logs() as logs:
        answers = await WebhookHarness().post_all(sent + sent)

    assert {answer.status for answer in answers} <= {200, 400, 401, 429}
    assert [log for log in logs if log["log_level"] in ("error", "critical")] == []
