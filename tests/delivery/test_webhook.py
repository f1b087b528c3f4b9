"""The webhook sink against a real receiver."""

import asyncio
import base64
import os

import pytest
from nacl.signing import VerifyKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.delivery.endpoints import Endpoint
from service.delivery.signing import Secrets, public_key
from service.delivery.webhook import open_webhook
from service.errors import (
    DeliveryError,
    EndpointGoneError,
    PermanentDeliveryError,
    SettingsError,
    TemporaryDeliveryError,
)
from service.ports import Delivery
from tests.delivery import peers
from tests.delivery.builders import webhook
from tests.delivery.peers import Receiver, Reply, open_receiver, reply
from tests.waiting import PATIENCE_S

OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
DELIVERY = Delivery(
    "evt_c1_7",
    "transcript.final",
    '{"type": "transcript.final",  "data": {"text": "naïve"}}'.encode(),
)


def endpoint(receiver: Receiver, **changes: object) -> Endpoint:
    """Return an endpoint that leads to the receiver."""
    return webhook(receiver.url, **({"secret": NEW} | changes))


async def failure_of(script: Reply, **changes: object) -> DeliveryError | None:
    """Make one attempt at a receiver that does this; return what was raised."""
    async with open_receiver(script) as receiver:
        async with open_webhook(endpoint(receiver, **changes)) as sink:
            try:
                await sink.deliver(DELIVERY)
            except DeliveryError as error:
                return error
        return None


async def test_a_delivery_arrives_byte_for_byte_and_signed() -> None:
    """The official verifier accepts it; the body is what was given, spaces and all."""
    async with open_receiver() as receiver, open_webhook(endpoint(receiver)) as sink:
        await sink.deliver(DELIVERY)

    (received,) = receiver.received
    assert received.method == "POST"
    assert received.body == DELIVERY.body
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == "evt_c1_7"
    assert Webhook(NEW).verify(received.body, received.headers)["data"] == {"text": "naïve"}


@pytest.mark.parametrize("target", ["/hooks/", "/hooks/?next=/", "/%7Eu/./x//?sig=AbC%2F%3d"])
async def test_the_url_is_asked_for_as_it_is_written(target: str) -> None:
    """A slash at its end may lead elsewhere; a signature is made of the letters."""
    async with open_receiver() as receiver:
        url = f"http://127.0.0.1:{receiver.port}{target}"
        async with open_webhook(endpoint(receiver, url=url)) as sink:
            await sink.deliver(DELIVERY)

    assert [one.target for one in receiver.received] == [target]


async def test_while_secrets_rotate_either_one_verifies() -> None:
    """Two signatures are sent; a stranger's secret accepts neither."""
    async with (
        open_receiver() as receiver,
        open_webhook(endpoint(receiver, secret_previous=OLD)) as sink,
    ):
        await sink.deliver(DELIVERY)

    (received,) = receiver.received
    Webhook(NEW).verify(received.body, received.headers)
    Webhook(OLD).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(b"somebody else").verify(received.body, received.headers)


