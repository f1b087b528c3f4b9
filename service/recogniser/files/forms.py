"""The fields of a request for a file's transcript: honoured, or refused.

Source: TELNYX.md §6.2, and what OpenAI's clients send besides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.recogniser.api.languages import ENGLISH_ONLY, LANGUAGE, is_understood
from service.recogniser.files import model_config
from service.recogniser.files.bad_fields import QUOTABLE, MissingFieldError, bad_field
from service.recogniser.files.model_config import is_on
from service.recogniser.text.key_terms import KeyTerm

RESPONSE_FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
GRANULARITIES: Final = frozenset({"segment", "word"})
_GRANULARITIES: Final = "timestamp_granularities"
_KNOWN: Final = frozenset({"file", "file_url", "language", "model", "response_format"})
_REFUSED: Final = ("stream",)
_MAX_NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """What a file's transcript is to be like."""

    model: str
    """As it was asked for; ours stands in for it."""
    file_url: str | None
    """None: the file itself was sent."""
    response_format: str
    granularities: frozenset[str]
    ignored: tuple[str, ...]
    """Fields that change nothing here."""
    multichannel: bool = False
    """Whether each channel is to be heard by itself."""
    key_terms: tuple[KeyTerm, ...] = ()
    """What the speakers are likely to say."""

    @property
    def words(self) -> bool:
        """Whether each word's times are wanted. The models of Deepgram give them unasked."""
        if self.response_format != "verbose_json":
            return False
        return "word" in self.granularities or self.model.startswith(("deepgram/", "reson8/"))


def parse_form(fields: Sequence[tuple[str, str]], *, has_file: bool) -> FileSettings:
    """Read the fields. An empty value is none; the last of two wins, but for lists.

    Raises:
        MissingFieldError: No model.
        RefusedSettingError: A value that is wrong, or that this engine cannot honour.
    """
    given = {name: value.strip() for name, value in fields if value.strip()}
    model = given.get("model")
    if model is None:
        raise MissingFieldError("model")
    if not QUOTABLE.fullmatch(model):
        raise bad_field("model", "model is not the name of one.")
    file_url = given.get("file_url")
    if has_file == (file_url is not None):
        raise bad_field("file", "Send exactly one of file and file_url.")
    response_format = given.get("response_format", "json")
    if response_format not in RESPONSE_FORMATS:
        names = ", ".join(RESPONSE_FORMATS)
        raise bad_field("response_format", f"response_format must be one of: {names}.")
    for name in _REFUSED:
        if is_on(given.get(name, "false")):
            raise bad_field(name, f"{name} is not supported by the local engine.")
    if not is_understood(given.get("language", LANGUAGE)):
        raise bad_field("language", ENGLISH_ONLY)
    options = model_config.parse_options(fields, model=model)
    return FileSettings(
        model=model,
        file_url=file_url,
        response_format=response_format,
        granularities=_granularities(fields, response_format),
        ignored=_ignored(given),
        multichannel=is_on(options.get(model_config.MULTICHANNEL, "")),
        key_terms=model_config.parse_option_terms(fields),
    )


def _granularities(fields: Sequence[tuple[str, str]], response_format: str) -> frozenset[str]:
    asked = frozenset(
        value.strip() for name, value in fields if name.split("[")[0] == _GRANULARITIES
    ) - {""}
    if not asked <= GRANULARITIES:
        raise bad_field(_GRANULARITIES, f"{_GRANULARITIES} may be segment and word.")
    if asked and response_format != "verbose_json":
        raise bad_field(_GRANULARITIES, f"{_GRANULARITIES} needs response_format verbose_json.")
    return asked


def _ignored(given: dict[str, str]) -> tuple[str, ...]:
    asked = {model_config.NAME, _GRANULARITIES, *_REFUSED}
    others = sorted(
        name for name in given if name not in _KNOWN and name.split("[")[0] not in asked
    )
    return tuple(name for name in others if QUOTABLE.fullmatch(name))[:_MAX_NAMED]
