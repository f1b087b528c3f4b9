"""Every model by name: where it can be asked for, in which languages, and what comes back.

Sources: Telnyx's SDK 4.189 (its types for `transcription_start`, the STT WebSocket and
`ai.audio.transcribe`) and its documentation of 2026-04 to 2026-08. Where Telnyx only counts a
model's languages, so does this table: no list is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from service.calls.engines import languages

Surface = Literal["in_call", "websocket", "rest"]
"""`transcription_start`, the STT WebSocket (`source = "media"`), and whole files over REST."""
Gives = Literal["duration", "segments", "words", "speakers", "channels"]
"""What `verbose_json` adds to the text, some of it only if `model_config` asks for it."""

EXTENSIONS = frozenset({"flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "oga", "ogg", "wav", "webm"})
"""Files that Telnyx's REST takes: it goes by the end of the name."""

_ALL: frozenset[Surface] = frozenset({"in_call", "websocket", "rest"})
_LIVE: frozenset[Surface] = frozenset({"in_call", "websocket"})
_REST: frozenset[Surface] = frozenset({"rest"})
_NOWHERE: frozenset[Surface] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """What is known of a model's languages: the codes where they are listed, else what is said."""

    codes: frozenset[str] = frozenset()
    auto: str | None = None
    """Its word for "find out"."""
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestTerms:
    """What a model takes and gives for a whole file."""

    extensions: frozenset[str] = EXTENSIONS
    gives: frozenset[Gives] = frozenset()
    """Nothing: `verbose_json` is answered with the text alone."""
    granularities: frozenset[str] = frozenset({"segment"})
    options: frozenset[str] | None = frozenset()
    """Keys of `model_config`; none: it is refused. None: whatever it holds is passed on."""
    language: bool = True
    """Whether it can be told the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. What its engine's row says holds for it too."""

    name: str
    aliases: tuple[str, ...] = ()
    surfaces: frozenset[Surface] = _LIVE
    only_in_docs: frozenset[Surface] = _NOWHERE
    """Surfaces that a page of the documentation gives it, and the SDK's types do not."""
    default_on: frozenset[Surface] = _NOWHERE
    """Where it is what one gets without naming a model."""
    languages: Mapping[Surface, Languages] = field(default_factory=dict)
    """Where more, or another thing, is known than its engine's row says."""
    rest: RestTerms | None = None
    note: str = ""


_ENGLISH = Languages(codes=languages.ENGLISH)
_DEEPGRAM_FILES = RestTerms(
    extensions=frozenset({"mp3", "wav"}),
    gives=frozenset({"duration", "segments", "words", "speakers", "channels"}),
    options=None,
)
_MEDICAL: Mapping[Surface, Languages] = {"in_call": _ENGLISH, "rest": _ENGLISH}
_MEDICAL_SURFACES: frozenset[Surface] = frozenset({"in_call", "rest"})
_IN_CALL: frozenset[Surface] = frozenset({"in_call"})
_WEBSOCKET: frozenset[Surface] = frozenset({"websocket"})
_FINDS_OUT = Languages(said="found out", auto=None)

