"""What each engine takes and heeds: models, audio formats, features, languages.

Sources: Telnyx's documentation of 2026 and its SDK 4.189. Where they differ, the newer holds.
Models come and go faster than releases of ours: one that is not here is sent all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from service.calls.engines import languages
from service.ids import Source

_BOTH: frozenset[Source] = frozenset({"media", "in_call"})
_MEDIA: frozenset[Source] = frozenset({"media"})
_IN_CALL: frozenset[Source] = frozenset({"in_call"})
_NONE: frozenset[Source] = frozenset()

ANY_RANGE = (0, 60_000)
"""Endpointing whose limits nobody documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine with one family of its models. By source where the two ways in differ."""

    name: str
    """As Telnyx spells it."""
    models: tuple[str, ...] = ()
    default_model: str | None = None
    """What to ask for by name when the route has no model, so that the rest of this row holds."""
    model_key: str | None = "transcription_model"
    """Which key of the in-call config takes the model."""
    discriminator: str = ""
    """`transcription_engine` inside the in-call config; "" for the engine's name."""
    sources: frozenset[Source] = _BOTH
    formats: frozenset[str] = frozenset({"linear16"})
    """`input_format`s for raw telephone audio that its WebSocket takes."""
    rates_hz: frozenset[int] = frozenset()
    """Sample rates it takes; empty for any."""
    interim_results: frozenset[Source] = _NONE
    endpointing_ms: Mapping[Source, tuple[int, int]] = field(default_factory=dict)
    keyterms: Mapping[Source, str] = field(default_factory=dict)
    """Which parameter takes the route's keyterms."""
    options: Mapping[Source, frozenset[str]] = field(default_factory=dict)
    """Which `engine_options` are passed on."""
    languages: Mapping[Source, frozenset[str]] = field(default_factory=dict)
    """The only codes it takes; a source without an entry takes any."""
    auto_language: Mapping[Source, str | None] = field(default_factory=dict)
    """Its word for "find out"; None where it has none and would refuse one."""
    language: frozenset[Source] = _BOTH
    """Where it can be told the language at all."""
    close_stream: bool = False
    """Whether it answers `CloseStream` with what is left and closes."""
    keep_alive: bool = False
    """Whether it knows `KeepAlive`; ping and pong do for the others."""


_NOVA_3 = Engine(
    name="Deepgram",
    models=("deepgram/nova-3", "deepgram/nova-3-medical"),
    default_model="deepgram/nova-3",
    discriminator="deepgram/nova-3",
    formats=frozenset({"linear16", "mulaw", "alaw"}),
    interim_results=_BOTH,
    endpointing_ms={"media": ANY_RANGE, "in_call": (0, 5000)},
    keyterms={"media": "keyterm", "in_call": "keyterms"},
    options={
        "media": frozenset(
            {"redact", "keywords", "smart_format", "numerals", "punctuate", "no_delay"}
            | {"filler_words", "profanity_filter", "diarize", "vad_events", "tag"}
        ),
        "in_call": frozenset({"smart_format", "keywords_boosting", "utterance_end_ms"}),
    },
    languages={"in_call": languages.NOVA_3},
    auto_language={"media": "multi", "in_call": "auto_detect"},
    close_stream=True,
    keep_alive=True,
)
_NOVA_2 = replace(
    _NOVA_3,
    models=(
        "deepgram/nova-2",
        "deepgram/nova-2-medical",
        "deepgram/nova-2-phonecall",
    ),
    default_model="deepgram/nova-2",
    discriminator="deepgram/nova-2",
    keyterms={"media": "keywords", "in_call": "hints"},
    languages={"in_call": languages.NOVA_2},
)
_FLUX = replace(
    _NOVA_3,
    models=("flux", "flux-multi", "deepgram/flux", "deepgram/flux-multi"),
    default_model="flux",
    endpointing_ms={},
    options={
        "media": frozenset({"eot_threshold", "eot_timeout_ms", "eager_eot_threshold"}),
        "in_call": frozenset({"smart_format"}),
    },
)
_SPEECHMATICS = Engine(
    name="Speechmatics",
    models=("speechmatics/standard",),
    default_model="speechmatics/standard",
    formats=frozenset({"linear16", "mulaw"}),
    interim_results=_BOTH,
    endpointing_ms={"media": ANY_RANGE},
    languages={"media": languages.SPEECHMATICS, "in_call": languages.SPEECHMATICS},
    auto_language={"media": None, "in_call": None},
    close_stream=True,
)
_LINDEN = replace(
    _SPEECHMATICS,
    models=("speechmatics/linden-1",),
    default_model="speechmatics/linden-1",
    formats=frozenset({"linear16"}),
    rates_hz=frozenset({16_000}),
    endpointing_ms={},
    languages={"media": languages.LINDEN, "in_call": languages.LINDEN},
)

