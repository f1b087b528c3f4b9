"""What webhooks are signed with: it may change while the service runs."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from nacl.signing import SigningKey
from standardwebhooks.webhooks import Webhook

from service.delivery.endpoints import Endpoint
from service.errors import SettingsError
from service.ids import EndpointName


class Signer(Protocol):
    """Signs deliveries in one of the ways of the Standard Webhooks specification."""

    def sign(self, msg_id: str, timestamp: datetime, data: str) -> str:
        """Return the signature, with the name of its way before it."""


class KeySigner:
    """Signs with Ed25519 (`v1a`): receivers verify with a public key and hold no secret."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign(self, msg_id: str, timestamp: datetime, data: str) -> str:
        """See `Signer.sign`."""
        text = f"{msg_id}.{int(timestamp.timestamp())}.{data}"
        return "v1a," + base64.b64encode(self._key.sign(text.encode()).signature).decode()


class Secrets:
    """The secrets of all endpoints, as they are now. Sinks ask for theirs at each attempt."""

    def __init__(self) -> None:
        self._signers: dict[EndpointName, tuple[Signer, ...]] = {}
        self._secrets: dict[EndpointName, tuple[str | None, ...]] = {}

    def signers(self, name: EndpointName) -> tuple[Signer, ...]:
        """Return what signs the deliveries of an endpoint: several while receivers move."""
        return self._signers[name]

    @property
    def current(self) -> Mapping[EndpointName, Sequence[str | None]]:
        """The secrets of each webhook, in the clear: never log them."""
        return self._secrets

    def replace(self, endpoints: Iterable[Endpoint]) -> list[EndpointName]:
        """Take the secrets of these webhooks from now on; return whose have changed.

        Raises:
            SettingsError: A secret is missing or cannot be read; nothing has changed.
        """
        webhooks = [one for one in endpoints if one.type == "webhook"]
        signers = {one.name: signers_of(one) for one in webhooks}
        secrets = {one.name: (one.secret, one.secret_previous, one.signing_key) for one in webhooks}
        changed = [name for name in secrets if self._secrets.get(name) != secrets[name]]
        self._signers |= signers
        self._secrets |= secrets
        return changed


def signers_of(endpoint: Endpoint) -> tuple[Signer, ...]:
    """Return what signs with the secrets of an endpoint.

    Raises:
        SettingsError: There is no secret, or something cannot be read.
    """
    secrets = [secret for secret in (endpoint.secret, endpoint.secret_previous) if secret]
    try:
        signers: list[Signer] = [Webhook(secret) for secret in secrets]
    except Exception:  # noqa: BLE001 - the package raises bare errors, and their text has the secret
        signers = []
    if not endpoint.secret or not signers:
        raise SettingsError([f"endpoint {endpoint.name}: secret should be whsec_ and base64"])
    if endpoint.signing_key:
        signers.append(KeySigner(parse_signing_key(endpoint.signing_key)))
    return tuple(signers)


def parse_signing_key(text: str) -> SigningKey:
    """Read `whsk_` and the 32 bytes of an Ed25519 key in base64.

    Raises:
        SettingsError: It is not that.
    """
    prefix, found, key = text.partition("whsk_")
    try:
        if found and not prefix:
            return SigningKey(base64.b64decode(key, validate=True))
    except (TypeError, ValueError):
        pass  # said below, without what was given
    raise SettingsError(["signing_key should be whsk_ and 32 bytes in base64"])


def public_key(signing_key: str) -> str:
    """Return what receivers verify with, as the specification writes it: `whpk_…`."""
    key = parse_signing_key(signing_key).verify_key
    return "whpk_" + base64.b64encode(key.encode()).decode()