async def test_secrets_are_rotated_while_the_sink_is_open() -> None:
    """First the old one signs, then both, then only the new one: no delivery in between fails."""
    secrets = Secrets()
    async with (
        open_receiver() as receiver,
        open_webhook(endpoint(receiver), secrets=secrets) as sink,
    ):
        for changes in ({"secret": OLD}, {"secret_previous": OLD}, {}):
            assert secrets.replace([endpoint(receiver, **changes)]) == ["crm"]
            assert secrets.replace([endpoint(receiver, **changes)]) == []
            await sink.deliver(DELIVERY)

    first, second, third = receiver.received
    for received, secret in ((first, OLD), (second, OLD), (second, NEW), (third, NEW)):
        Webhook(secret).verify(received.body, received.headers)
    for received, secret in ((first, NEW), (third, OLD)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(received.body, received.headers)


async def test_a_signing_key_signs_as_well() -> None:
    """By Ed25519, beside the secret; the public key is what receivers need."""
    key = "whsk_" + base64.b64encode(b"k" * 32).decode()
    async with (
        open_receiver() as receiver,
        open_webhook(endpoint(receiver, signing_key=key)) as sink,
    ):
        await sink.deliver(DELIVERY)

    (received,) = receiver.received
    Webhook(NEW).verify(received.body, received.headers)
    first, second = received.headers["webhook-signature"].split()
    assert first.startswith("v1,")
    version, _, signature = second.partition(",")
    text = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode()
    shown = public_key(key)
    verifier = VerifyKey(base64.b64decode(shown.removeprefix("whpk_")))
    verifier.verify(text + received.body, base64.b64decode(signature))
    assert (version, shown[:5]) == ("v1a", "whpk_")


@pytest.mark.parametrize("key", ["whsk_?", "whsk_", "whsec_" + "a" * 44, "whsk_" + "a" * 12])
async def test_a_signing_key_that_is_none_is_refused(key: str) -> None:
    """At the start, without repeating it."""
    async with open_receiver() as receiver:
        with pytest.raises(SettingsError, match="should be whsk_ and 32 bytes"):
            async with open_webhook(endpoint(receiver, signing_key=key)):
                pass


async def test_secrets_that_cannot_be_used_change_nothing() -> None:
    """A typing error in the settings does not stop deliveries."""
    secrets = Secrets()
    async with (
        open_receiver() as receiver,
        open_webhook(endpoint(receiver), secrets=secrets) as sink,
    ):
        secrets.replace([endpoint(receiver)])
        with pytest.raises(SettingsError):
            secrets.replace([endpoint(receiver, secret="whsec_?")])
        await sink.deliver(DELIVERY)

    Webhook(NEW).verify(receiver.received[0].body, receiver.received[0].headers)


async def test_another_attempt_has_the_same_id_and_body_but_its_own_time() -> None:
    """Receivers drop duplicates by id, and refuse old time stamps: both must hold hours later."""
    now = [1_000_000.9]
    async with (
        open_receiver(reply(503)) as receiver,
        open_webhook(endpoint(receiver), clock=lambda: now[0]) as sink,
    ):
        with pytest.raises(TemporaryDeliveryError):
            await sink.deliver(DELIVERY)
        now[0] = 1_086_400.0
        await sink.deliver(DELIVERY)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] == "1000000"
    assert second.headers["webhook-timestamp"] == "1086400"
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_parked_events_are_named_by_the_next_delivery() -> None:
    """`x-gap-seq` tells the receiver what it will not get; usually there is none."""
    async with open_receiver() as receiver, open_webhook(endpoint(receiver)) as sink:
        await sink.deliver(Delivery("evt_c1_7", "call.ended", b"{}", (5, 6)))
        await sink.deliver(DELIVERY)

    first, second = receiver.received
    assert first.headers["x-gap-seq"] == "5,6"
    assert "x-gap-seq" not in second.headers


async def test_own_headers_are_sent_but_cannot_replace_ours() -> None:
    """The configured headers go along; what the specification names is set by the sink."""
    headers = {"X-Env": "prod", "webhook-id": "mine", "Content-Type": "text/plain"}
    async with (
        open_receiver() as receiver,
        open_webhook(endpoint(receiver, headers=headers)) as sink,
    ):
        await sink.deliver(DELIVERY)

    (received,) = receiver.received
    assert received.headers["x-env"] == "prod"
    assert received.headers["webhook-id"] == "evt_c1_7"
    assert received.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_a_yes(status: int) -> None:
    """The receiver has it, whatever it adds."""
    assert await failure_of(reply(status)) is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_some_answers_are_worth_another_attempt(status: int) -> None:
    """Busy, early and broken receivers get the delivery again."""
    failure = await failure_of(reply(status))

    assert isinstance(failure, TemporaryDeliveryError)
    assert failure.status == status


@pytest.mark.parametrize("status", [301, 304, 400, 401, 403, 404, 405, 409, 413, 422])
async def test_other_answers_are_final(status: int) -> None:
    """A receiver that refuses this delivery would refuse it again."""
    failure = await failure_of(reply(status))

    assert isinstance(failure, PermanentDeliveryError)
    assert failure.status == status


async def test_a_gone_receiver_is_told_apart() -> None:
    """410 means never again, not just not this."""
    assert isinstance(await failure_of(reply(410)), EndpointGoneError)


async def test_a_redirect_is_not_followed() -> None:
    """A 302 to this machine would turn the POST into a GET to an address nobody configured."""
    async with open_receiver() as inner:
        failure = await failure_of(reply(302, Location=inner.url))

    assert isinstance(failure, PermanentDeliveryError)
    assert inner.connections == 0


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_on(status: int) -> None:
    """In seconds, as the receiver said it."""
    failure = await failure_of(reply(status, Retry_After="7"))

    assert isinstance(failure, TemporaryDeliveryError)
    assert failure.retry_after_s == 7


