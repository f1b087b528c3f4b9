"""What each engine takes and heeds: models, audio formats, features, languages.

Sources: Telnyx's documentation of 2026 and its SDK 4.189. Where they differ, the newer holds.
Engines, models, languages and options come faster than releases of ours: what is not here is
sent all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from service.calls.engines import formats, languages, models
from service.calls.engines.models import Model
from service.ids import Source

_BOTH: frozenset[Source] = frozenset({"media", "in_call"})
_MEDIA: frozenset[Source] = frozenset({"media"})
_IN_CALL: frozenset[Source] = frozenset({"in_call"})
_NONE: frozenset[Source] = frozenset()

Endpointing = Literal["engine", "finalize", "socket"]
"""`engine`: it finds out by itself. `finalize`: it waits for `Finalize` after each utterance.
`socket`: it answers once, when the audio stops, so that each utterance needs a socket of its own.
"""

ANY_RANGE = (0, 60_000)
"""Endpointing whose limits nobody documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine with one family of its models. By source where the two ways in differ."""

    name: str
    """As Telnyx spells it."""
    offers: tuple[Model, ...] = ()
    default_model: str | None = None
    """What to ask for by name when the route has no model, so that the rest of this row holds."""
    model_key: str | None = "transcription_model"
    """Which key of the in-call config takes the model."""
    discriminator: str = ""
    """`transcription_engine` inside the in-call config; "" for the engine's name."""
    sources: frozenset[Source] = _BOTH
    formats: frozenset[str] = frozenset({"linear16"})
    """`input_format`s that its WebSocket takes."""
    formats_listed: bool = True
    """Whether Telnyx lists them; if not, `linear16` is what surely works."""
    rates_hz: frozenset[int] = frozenset()
    """Sample rates it takes; empty for any."""
    interim_results: frozenset[Source] = _NONE
    endpointing_ms: Mapping[Source, tuple[int, int]] = field(default_factory=dict)
    keyterms: Mapping[Source, str] = field(default_factory=dict)
    """Which parameter takes the route's keyterms."""
    longest_keyterm: int | None = None
    """How many characters of the alphabet one may have; None where nobody says."""
    keyterm_words: int = 0
    """How many words one may have, if that is so."""
    options: Mapping[Source, frozenset[str]] = field(default_factory=dict)
    """Which `engine_options` are passed on."""
    languages: Mapping[Source, frozenset[str]] = field(default_factory=dict)
    """The only codes it takes; a source without an entry takes any."""
    auto_language: Mapping[Source, str | None] = field(default_factory=dict)
    """Its word for "find out"; None where it has none and would refuse one."""
    language: frozenset[Source] = _BOTH
    """Where it can be told the language at all."""
    endpointing: Endpointing = "engine"
    """Who tells it over the WebSocket that an utterance is over."""
    max_session_s: float | None = None
    """How long one of its WebSocket sessions may last; None where nobody says."""
    close_stream: bool = False
    """Whether it answers `CloseStream` with what is left and closes."""
    keep_alive: bool = False
    """Whether it knows `KeepAlive`; ping and pong do for the others."""
    words_if_asked: bool = False
    """Whether it gives the times of words to who asks for them, and then redacts nothing."""
    is_listed: bool = True
    """Whether it is one of Telnyx's or ours; others may be community engines (TELNYX.md §8)."""

    @property
    def models(self) -> tuple[str, ...]:
        """Return every name that one of its models has."""
        return tuple(name for model in self.offers for name in (model.name, *model.aliases))

    def find_model(self, name: str) -> Model | None:
        """Return what is known of a model, also by its name without the owner's."""
        for model in self.offers:
            names = (model.name, *model.aliases)
            if name in names or name in (known.rpartition("/")[2] for known in names):
                return model
        return None