ENGINES: Mapping[str, Engine] = {
    engine.name.casefold(): engine
    for engine in (
        _NOVA_3,
        _SPEECHMATICS,
        Engine(
            name="Google",
            models=(
                "latest_long",
                "latest_short",
                "command_and_search",
                "phone_call",
                "video",
                "default",
                "medical_conversation",
                "medical_dictation",
            ),
            model_key="model",
            formats=frozenset({"linear16", "mulaw"}),
            interim_results=_IN_CALL,
            endpointing_ms={"media": ANY_RANGE},
            keyterms={"in_call": "hints"},
            options={
                "in_call": frozenset(
                    {"enable_speaker_diarization", "min_speaker_count", "max_speaker_count"}
                    | {"speech_context", "profanity_filter", "use_enhanced"}
                )
            },
            languages={"in_call": languages.GOOGLE},
            auto_language={"media": "multi", "in_call": None},
        ),
        Engine(
            name="Telnyx",
            models=("openai/whisper-tiny", "openai/whisper-large-v3-turbo"),
            languages={"in_call": languages.WHISPER},
            auto_language={"media": "auto_detect", "in_call": "auto_detect"},
        ),
        Engine(
            name="Azure",
            models=("fast", "azure/fast"),
            model_key=None,
            options={
                "media": frozenset({"region"}),
                "in_call": frozenset({"region", "api_key_ref"}),
            },
            languages={"in_call": languages.AZURE},
            auto_language={"media": "multi", "in_call": "auto"},
        ),
        Engine(
            name="xAI",
            models=("xai/grok-stt",),
            interim_results=_IN_CALL,
            endpointing_ms={"media": ANY_RANGE},
            languages={"in_call": languages.XAI},
            auto_language={"media": "multi", "in_call": None},
        ),
        Engine(
            name="AssemblyAI",
            models=("assemblyai/universal-3-5-pro", "assemblyai/universal-streaming"),
            interim_results=_IN_CALL,
            language=_NONE,
        ),
        Engine(
            name="Soniox",
            models=("soniox/stt-rt-v4",),
            formats=frozenset({"linear16", "mulaw", "alaw"}),
            interim_results=_BOTH,
            endpointing_ms={"media": (500, 3000), "in_call": (500, 3000)},
            options={"in_call": frozenset({"enable_endpoint_detection", "max_endpoint_delay_ms"})},
            auto_language={"in_call": "auto"},
            language=_IN_CALL,
            close_stream=True,
        ),
        Engine(
            name="Parakeet",
            models=("nvidia/parakeet-v3", "omi-health/omi-med-stt-v1"),
            rates_hz=frozenset({16_000}),
            language=_NONE,
        ),
        Engine(
            name="Humain",
            models=("humain/realtime",),
            languages={"media": languages.HUMAIN, "in_call": languages.HUMAIN},
            auto_language={"media": "auto", "in_call": "auto"},
        ),
        Engine(
            name="Reson8",
            models=("reson8/turns",),
            formats=frozenset({"linear16", "mulaw", "alaw"}),
            interim_results=_MEDIA,
            languages={"media": languages.RESON8, "in_call": languages.RESON8},
            auto_language={"media": "auto", "in_call": "auto"},
        ),
        Engine(
            name="Cohere",
            models=("cohere/ar-stt",),
            languages={"media": languages.COHERE, "in_call": languages.COHERE},
            auto_language={"media": None, "in_call": None},
        ),
        Engine(
            name="local",
            sources=_MEDIA,
            formats=frozenset({"linear16", "mulaw", "alaw"}),
            interim_results=_MEDIA,
            endpointing_ms={"media": (200, 5000)},
            languages={"media": languages.ENGLISH},
            auto_language={"media": "auto"},
            close_stream=True,
            keep_alive=True,
        ),
    )
}

_ALIASES = {"a": "google", "b": "telnyx"}
_FAMILIES = (("nova-2", _NOVA_2), ("flux", _FLUX), ("linden", _LINDEN))


def find_engine(name: str, model: str | None = None) -> Engine | None:
    """Return what is known of an engine with this model; None if there is no such engine.

    Names are matched in any case; `A` is Google and `B` is Telnyx, as in older commands.
    """
    folded = name.casefold()
    engine = ENGINES.get(_ALIASES.get(folded, folded))
    bare = (model or "").rpartition("/")[2]
    for prefix, family in _FAMILIES:
        if engine and engine.name == family.name and bare.startswith(prefix):
            return family
    return engine
