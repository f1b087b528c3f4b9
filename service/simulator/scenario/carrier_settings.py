"""How the carrier behaves: where Telnyx's sources disagree or are silent, and what goes wrong.

Defaults are what is documented. Probabilities go from 0 to 1 and use seeded random numbers.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from service.simulator.scenario.table import Chance, Table, low_to_high

Span = Annotated[tuple[int, int], AfterValidator(low_to_high)]
"""From when to when, in milliseconds of the talk."""

Codec = Literal["PCMU", "PCMA", "L16", "G722", "OPUS", "AMR-WB", "G729"]
_FRAMES_MS: Mapping[str, frozenset[int]] = {
    "OPUS": frozenset({10, 20, 40, 60}),
    "AMR-WB": frozenset(range(20, 260, 20)),
}


def fits(codec: str, frame_ms: int) -> bool:
    """Say whether a codec has payloads of this length."""
    return codec not in _FRAMES_MS or frame_ms in _FRAMES_MS[codec]


class WebhookFault(Table):
    """The faults of some webhooks' delivery. The first table that matches an event counts."""

    events: tuple[str, ...] = ("*",)
    """Event types, with `*`."""
    duplicate: Chance = 0
    """Delivered twice."""
    reorder: Chance = 0
    """Delivered after the call's next webhook (or after `reorder_within_s`, if none comes)."""
    reorder_within_s: float = Field(1.0, gt=0, le=60)
    delay: Chance = 0
    """Delivered late, by something in `delay_s`, while later ones go on."""
    delay_s: tuple[float, float] = (0.5, 3.0)
    drop: Chance = 0
    """Never delivered."""

    @field_validator("delay_s")
    @classmethod
    def _low_to_high(cls, delay_s: tuple[float, float]) -> tuple[float, float]:
        return low_to_high(delay_s)


class WebhookSettings(Table):
    """How webhooks are delivered."""

    timeout_s: float = Field(2.0, gt=0, le=30)
    """Telnyx documents 2000 ms. Real seconds, whatever the speed."""
    retries_s: tuple[Annotated[float, Field(ge=0, le=60)], ...] = Field((1.0, 4.0), max_length=5)
    """Waits before the second, third, … attempt, after no answer, 408, 429 or 5xx."""
    failover_url: str | None = Field(None, pattern=r"^https?://")
    follow_redirects: bool = False
    """One page of the docs follows a 3xx, at most three; another counts it as a failure."""
    resign_retries: bool = True
    """Whether a retry is signed at its own time, or carries the first attempt's signature."""
    concurrent: bool = False
    """Webhooks of a call at the same time, instead of one after the other."""
    event_names: Literal["dots", "underscores"] = "dots"
    unknown_events: Chance = 0
    """After an event, one of an unknown type."""
    unknown_fields: Chance = 0
    """In an event, unknown fields."""
    before_dial_response: bool = False
    """The first webhook of a dialled call overtakes the answer to `dial`."""
    skew_s: float = Field(0.0, ge=-3600, le=3600)
    """How far Telnyx's clock is ahead: of `occurred_at`, and of every other time in a webhook."""
    stamp_skew_s: float = Field(0.0, ge=-3600, le=3600)
    """The same of the time that is signed."""
    fault: tuple[WebhookFault, ...] = ()


class InCallSettings(Table):
    """What `call.transcription` contains."""

    transcription_track: Literal["never", "telnyx", "always"] = "telnyx"
    """Documented for the Telnyx engine only."""
    interims: Mapping[str, bool] = Field(default_factory=dict)
    """Per engine, whether it gives interims when asked; the docs' table where nothing is said."""
    interim_confidence: Literal["zero", "null", "absent"] = "zero"
    final_confidence: Literal["given", "null", "absent"] = "given"
    """`null` is always what Cohere gives, `absent` Reson8."""
    after_hangup: int = Field(0, ge=0, le=100)
    """How many of a call's last transcripts come after its `call.hangup`."""
    endpointing_ms: int = Field(300, ge=0, le=10_000)
    nested_config: Literal["taken", "refused"] = "taken"
    """Whether `transcription_engine_config` may name the engine and the model: 422 if not, as
    Telnyx's own demo contact centre has it."""
    flat_config: Literal["taken", "refused"] = "taken"
    """Whether the model may stand beside the config, as it does there."""
    silent_starts: int = Field(0, ge=0)
    """How many transcriptions are started, from the first on, and give no word."""
    silent_after_ms: int | None = Field(None, ge=0)
    """From this position of the talk on there are no more words, for nobody's asking."""