@pytest.mark.parametrize("script", [peers.stall, peers.reset, peers.garbage])
async def test_no_answer_is_temporary(script: Reply) -> None:
    """Silence, a reset and a stranger's protocol are all worth another attempt."""
    failure = await failure_of(script, timeout_s=0.3)

    assert isinstance(failure, TemporaryDeliveryError)
    assert failure.status is None


async def test_a_closed_port_is_temporary() -> None:
    """Nobody listens just now."""
    async with open_receiver() as receiver:
        pass
    async with open_webhook(endpoint(receiver)) as sink:
        with pytest.raises(TemporaryDeliveryError, match="no answer: nothing listens there"):
            await sink.deliver(DELIVERY)


async def test_a_failed_tls_handshake_is_temporary() -> None:
    """The receiver's certificate may be put right, and until then nothing is sent in the clear."""
    async with open_receiver() as receiver:
        url = receiver.url.replace("http://", "https://")
        async with open_webhook(endpoint(receiver, url=url)) as sink:
            with pytest.raises(TemporaryDeliveryError, match="no answer: TLS failed"):
                await sink.deliver(DELIVERY)

    assert receiver.received == []


@pytest.mark.parametrize("script", [peers.drip, peers.flood])
async def test_a_body_nobody_asked_for_changes_nothing(script: Reply) -> None:
    """The status was yes. The rest is not waited for, and the next delivery still gets through."""
    async with (
        open_receiver(script) as receiver,
        open_webhook(endpoint(receiver, timeout_s=0.3)) as sink,
        asyncio.timeout(PATIENCE_S),
    ):
        await sink.deliver(DELIVERY)
        await sink.deliver(DELIVERY)

    assert len(receiver.received) == 2
    assert receiver.connections == 2


async def test_connections_are_used_again() -> None:
    """An answer with a short body leaves the connection open for the next delivery."""
    async with (
        open_receiver(reply(200), reply(503)) as receiver,
        open_webhook(endpoint(receiver)) as sink,
    ):
        await sink.deliver(DELIVERY)
        with pytest.raises(TemporaryDeliveryError):
            await sink.deliver(DELIVERY)
        await sink.deliver(DELIVERY)

    assert receiver.connections == 1


@pytest.mark.parametrize(
    "script", [reply(500), reply(404), peers.reset, peers.garbage, peers.stall]
)
async def test_an_error_says_nothing_that_was_confided(script: Reply) -> None:
    """Neither URL path, query, secret, body nor answer is in the text or the causes shown."""
    failure = await failure_of(script, timeout_s=0.3, headers={"X-Token": "secret-header"})

    assert failure is not None
    assert "secret" not in str(failure)
    assert "naïve" not in str(failure)
    assert failure.__suppress_context__ or failure.__context__ is None


async def test_a_private_address_needs_permission() -> None:
    """A public-looking name that leads here is refused when it is dialled, and may come right."""
    async with open_receiver() as receiver:
        changes = {"url": "https://localhost:8443/secret", "allow_private": False}
        async with open_webhook(endpoint(receiver, **changes)) as sink:
            with pytest.raises(TemporaryDeliveryError, match="not a public one"):
                await sink.deliver(DELIVERY)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"url": None}, "url"),
        ({"url": "https://127.0.0.1/secret", "allow_private": False}, "not public"),
        ({"url": "http://crm.example.com/secret", "allow_private": False}, "https"),
        ({"secret": None}, "secret"),
        ({"secret": "whsec_§secret§"}, "secret"),
        ({"secret": "whsec_"}, "secret"),
        ({"secret_previous": "whsec_!"}, "secret"),
    ],
)
async def test_a_wrong_setting_is_told_at_the_start(changes: dict[str, object], word: str) -> None:
    """The endpoint is named and so is the fault; the values are not repeated."""
    receiver = Receiver(port=1)
    with pytest.raises(SettingsError, match=word) as refusal:
        async with open_webhook(endpoint(receiver, **changes)):
            pass

    assert "crm" in str(refusal.value)
    assert "/secret" not in str(refusal.value)
    assert "§" not in str(refusal.value)


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would dial for us, past the guard."""
    async with open_receiver() as proxy, open_receiver() as receiver:
        monkeypatch.setitem(os.environ, "HTTP_PROXY", proxy.url)
        async with open_webhook(endpoint(receiver)) as sink:
            await sink.deliver(DELIVERY)

    assert (proxy.connections, len(receiver.received)) == (0, 1)
