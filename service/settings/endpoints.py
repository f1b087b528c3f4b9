"""The settings of endpoints, and of what holds secrets."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from service.archive.exports import ExportForm
from service.calls.events import TranscriptErased
from service.delivery.endpoints import ArchiveTarget, Endpoint, EndpointType, Order
from service.ids import EndpointName
from service.settings import checks
from service.settings.keeping import TABLE
from service.wire.webhook_secret import check_webhook_secret

_MEGABYTE = 1024 * 1024


def secret_check(check: Any) -> AfterValidator:  # noqa: ANN401 - one of several callables
    """Return what has a secret judged by this check."""
    return AfterValidator(lambda secret: (check(secret.get_secret_value()), secret)[1])


def reveal(secret: SecretStr | None) -> str | None:
    """Return what a secret is, if there is one."""
    return secret.get_secret_value() if secret else None


WebhookSecret = Annotated[SecretStr, secret_check(check_webhook_secret)]
SigningKey = Annotated[SecretStr, secret_check(checks.check_signing_key)]
HttpUrl = Annotated[str, AfterValidator(checks.url_check("https", "http"))]
BaseUrl = Annotated[str, AfterValidator(checks.base_url_check("https", "http"))]
HeaderName = Annotated[str, AfterValidator(checks.check_header_name)]
HeaderValue = Annotated[SecretStr, secret_check(checks.check_header_value)]
EventPattern = Annotated[str, AfterValidator(checks.check_event_pattern)]


EndpointUrl = Annotated[str, AfterValidator(checks.check_endpoint_url)]
KeyOfAccess = Annotated[SecretStr, secret_check(checks.check_header_value)]


class EndpointSettings(BaseModel):
    """One `[[endpoint]]`: a place that events go."""

    model_config = TABLE

    name: Annotated[str, AfterValidator(checks.check_endpoint_name)]
    type: EndpointType
    url: EndpointUrl | None = None
    secret: WebhookSecret | None = None
    secret_previous: WebhookSecret | None = None
    """Signs as well while receivers move to `secret`."""
    signing_key: SigningKey | None = None
    """Signs as well, with Ed25519: for receivers that are to hold no secret."""
    events: tuple[EventPattern, ...] = ("*",)
    partials: Annotated[str, AfterValidator(checks.check_partials)] = "off"
    headers: dict[HeaderName, HeaderValue] = {}
    allow_private: bool = False
    """Let `url` lead to a private or loopback address."""
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], Field(min_length=1)] = (
        443,
        8443,
    )
    """Where `url` may lead; with `allow_private`, any port."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long one attempt may take."""
    order: Order = "strict"
    """Whether an event that the receiver fails at holds its call up, or is parked soon."""
    batch: Annotated[int, Field(ge=1, le=100)] = 1
    """How many events of a backlog one request may bring; above 1, each body is an array."""
    report: bool = False
    """Whether each complete call follows as one document, `call.report`."""
    formats: tuple[ExportForm, ...] = ("txt",)
    """Of the transcript in an archive, beside `call.json`."""
    audio: bool = True
    """Whether an archive has the recording, too, where there is one."""
    region: Annotated[str, AfterValidator(checks.check_endpoint_name)] | None = None
    s3_endpoint: BaseUrl | None = None
    """Of a host of buckets that is not Amazon's."""
    access_key_id: Annotated[str, AfterValidator(checks.check_header_value)] | None = None
    secret_access_key: KeyOfAccess | None = None
    archive_timeout_s: Annotated[float, Field(ge=1, le=3600)] = 300.0
    """How long one attempt at an archive may take, with all audio."""
    max_audio_mb: Annotated[int, Field(ge=1, le=5_000)] = 1_024
    """A larger recording is not archived."""

    def build(self) -> Endpoint:
        """Return what the lanes and sinks work with."""
        archives = self.type == "archive"
        return Endpoint(
            name=EndpointName(self.name),
            type=self.type,
            url=self.url,
            secret=reveal(self.secret),
            secret_previous=reveal(self.secret_previous),
            signing_key=reveal(self.signing_key),
            events=(TranscriptErased.type,) if archives else self.events,
            partials=self.partials,
            headers={name: value.get_secret_value() for name, value in self.headers.items()},
            allow_private=self.allow_private,
            ports=self.ports,
            timeout_s=self.timeout_s,
            order=self.order,
            batch=self.batch,
            report=self.report or archives,
            archive=self._target() if archives else None,
        )

    def _target(self) -> ArchiveTarget:
        return ArchiveTarget(
            url=self.url or "",
            formats=self.formats,
            audio=self.audio,
            region=self.region,
            s3_endpoint=self.s3_endpoint,
            access_key_id=self.access_key_id,
            secret_access_key=reveal(self.secret_access_key),
            timeout_s=self.archive_timeout_s,
            max_audio_bytes=self.max_audio_mb * _MEGABYTE,
        )
