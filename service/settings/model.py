"""The settings as data: every key of `callscribe.toml`, its default, and what it may be."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from nacl.signing import VerifyKey
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.calls.routes import AfterCall, Fallback, Numbers, Retention, Route, Tracks
from service.delivery.endpoints import Endpoint
from service.delivery.host import MAX_POSTS
from service.errors import SettingsError
from service.forwarding.post import ForwardTarget
from service.ids import Role, Source, Track
from service.journal.address import PostgresqlAddress, SqliteAddress, parse_database_url
from service.redaction.labels import Kind
from service.redaction.memory import Level, Mask
from service.settings import checks
from service.settings.endpoints import BaseUrl, EndpointSettings, HttpUrl, reveal, secret_check
from service.settings.keeping import TABLE, AccessLogSettings, RetentionSettings
from service.web.limits import LOCAL, Network
from service.wire.media import media_url
from service.wire.parties import check_party
from service.wire.signature import parse_public_key

_MAX_FALLBACKS = 4
StreamCodec = Literal["PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16", "default"]
"""Source: SDK 4.189 `types/stream_codec.py`."""


def keyed(tables: Any) -> Any:  # noqa: ANN401 - as TOML or JSON gave it; pydantic judges the rest
    """Turn a list of tables into a table of them: by number, so that a layer can reach into it."""
    if isinstance(tables, list):
        return {str(number): table for number, table in enumerate(tables)}
    return tables


StreamUrl = Annotated[str, AfterValidator(checks.base_url_check("wss", "ws"))]
CarryKey = Annotated[str, AfterValidator(checks.check_carry_key)]
MatchKey = Annotated[str, AfterValidator(checks.check_match_key)]
Number = Annotated[str, AfterValidator(checks.check_number)]
Origin = Annotated[str, AfterValidator(checks.check_origin)]
NetworkText = Annotated[str, AfterValidator(checks.check_network)]
Phrase = Annotated[str, AfterValidator(checks.check_phrase)]
EndpointingMs = Annotated[int | bool, PlainValidator(checks.parse_endpointing)]


class _Table(BaseModel):
    model_config = TABLE


class FallbackSettings(_Table):
    """One of a route's `fallback`: another engine. What it does not say is as in the route."""

    engine: str
    source: Source | None = None
    model: str | None = None
    language: str | None = None
    engine_options: dict[str, Any] = {}

    def build(self) -> Fallback:
        """Return what the call core works with."""
        return Fallback(**self.model_dump())


class AfterCallSettings(_Table):
    """`after_call` of a route: who transcribes the whole recording once the call is over."""

    engine: str
    model: str | None = None
    language: str | None = None

    def build(self) -> AfterCall:
        """Return what the call core works with."""
        return AfterCall(**self.model_dump())