NOVA_3 = (
    Model(
        name="deepgram/nova-3",
        surfaces=_ALL,
        default_on=_IN_CALL,
        languages={
            "websocket": Languages(said="more than 40; multi switches among 10", auto="multi"),
            "rest": Languages(said="about 49", auto="multi"),
        },
        rest=_DEEPGRAM_FILES,
    ),
    Model(
        name="deepgram/nova-3-medical",
        surfaces=_MEDICAL_SURFACES,
        only_in_docs=_IN_CALL,
        languages=_MEDICAL,
        rest=_DEEPGRAM_FILES,
    ),
)
NOVA_2 = (
    Model(
        name="deepgram/nova-2",
        surfaces=_ALL,
        languages={"rest": Languages(said="about 33", auto="multi")},
        rest=_DEEPGRAM_FILES,
    ),
    Model(
        name="deepgram/nova-2-medical",
        surfaces=_MEDICAL_SURFACES,
        only_in_docs=_IN_CALL,
        languages=_MEDICAL,
        rest=_DEEPGRAM_FILES,
    ),
    Model(name="deepgram/nova-2-phonecall", surfaces=_IN_CALL, only_in_docs=_IN_CALL),
)
_FLUX_MULTI: Mapping[Surface, Languages] = {
    "in_call": Languages(codes=languages.FLUX_MULTI, auto="auto"),
    "websocket": Languages(codes=languages.FLUX_MULTI, auto="multi"),
}
FLUX = (
    Model(
        name="flux",
        aliases=("deepgram/flux",),
        only_in_docs=_LIVE,
        languages={"in_call": _ENGLISH, "websocket": _ENGLISH},
        note="Tells the end of a turn by itself, by the eot_ options in place of endpointing.",
    ),
    Model(
        name="flux-multi",
        aliases=("deepgram/flux-multi",),
        only_in_docs=_LIVE,
        languages=_FLUX_MULTI,
    ),
)
SPEECHMATICS = (Model(name="speechmatics/standard", note="Hears English if not told otherwise."),)
LINDEN = (Model(name="speechmatics/linden-1", note="A preview. It refuses auto and multi."),)
_MORE_LOCALES: Mapping[Surface, Languages] = {
    "websocket": Languages(said="more than 125 locales", auto="multi")
}
GOOGLE = (
    Model(name="latest_long", default_on=_WEBSOCKET, languages=_MORE_LOCALES),
    *(
        Model(name=name, languages=_MORE_LOCALES)
        for name in (
            *("latest_short", "command_and_search", "phone_call", "video", "default"),
            *("medical_conversation", "medical_dictation"),
        )
    ),
)
_WHISPER = Languages(codes=languages.WHISPER, auto="auto_detect")
TELNYX = (
    Model(
        name="openai/whisper-tiny",
        surfaces=_ALL,
        only_in_docs=_REST,
        default_on=_WEBSOCKET,
        languages={"websocket": _WHISPER, "rest": Languages(said="Whisper's 99")},
        rest=RestTerms(),
    ),
    Model(
        name="openai/whisper-large-v3-turbo",
        surfaces=_ALL,
        default_on=_REST,
        languages={
            "websocket": Languages(said="more than 50", auto="auto_detect"),
            "rest": Languages(said="more than 80"),
        },
        rest=RestTerms(),
    ),
    Model(
        name="distil-whisper/distil-large-v2",
        surfaces=_REST,
        languages={"rest": _ENGLISH},
        rest=RestTerms(gives=frozenset({"duration", "segments"}), language=False),
    ),
)
AZURE = (
    Model(
        name="azure/fast",
        aliases=("fast",),
        languages={"websocket": Languages(said="more than 100", auto="multi")},
        note="In a call its model is not named, and a region is.",
    ),
)
XAI = (Model(name="xai/grok-stt", languages={"websocket": Languages(said="25", auto="multi")}),)
ASSEMBLYAI = (
    Model(
        name="assemblyai/universal-3-5-pro",
        aliases=("assemblyai/universal-streaming",),
        only_in_docs=_WEBSOCKET,
        languages={
            "in_call": Languages(said="18, and it switches among them"),
            "websocket": Languages(said="18, and it switches among them"),
        },
    ),
)
SONIOX = (Model(name="soniox/stt-rt-v4", note="Found out; in a call, a language is a hint."),)
_PARAKEET_FILES = RestTerms(language=False)
PARAKEET = (
    Model(
        name="nvidia/parakeet-v3",
        surfaces=_ALL,
        languages={"in_call": _FINDS_OUT, "websocket": _FINDS_OUT, "rest": _FINDS_OUT},
        rest=_PARAKEET_FILES,
        note="One page has raw audio at 16 kHz only, another mp3 and wav as well.",
    ),
    Model(
        name="omi-health/omi-med-stt-v1",
        surfaces=_ALL,
        languages={"in_call": _ENGLISH, "websocket": _ENGLISH, "rest": _ENGLISH},
        rest=_PARAKEET_FILES,
        note="Medical.",
    ),
)
HUMAIN = (Model(name="humain/realtime"),)
RESON8 = (
    Model(name="reson8/turns", note="Its partials hold the whole turn; it gives no confidence."),
    Model(
        name="reson8/prerecorded",
        surfaces=_REST,
        languages={"rest": Languages(codes=languages.RESON8, said="found out if left out")},
        rest=RestTerms(
            gives=frozenset({"duration", "segments", "words", "speakers"}),
            options=frozenset({"diarize", "max_speakers"}),
        ),
    ),
)
COHERE = (Model(name="cohere/ar-stt", note="Hears Arabic if not told otherwise."),)
_LOCAL_SURFACES: frozenset[Surface] = frozenset({"websocket", "rest"})
_LOCAL = Model(
    name="moonshine-base-en",
    surfaces=_LOCAL_SURFACES,
    default_on=_LOCAL_SURFACES,
    languages={"rest": Languages(codes=languages.ENGLISH, auto="auto")},
    rest=RestTerms(
        extensions=EXTENSIONS | {"aac", "aif", "aiff", "amr", "caf", "mka", "opus"},
        gives=frozenset({"duration", "segments", "words", "channels"}),
        granularities=frozenset({"segment", "word"}),
        options=frozenset(
            {"keyterm", "keywords", "language", "multichannel", "punctuate", "smart_format"}
        ),
    ),
    note="Our own recogniser. It takes the names of Telnyx's models for its own.",
)
LOCAL = (
    _LOCAL,
    replace(
        _LOCAL,
        name="moonshine-tiny-en",
        default_on=_NOWHERE,
        note="The same: which of both answers is said where the recogniser is started.",
    ),
)
