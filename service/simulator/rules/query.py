"""The query of the STT WebSocket: what it asks for, or which documented error it meets. Pure.

Source: Telnyx's STT WebSocket pages "parameters", "audio formats" and "errors" (40001-40007).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.simulator.rules.engines import (
    ENGINE_FORMATS,
    FLUX_FORMATS,
    FORMATS,
    RATES_HZ,
    RAW_FORMATS,
    STREAMING,
    is_community,
)

_DEFAULT_RATE_HZ = 16000
_MAX_DIGITS = 9
_WIDE_ONLY = {"speechmatics/linden-1", "nvidia/parakeet-v3", "omi-health/omi-med-stt-v1"}
_SPELLINGS = {"ogg-opus": "ogg_opus", "webm-opus": "webm_opus"} | {
    name.replace("_", "-"): name for name in ("amr_nb", "amr_wb")
}
_INVALID = "Invalid Parameter"


@dataclass(frozen=True, slots=True)
class SttQuery:
    """The checked query: what the session shall be."""

    engine: str
    model: str
    input_format: str
    rate_hz: int
    interim_results: bool
    endpointing_ms: int


@dataclass(frozen=True, slots=True)
class SttProblem:
    """Why a session is refused."""

    code: str
    title: str
    detail: str
    parameter: str


def check_query(query: Mapping[str, str], *, exact: bool = False) -> SttQuery | SttProblem:
    """Read the query. Names that are not documented are ignored.

    With `exact`, an engine's name has to be written as Telnyx writes it.
    """
    named = query.get("transcription_engine", "Deepgram")
    engine = STREAMING.get(named.lower())
    if engine is None and is_community(named, query.get("api_key_ref")):
        engine = named
    if engine is None or (exact and engine != named):
        return _problem("40007", "transcription_engine", "Unsupported transcription_engine")
    model = query.get("model") or query.get("transcription_model", "")
    flux = model.removeprefix("deepgram/").startswith("flux")
    input_format = query.get("input_format", "wav" if flux else "mp3").lower()
    input_format = _SPELLINGS.get(input_format, input_format)
    problem = _check_format(engine, input_format, flux=flux)
    rate = query.get("sample_rate")
    problem = problem or _check_rate(engine, model, input_format, rate)
    if problem:
        return problem
    return SttQuery(
        engine,
        model,
        input_format,
        int(rate) if rate else _DEFAULT_RATE_HZ,
        query.get("interim_results", "false").lower() == "true",
        _milliseconds(query.get("endpointing", "100")),
    )


def _check_format(engine: str, input_format: str, *, flux: bool) -> SttProblem | None:
    if input_format not in FORMATS:
        detail = f"Unsupported input_format. Supported formats: {', '.join(FORMATS)}"
        return _problem("40001", "input_format", detail)
    if flux and input_format not in FLUX_FORMATS:
        return _problem("40006", "input_format", f"Flux does not take {input_format}")
    if input_format not in ENGINE_FORMATS.get(engine, set(FORMATS)):
        detail = f"{engine} does not take {input_format}"
        return SttProblem("40002", "Unsupported format", detail, "input_format")
    return None


def _check_rate(engine: str, model: str, input_format: str, rate: str | None) -> SttProblem | None:
    raw = input_format in RAW_FORMATS
    if not rate:
        needed = raw or (engine == "Google" and input_format not in {"wav", "flac"})
        detail = f"sample_rate is required for {input_format}"
        return _problem("40003", "sample_rate", detail) if needed else None
    if not _is_count(rate) or int(rate) == 0:
        return _problem("40004", "sample_rate", "sample_rate must be a positive integer")
    allowed = RATES_HZ.get(input_format)
    if engine == "Google" and input_format == "speex":
        allowed = {16000}
    if model in _WIDE_ONLY and input_format in {"linear16", "linear32"}:
        allowed = {16000}
    if raw and allowed and int(rate) not in allowed:
        detail = f"{input_format} must be at {', '.join(map(str, sorted(allowed)))} Hz"
        return _problem("40005", "sample_rate", detail)
    return None


def _milliseconds(text: str) -> int:
    return min(int(text), 10_000) if _is_count(text) else 100


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def _problem(code: str, parameter: str, detail: str) -> SttProblem:
    return SttProblem(code, _INVALID, detail, parameter)
