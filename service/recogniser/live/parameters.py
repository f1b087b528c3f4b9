"""The query parameters of a session: honoured, or refused as Telnyx documents it.

Source: TELNYX.md §5.2, §5.3 and §5.6. Codes other than 40001 to 40007 are unpublished;
ours for those is 40000, and `source.parameter` says which parameter it is about.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.errors import RefusedSettingError
from service.recogniser.api.languages import ENGLISH_ONLY, LANGUAGE, is_understood
from service.recogniser.audio.container_reader import (
    CONTAINERS,
    MAX_LIVE_LAG_S,
    ContainerDecoder,
)
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import MAX_RATE_HZ, MIN_RATE_HZ, AudioDecoder
from service.recogniser.audio.wav import WavDecoder
from service.recogniser.text.key_terms import (
    KEY_TERM_PARAMETERS,
    BadKeyTermError,
    KeyTerm,
    parse_key_terms,
)
from service.recogniser.text.redaction import KINDS

DEFAULT_ENDPOINTING_MS: Final = 700
MIN_ENDPOINTING_MS, MAX_ENDPOINTING_MS = 200, 5_000
"""Below, words are torn apart; above, `endpointing=false` is what is meant."""

ENGINES: Final = {
    name.lower(): name
    for name in (
        "AssemblyAI", "Azure", "Cohere", "Deepgram", "Google", "Humain", "Parakeet", "Reson8",
        "Soniox", "Speechmatics", "Telnyx", "xAI", "local",
    )
}  # fmt: skip
_RAW: Final = frozenset({"linear16", "linear32", "mulaw", "alaw"})
_G711: Final = frozenset({"mulaw", "alaw"})
_G711_RATES_HZ: Final = frozenset({8_000, 16_000})
_MAX_DIGITS: Final = 9
OTHER_CODE: Final = "40000"
_FORMATS: Final = _RAW | {
    "mp3", "wav", "webm", "ogg", "flac", "ogg_opus", "webm_opus", "opus", "amr_nb", "amr_wb",
    "g729", "speex",
}  # fmt: skip
_FLUX: Final = _RAW | {"wav", "opus", "ogg", "ogg_opus", "webm"}
# Engines that are not here take, as far as is known, everything.
_ENGINE_FORMATS: Final[Mapping[str, frozenset[str]]] = {
    "Telnyx": frozenset({"linear16", "linear32", "wav", "mp3"}),
    "Google": _FORMATS - {"linear32", "alaw", "opus", "ogg", "webm", "g729"},
    "Azure": frozenset({"linear16", "wav", "mp3"}),
    "Speechmatics": frozenset({"linear16", "linear32", "wav", "mp3", "mulaw", "ogg", "flac"}),
    "Soniox": _RAW | {"wav", "mp3", "ogg", "webm", "flac"},
    "Parakeet": frozenset({"linear16", "linear32", "wav", "mp3"}),
    "Reson8": _RAW,
}
_HERE: Final = _RAW | CONTAINERS.keys() | {"wav"}

_HEEDED: Final = frozenset({
    "endpointing", "input_format", "interim_results", "language", "model", "redact", "sample_rate",
    "transcription_engine", "transcription_model", "words", *KEY_TERM_PARAMETERS,
})  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_MAX_NAMED: Final = 10
_NOT_HERE: Final = (
    "eot_threshold", "eot_timeout_ms", "eager_eot_threshold",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """What a session is going to get."""

    engine: str
    """The engine of Telnyx's that was asked for, as Telnyx spells it; ours stands in for it."""
    input_format: str
    sample_rate_hz: int | None
    """None for a container, which says it itself."""
    interim_results: bool
    endpointing_ms: int | None
    """Silence that ends a segment. None: none does."""
    redact: frozenset[str] = frozenset()
    """What kinds of numbers are asked to be taken out."""
    key_terms: tuple[KeyTerm, ...] = ()
    """What the speakers are likely to say."""
    words: bool = False
    """Whether finals are to have each word's times: a parameter of ours, which Telnyx ignores."""
    ignored: tuple[str, ...] = ()
    """Parameters that change nothing here, the first ten of them."""

    @property
    def is_container(self) -> bool:
        """Whether the audio comes in a container, which a `ContainerReader` reads first."""
        return self.input_format in CONTAINERS

    def decoder(self) -> AudioDecoder:
        """Return a fresh decoder for the session's audio, or for what a reader makes of it."""
        if self.is_container:
            return ContainerDecoder(MAX_LIVE_LAG_S)
        if self.sample_rate_hz is None:
            return WavDecoder()
        return RawDecoder(self.input_format, self.sample_rate_hz)