_NOVA_3 = Engine(
    name="Deepgram",
    offers=models.NOVA_3,
    default_model="deepgram/nova-3",
    discriminator="deepgram/nova-3",
    formats=formats.ALL,
    interim_results=_BOTH,
    endpointing_ms={"media": ANY_RANGE, "in_call": (0, 5000)},
    keyterms={"media": "keyterm", "in_call": "keyterms"},
    options={
        "media": frozenset(
            {"redact", "keywords", "smart_format", "numerals", "punctuate", "no_delay"}
            | {"filler_words", "profanity_filter", "diarize", "vad_events", "tag"}
        ),
        "in_call": frozenset({"smart_format", "keywords_boosting", "utterance_end_ms", "diarize"}),
    },
    languages={"in_call": languages.NOVA_3},
    auto_language={"media": "multi", "in_call": "auto_detect"},
    close_stream=True,
    keep_alive=True,
)
_NOVA_2 = replace(
    _NOVA_3,
    offers=models.NOVA_2,
    default_model="deepgram/nova-2",
    discriminator="deepgram/nova-2",
    keyterms={"media": "keywords", "in_call": "hints"},
    languages={"in_call": languages.NOVA_2},
)
_EOT = frozenset({"eot_threshold", "eot_timeout_ms", "eager_eot_threshold"})
_FLUX = replace(
    _NOVA_3,
    offers=models.FLUX,
    formats=formats.FLUX,
    default_model="flux",
    discriminator="deepgram/flux",
    endpointing_ms={},
    options={
        "media": _EOT | {"language_hint"},
        "in_call": _EOT | {"smart_format", "diarize"},
    },
    languages={"media": languages.FLUX_MULTI, "in_call": languages.FLUX_MULTI},
    auto_language={"media": "multi", "in_call": "auto"},
)
_SPEECHMATICS = Engine(
    name="Speechmatics",
    offers=models.SPEECHMATICS,
    default_model="speechmatics/standard",
    formats=formats.SPEECHMATICS,
    interim_results=_BOTH,
    endpointing_ms={"media": ANY_RANGE},
    languages={"media": languages.SPEECHMATICS, "in_call": languages.SPEECHMATICS},
    auto_language={"media": None, "in_call": None},
    close_stream=True,
)
_LINDEN = replace(
    _SPEECHMATICS,
    offers=models.LINDEN,
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
            offers=models.GOOGLE,
            model_key="model",
            formats=formats.GOOGLE,
            max_session_s=290.0,
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
            offers=models.TELNYX,
            formats=formats.DECODED,
            endpointing="socket",
            languages={"in_call": languages.WHISPER},
            auto_language={"media": "auto_detect", "in_call": "auto_detect"},
        ),
        Engine(
            name="Azure",
            offers=models.AZURE,
            formats=frozenset({"linear16", "wav", "mp3"}),
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
            offers=models.XAI,
            formats_listed=False,
            interim_results=_IN_CALL,
            endpointing_ms={"media": ANY_RANGE},
            languages={"in_call": languages.XAI},
            auto_language={"media": "multi", "in_call": None},
        ),
        Engine(
            name="AssemblyAI",
            offers=models.ASSEMBLYAI,
            formats_listed=False,
            interim_results=_IN_CALL,
            language=_NONE,
        ),
        Engine(
            name="Soniox",
            offers=models.SONIOX,
            formats=formats.SONIOX,
            interim_results=_BOTH,
            endpointing_ms={"media": (500, 3000), "in_call": (500, 3000)},
            options={"in_call": frozenset({"enable_endpoint_detection", "max_endpoint_delay_ms"})},
            auto_language={"in_call": "auto"},
            language=_IN_CALL,
            close_stream=True,
        ),
        Engine(
            name="Parakeet",
            offers=models.PARAKEET,
            formats=formats.DECODED,
            rates_hz=frozenset({16_000}),
            language=_NONE,
        ),
        Engine(
            name="Humain",
            offers=models.HUMAIN,
            formats_listed=False,
            languages={"media": languages.HUMAIN, "in_call": languages.HUMAIN},
            auto_language={"media": "auto", "in_call": "auto"},
        ),
        Engine(
            name="Reson8",
            offers=models.RESON8,
            formats=frozenset({"linear16", "linear32", "mulaw", "alaw"}),
            interim_results=_MEDIA,
            languages={"media": languages.RESON8, "in_call": languages.RESON8},
            auto_language={"media": "auto", "in_call": "auto"},
        ),
        Engine(
            name="Cohere",
            offers=models.COHERE,
            formats_listed=False,
            languages={"media": languages.COHERE, "in_call": languages.COHERE},
            auto_language={"media": None, "in_call": None},
        ),
        Engine(
            name="local",
            offers=models.LOCAL,
            sources=_MEDIA,
            formats=formats.LOCAL,
            interim_results=_MEDIA,
            endpointing_ms={"media": (200, 5000)},
            keyterms={"media": "keyterm"},
            longest_keyterm=60,
            keyterm_words=6,
            options={"media": frozenset({"redact", "keywords"})},
            languages={"media": languages.ENGLISH},
            auto_language={"media": "auto"},
            close_stream=True,
            keep_alive=True,
            words_if_asked=True,
        ),
    )
}

ALIASES = {"A": "Google", "B": "Telnyx"}
"""The names of two engines in older commands."""
_FAMILIES = (("nova-2", _NOVA_2), ("flux", _FLUX), ("linden", _LINDEN))
FAMILIES = (*ENGINES.values(), *(family for _, family in _FAMILIES))
"""Every row of the table; an engine has one more for each family of models that differs."""


def find_engine(name: str, model: str | None = None) -> Engine | None:
    """Return what is known of an engine with this model; None if there is no such engine.

    Names are matched as Telnyx does: by their case.
    """
    full = ALIASES.get(name, name)
    engine = ENGINES.get(full.casefold())
    if engine is None or engine.name != full:
        return None
    bare = (model or "").rpartition("/")[2]
    for prefix, family in _FAMILIES:
        if engine.name == family.name and bare.startswith(prefix):
            return family
    return engine


def engine_for(name: str, model: str | None = None) -> Engine:
    """Return what is known of an engine; of one nobody knows, what may be asked of any."""
    return find_engine(name, model) or Engine(
        name=name,
        interim_results=_BOTH,
        endpointing_ms={"media": ANY_RANGE},
        keyterms={"media": "keyterm"},
        auto_language={"media": "auto", "in_call": "auto"},
        formats_listed=False,
        is_listed=False,
    )


def names_track(name: str) -> bool:
    """Say whether an engine's in-call words surely say which side spoke."""
    return ALIASES.get(name, name) == "Telnyx"


def is_foreign(option: str, engine: Engine, source: Source) -> bool:
    """Say whether an option is known, and not as one of this engine at this source.

    One that nobody knows is none of that: the engine may have learnt it since.
    """
    if not engine.is_listed or option in engine.options.get(source, ()):
        return False
    return any(option in known for family in FAMILIES for known in family.options.values())