class MediaSettings(Table):
    """The media WebSocket."""

    codec: Literal["asked"] | Codec = "asked"
    """`asked` is what `stream_codec` says, as if Telnyx could transcode anything; the others come
    whatever is asked for. Nobody here decodes G729, and its bytes mean nothing."""
    phone_codec: Codec = "PCMU"
    """The call's own codec: what comes without `stream_codec`, and by its `default`."""
    l16_rate_hz: Literal[8000, 16000] = 16000
    l16_endian: Literal["big", "little"] = "big"
    amr_wb_shape: Literal["bandwidth-efficient", "octet-aligned"] = "bandwidth-efficient"
    dtx: bool = False
    """Whether phones that speak AMR-WB send little while nobody speaks."""
    frame_ms: int = Field(20, ge=10, le=1000, multiple_of=10)
    """OPUS has 10, 20, 40 or 60, AMR-WB 20, 40, … up to 240."""
    jitter_ms: int = Field(0, ge=0, le=5000)
    """Frames are held up to this long, in order, and then come in bursts."""
    reorder: Chance = 0
    """A frame comes after the next one of its track."""
    duplicate: Chance = 0
    """A frame comes twice, with the same numbers."""
    gap: Chance = 0
    """A frame is lost; its numbers are not used again."""
    chunk_counts: Literal["track", "stream"] = "track"
    chunk_start: int = Field(1, ge=0)
    timestamp_unit: Literal["ms", "samples", "frames"] = "ms"
    connected_token: bool = False
    """The auth token also inside the `connected` message."""
    connected_protocol: bool = False
    """`"protocol": "Call"` in the `connected` message, as seen in fixtures."""
    fails: str | None = None
    """No connection at all: `streaming.failed` with this reason."""
    drop_after_ms: int | None = Field(None, ge=0)
    """The connection dies at this position of the talk, without a `stop`."""
    drop_every_ms: int | None = Field(None, ge=100)
    """It dies again and again."""
    stops_at_ms: int | None = Field(None, ge=0)
    """At this position the stream ends in order, and the call goes on."""
    silent_after_ms: int | None = Field(None, ge=0)
    """From this position on nothing is sent, and the connection stays open."""
    silent_for_ms: int | None = Field(None, gt=0)
    """For so long; unset is to the hang-up."""
    missing_ms: tuple[Span, ...] = ()
    """From when to when frames are not sent, `[[3000, 9000]]`."""
    missing_numbers: bool = True
    """Whether those frames have used up numbers."""
    bursts_ms: tuple[Span, ...] = ()
    """From when to when frames are held back, and then sent at once."""
    stall_timeout_s: float = Field(10.0, gt=0, le=600)
    """How long an application may not read before its connection is cut. Real seconds."""
    auth_header: bool = True
    """Whether the auth token is shown at all."""
    never_dials: int = Field(0, ge=0)
    """How many streams are accepted, from the first on, and never connected."""
    reconnect: bool = False
    """Whether a dropped or closed stream is dialled again, as TeXML does by default."""
    reconnect_after_s: float = Field(0.5, ge=0, le=60)
    reconnect_starts: bool = True
    """Whether `connected` and `start` come again, or only audio."""
    new_stream_id: bool = True
    """Whether the reconnected stream has a new `stream_id`."""

    @model_validator(mode="after")
    def _frames_fit(self) -> Self:
        for codec in (self.codec, self.phone_codec):
            if not fits(codec, self.frame_ms):
                raise ValueError(f"{codec} has no frames of {self.frame_ms} ms")
        return self


class RestFault(Table):
    """An injected failure of a command."""

    command: str = "*"
    """As in the path (`answer`, `streaming_start`), or `dial`; with `*`."""
    probability: Chance = 1
    times: int | None = Field(None, ge=1)
    """How often at most; unset for always."""
    status: int = Field(500, ge=400, le=599)
    code: str = "10007"


class RestAway(Table):
    """A time in which the API cannot be used, in seconds of the scenario since its first call."""

    from_s: float = Field(0.0, ge=0)
    until_s: float = Field(gt=0)
    how: Literal["cut", "hangs", "error"] = "cut"
    """The connection is cut, nothing is answered, or a 503 is."""


class RestSettings(Table):
    """The REST API."""

    requests_per_minute: int | None = Field(None, ge=1)
    """Beyond it: 429 with code 10011."""
    latency_ms: int = Field(0, ge=0, le=60_000)
    body_timeout_s: float = Field(10.0, gt=0, le=60)
    """How long the body of a request may take to come: 408 after that."""
    error_shape: Literal["errors", "detail", "empty"] = "errors"
    openai_path: bool = True
    """Whether `/v2/audio/transcriptions` is there beside `/v2/ai/audio/transcriptions`."""
    options_form: Literal["both", "json", "brackets"] = "both"
    """How file transcription takes `model_config`: one JSON part, or `model_config[diarize]`."""
    after_end: Literal["90018", "90015", "10005"] = "90018"
    """The error of a command for a call that is over; with 10005, which is a 404, its status is
    gone as well."""
    recording_link_s: int = Field(600, ge=0)
    """How long the links to a recording are good; the docs' samples say `X-Amz-Expires=600`."""
    recording_error: str | None = Field(None, min_length=1)
    """Why recordings cannot be stored: `call.recording.error` instead of `.saved`."""
    away: tuple[RestAway, ...] = ()
    fault: tuple[RestFault, ...] = ()