def parse_settings(query: Mapping[str, str]) -> SessionSettings:
    """Read the query. An empty value is none; names nobody knows are `ignored`, as by Telnyx.

    Raises:
        RefusedSettingError: A value that is wrong, or that this engine cannot honour.
    """
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    engine = _engine(given)
    input_format = _input_format(given, engine)
    for name in _NOT_HERE:
        if name in given:
            raise _unsupported(name, f"{name} is not supported by the local engine.")
    if not is_understood(given.get("language", LANGUAGE)):
        raise _unsupported("language", ENGLISH_ONLY)
    return SessionSettings(
        engine=engine,
        input_format=input_format,
        sample_rate_hz=_sample_rate(given, input_format) if input_format in _RAW else None,
        interim_results=_flag(given, "interim_results"),
        endpointing_ms=_endpointing(given),
        redact=_redact(query),
        key_terms=_key_terms(query),
        words=_words(given),
        ignored=_ignored(given, input_format),
    )


def _engine(given: Mapping[str, str]) -> str:
    name = "transcription_engine"
    engine = ENGINES.get(given.get(name, "Deepgram").lower())
    if engine is None:
        raise _invalid("40007", name, f"{name} must be one of: {', '.join(ENGINES.values())}.")
    return engine


def _input_format(given: Mapping[str, str], engine: str) -> str:
    name = "input_format"
    model = given.get("model", given.get("transcription_model", "")).lower()
    flux = engine == "Deepgram" and model.removeprefix("deepgram/").startswith("flux")
    wanted = given.get(name, "wav" if flux else "mp3").lower().replace("-", "_")
    if wanted not in _FORMATS:
        raise _invalid("40001", name, f"{name} must be one of: {', '.join(sorted(_FORMATS))}.")
    if flux and wanted not in _FLUX:
        raise RefusedSettingError(
            "40006", "Unsupported format", f"{wanted} is not supported by Flux.", name
        )
    if wanted not in _ENGINE_FORMATS.get(engine, _FORMATS):
        detail = f"{wanted} is not supported by the {engine} engine."
        raise RefusedSettingError("40002", "Unsupported format", detail, name)
    if wanted not in _HERE:
        here = ", ".join(sorted(_HERE))
        detail = f"{wanted} is not supported by the local engine, which takes: {here}."
        raise RefusedSettingError("40002", "Unsupported format", detail, name)
    return wanted


def _sample_rate(given: Mapping[str, str], input_format: str) -> int:
    name = "sample_rate"
    text = given.get(name)
    if text is None:
        raise _invalid("40003", name, f"{name} is required for {input_format}.")
    rate_hz = _positive(text)
    if rate_hz is None:
        raise _invalid("40004", name, f"{name} must be a positive integer.")
    if input_format in _G711 and rate_hz not in _G711_RATES_HZ:
        raise _invalid("40005", name, f"{name} for {input_format} must be 8000 or 16000.")
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        detail = f"{name} for {input_format} must be {MIN_RATE_HZ} to {MAX_RATE_HZ}."
        raise _invalid("40005", name, detail)
    return rate_hz


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given.get(name, "false").lower()
    if value not in {"true", "false"}:
        raise _unsupported(name, f"{name} must be true or false.")
    return value == "true"


def _endpointing(given: Mapping[str, str]) -> int | None:
    text = given.get("endpointing", str(DEFAULT_ENDPOINTING_MS)).lower()
    if text == "false":
        return None
    value_ms = _positive(text)
    if value_ms is None:
        raise _unsupported("endpointing", "endpointing must be milliseconds, or false.")
    return min(max(value_ms, MIN_ENDPOINTING_MS), MAX_ENDPOINTING_MS)


def _redact(query: Mapping[str, str]) -> frozenset[str]:
    # A list with commas, or the name again and again.
    values = ",".join(value for name, value in query.items() if name == "redact").lower()
    kinds = frozenset(kind.strip() for kind in values.split(",")) - {""}
    if not kinds <= KINDS:
        raise _unsupported("redact", f"redact may be: {', '.join(sorted(KINDS))}.")
    return kinds


def _key_terms(query: Mapping[str, str]) -> tuple[KeyTerm, ...]:
    try:
        return parse_key_terms(query.items())
    except BadKeyTermError as error:
        raise _unsupported(error.parameter, str(error)) from None


def _words(given: Mapping[str, str]) -> bool:
    wanted = _flag(given, "words")
    if wanted and "redact" in given:
        raise _unsupported("words", "words would tell what redact takes out.")
    return wanted


def _ignored(given: Mapping[str, str], input_format: str) -> tuple[str, ...]:
    heeded = _HEEDED if input_format in _RAW else _HEEDED - {"sample_rate"}
    others = sorted(name for name in given if name not in heeded)
    return tuple(name for name in others if _NAME.fullmatch(name))[:_MAX_NAMED]


def _positive(text: str) -> int | None:
    # `int` also takes signs, underscores, and digits of any script.
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    return int(text) or None


def _invalid(code: str, parameter: str, detail: str) -> RefusedSettingError:
    return RefusedSettingError(code, "Invalid Parameter", detail, parameter)


def _unsupported(parameter: str, detail: str) -> RefusedSettingError:
    return RefusedSettingError(OTHER_CODE, "Unsupported Parameter", detail, parameter)