class RouteSettings(_Table):
    """One `[[route]]`: which calls, and how they are treated. The first that matches wins."""

    name: Annotated[str, AfterValidator(checks.check_route_name)] | None = None
    """How `POST /v1/calls` asks for it, and what keys of the API are bound to."""
    match: Annotated[dict[MatchKey, str], AfterValidator(checks.check_match)] = {}
    """Shell-style patterns that must all fit; none fits every call."""
    answer: bool | None = None
    """Whether to answer incoming calls; left out: unless `copies` or `[forward]` is set."""
    connect: Annotated[str, AfterValidator(check_party)] | None = None
    """Who is dialled for the caller and bridged: a number, or a SIP address."""
    announce: Annotated[str, Field(min_length=1, max_length=3000)] | None = None
    """What a computer's voice says to the caller before that."""
    announce_voice: Annotated[str, Field(min_length=1, max_length=200)] = "AWS.Polly.Joanna"
    ring_s: Annotated[float, Field(ge=5, le=600)] = 30.0
    """How long it rings at whom we dial before that counts as no answer."""
    source: Source = "media"
    engine: str = "Deepgram"
    model: str | None = None
    language: str | None = None
    interim_results: bool = True
    keyterms: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    endpointing_ms: EndpointingMs | None = None
    """How much silence ends an utterance; false: none does."""
    fallback: Annotated[tuple[FallbackSettings, ...], Field(max_length=_MAX_FALLBACKS)] = ()
    """Who gives the words while the engine does not, in order."""
    stream_codec: StreamCodec | None = None
    """What the fork is encoded with; what costs least unless told otherwise."""
    max_session_s: Annotated[float, Field(ge=10, le=86_400)] | None = None
    """How long one session with the engine lasts before the next takes over."""
    tracks: Tracks = "both"
    roles: dict[Track, Role] = {}
    numbers: Numbers = "full"
    """What is shown of the numbers of participants: `last4` or `none` of their digits."""
    show_digits: bool = False
    """Whether events say which keys people press, and not only that they do."""
    redact: tuple[Kind, ...] = ()
    """What is hidden of the words before anybody has them."""
    redact_level: Level = "balanced"
    """How many digits in order of a number are shown at most: 4 or 7."""
    mask: Mask = "label"
    """`last4`: of a whole card, the last four digits are shown."""
    pause_on: Annotated[tuple[Phrase, ...], Field(max_length=50)] = ()
    """After such a phrase nothing is kept, until one of `resume_on`, but no longer than that."""
    resume_on: Annotated[tuple[Phrase, ...], Field(max_length=50)] = ()
    pause_limit_s: Annotated[float, Field(ge=1, le=3_600)] = 60.0
    siprec: bool = False
    """Whether each call is one side of somebody else's, sent by a SIPREC client."""
    record: Literal["none", "audio", "telnyx"] = "none"
    """Whether the audio is kept: what the fork carried, or what Telnyx recorded."""
    delete_at_telnyx: bool = False
    """Whether Telnyx deletes what it recorded once that is here, and what of it is erased."""
    after_call: AfterCallSettings | None = None
    """Who transcribes the recording once more; `record` says that there is one."""
    endpoints: tuple[str, ...] = ()
    carry: Annotated[tuple[CarryKey, ...], Field(max_length=16)] = ()
    """What of the call's own application goes into the metadata."""
    metadata: dict[str, Any] = {}
    """Goes out with every event of the call, as it is."""
    retention: RetentionSettings = RetentionSettings()
    """How long the call is kept; for ever unless told otherwise."""
    engine_options: dict[str, Any] = {}
    """Settings that only some engines have, under Telnyx's own names (Azure's `region`)."""

    def build(self, *, answers: bool = True) -> Route:
        """Return what the call core works with; `answers` where the route does not say."""
        plain = self.model_dump(exclude={"answer", "fallback", "retention", "after_call"})
        return Route(
            answer=answers if self.answer is None else self.answer,
            retention=Retention(**self.retention.model_dump()),
            fallback=tuple(choice.build() for choice in self.fallback),
            after_call=self.after_call.build() if self.after_call else None,
            **plain,
        )


class ForwardSettings(_Table):
    """`[forward]`: the application that each of Telnyx's webhooks is passed on to."""

    url: HttpUrl | None = None
    """Where; nothing is passed on without."""
    allow_private: bool = False
    """Let `url` lead to a private or loopback address."""
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], Field(min_length=1)] = (
        443,
        8443,
    )
    """Where `url` may lead; with `allow_private`, any port."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """How long one attempt may take."""

    def build(self) -> ForwardTarget | None:
        """Return where webhooks go, if they do."""
        if self.url is None:
            return None
        return ForwardTarget(
            url=self.url, allow_private=self.allow_private, timeout_s=self.timeout_s
        )


class ApiSettings(_Table):
    """`[api]`: the HTTP API for people and programs."""

    cors_origins: tuple[Origin, ...] = ()
    """Pages of these origins may call it; none others'."""
    rate_limit_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 1200
    """Requests of one key; up to ten seconds' worth at once."""


class TelemetrySettings(_Table):
    """`[telemetry]`: who is told what can be measured. `/metrics` is there without it."""

    otlp_url: BaseUrl | None = None
    """An OTLP/HTTP collector for traces, as in `http://localhost:4318`."""


