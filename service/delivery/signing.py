"""What webhooks are signed with: it may change while the service runs."""

from collections.abc import Iterable

from standardwebhooks.webhooks import Webhook

from service.delivery.endpoints import Endpoint
from service.errors import SettingsError
from service.ids import EndpointName


class Secrets:
    """The secrets of all endpoints, as they are now. Sinks ask for theirs at each attempt."""

    def __init__(self) -> None:
        self._signers: dict[EndpointName, tuple[Webhook, ...]] = {}
        self._secrets: dict[EndpointName, tuple[str | None, str | None]] = {}

    def signers(self, name: EndpointName) -> tuple[Webhook, ...]:
        """Return what signs the deliveries of an endpoint: two while receivers move."""
        return self._signers[name]

    def replace(self, endpoints: Iterable[Endpoint]) -> list[EndpointName]:
        """Take the secrets of these webhooks from now on; return whose have changed.

        Raises:
            SettingsError: A secret is missing or not base64; nothing has changed.
        """
        webhooks = [one for one in endpoints if one.type == "webhook"]
        signers = {one.name: signers_of(one) for one in webhooks}
        secrets = {one.name: (one.secret, one.secret_previous) for one in webhooks}
        changed = [name for name in secrets if self._secrets.get(name) != secrets[name]]
        self._signers |= signers
        self._secrets |= secrets
        return changed


def signers_of(endpoint: Endpoint) -> tuple[Webhook, ...]:
    """Return what signs with the secrets of an endpoint.

    Raises:
        SettingsError: There is none, or one is not base64.
    """
    secrets = [secret for secret in (endpoint.secret, endpoint.secret_previous) if secret]
    try:
        signers = tuple(Webhook(secret) for secret in secrets)
    except Exception:  # noqa: BLE001 - the package raises bare errors, and their text has the secret
        signers = ()
    if not endpoint.secret or not signers:
        raise SettingsError([f"endpoint {endpoint.name}: secret should be whsec_ and base64"])
    return signers