class Settings(BaseSettings):
    """Everything the service is told at its start. Built by `load_settings`; never changes."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix="CALLSCRIBE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    listen: Annotated[str, AfterValidator(checks.check_listen)] = "0.0.0.0:8080"
    public_url: Annotated[str, AfterValidator(checks.check_public_url)] | None = None
    """How Telnyx reaches us; `source = "media"` needs it."""
    database_url: Annotated[str, AfterValidator(checks.check_database_url)] = (
        "sqlite:///callscribe.db"
    )
    database_key: Annotated[SecretStr, secret_check(checks.parse_storage_key)] | None = None
    """Encrypts the journal and captured audio where they are kept; 32 random bytes in base64."""
    nats_url: Annotated[str, AfterValidator(checks.check_nats_url)] | None = None
    """Where workers on one PostgreSQL tell each other of partials; through it unless told."""
    recordings_dir: Path | None = None
    """Where captured audio is kept; beside the database unless told otherwise."""
    recording_hosts: tuple[Annotated[str, AfterValidator(checks.check_recording_host)], ...] = ()
    """Where Telnyx's recordings may be fetched from, besides Telnyx: a bucket of one's own."""
    connection_id: Annotated[str, AfterValidator(checks.check_application)] | None = None
    """The Voice API application that calls are dialled through, if no route names one."""
    trusted_proxies: tuple[NetworkText, ...] = tuple(map(str, LOCAL))
    """Who is believed when it says whom it speaks for (`X-Forwarded-For`, `Forwarded`)."""
    copies: bool = False
    """Whether webhooks are copies that another application passes on: calls are its to answer."""
    drain_timeout_s: Annotated[float, Field(ge=0, le=3600)] = 20.0
    max_posts_per_host: Annotated[int, Field(ge=1, le=1000)] = MAX_POSTS
    """Attempts at once at one host (scheme, name and port), of all its endpoints together."""
    require_media_auth: bool = False
    """Whether a media WebSocket must show the header that Telnyx was given for it."""
    stream_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    """What applications sign addresses of streams with that they start themselves."""
    recogniser_url: StreamUrl = "ws://127.0.0.1:8090/v2/speech-to-text/transcription"
    """Where `engine = "local"` sends audio: our own recogniser."""
    recogniser_api_key: SecretStr | None = None
    """What our own recogniser asks for, if anything. It never gets Telnyx's key."""
    telnyx_api_key: Annotated[SecretStr, Field(validation_alias="telnyx_api_key", min_length=1)]
    telnyx_public_key: Annotated[
        str, Field(validation_alias="telnyx_public_key"), AfterValidator(checks.check_public_keys)
    ]
    telnyx_base_url: Annotated[BaseUrl, Field(validation_alias="telnyx_base_url")] = (
        "https://api.telnyx.com/v2"
    )
    telnyx_stt_url: Annotated[StreamUrl, Field(validation_alias="telnyx_stt_url")] = (
        "wss://api.telnyx.com/v2/speech-to-text/transcription"
    )
    forward: ForwardSettings = ForwardSettings()
    api: ApiSettings = ApiSettings()
    access_log: AccessLogSettings = AccessLogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    route: Annotated[dict[Number, RouteSettings], BeforeValidator(keyed)] = {}
    endpoint: Annotated[dict[Number, EndpointSettings], BeforeValidator(keyed)] = {}

    @property
    def listen_address(self) -> tuple[str, int]:
        """The host and port to listen on; port 0 lets the system choose."""
        return checks.parse_listen(self.listen)

    def proxies(self) -> tuple[Network, ...]:
        """Return the networks of trusted proxies."""
        return tuple(ip_network(text, strict=False) for text in self.trusted_proxies)

    @property
    def media_url(self) -> str:
        """What a media token is appended to; empty without a `public_url`."""
        if self.public_url is None:
            return ""
        return media_url(self.public_url)

    @property
    def database(self) -> SqliteAddress | PostgresqlAddress:
        """The database of the journal."""
        return parse_database_url(self.database_url)

    @property
    def database_file(self) -> Path | None:
        """The SQLite file of the journal; None if it is in PostgreSQL."""
        database = self.database
        return database.path if isinstance(database, SqliteAddress) else None

    @property
    def postgresql_url(self) -> str | None:
        """Where the journal is, if it is in PostgreSQL. It may hold a password: never log it."""
        database = self.database
        return database.url if isinstance(database, PostgresqlAddress) else None

    @property
    def recordings_path(self) -> Path:
        """The folder that captured audio is kept in: beside a file, or where the service runs."""
        beside = self.database_file or Path("callscribe.db")
        return self.recordings_dir or beside.with_name("recordings")

    def sqlite_path(self) -> Path:
        """Return the SQLite file of the journal, absolute.

        Raises:
            SettingsError: The journal is in PostgreSQL.
        """
        if self.database_file is None:
            raise SettingsError(
                ["database_url: this is for a journal in a SQLite file; yours is in PostgreSQL"]
            )
        return self.database_file.absolute()

    def storage_key(self) -> bytes | None:
        """Return the key of what is kept on the disk, if that is encrypted: never log it."""
        return checks.parse_storage_key(key) if (key := reveal(self.database_key)) else None

    def public_keys(self) -> tuple[VerifyKey, ...]:
        """Return the keys that Telnyx may have signed a webhook with."""
        texts = self.telnyx_public_key.split(",")
        return tuple(parse_public_key(text) for text in texts if text.strip())

    @property
    def answers(self) -> bool:
        """Whether calls are ours to answer, where their route does not say."""
        return not self.copies and self.forward.url is None

    def routes(self) -> tuple[Route, ...]:
        """Return the routes in the order they are tried."""
        numbers = sorted(self.route, key=int)
        return tuple(self.route[number].build(answers=self.answers) for number in numbers)

    def endpoint_list(self) -> tuple[Endpoint, ...]:
        """Return the configured endpoints. Their secrets are in the clear: never log them."""
        return tuple(self.endpoint[number].build() for number in sorted(self.endpoint, key=int))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what is handed in, so that nothing but the command line reads the process."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
