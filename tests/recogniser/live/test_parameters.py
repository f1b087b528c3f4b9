import pytest

from service.calls.engines import FAMILIES, Engine
from service.calls.engines.formats import ALL
from service.errors import RefusedSettingError
from service.recogniser.live.parameters import SessionSettings, parse_settings
from service.recogniser.text.key_terms import KeyTerm

UNLISTED = {"moonshine-tiny-en", "speechmatics/linden-1"}
"""Ours, and a preview of which Telnyx only says that it takes 16 kHz."""
LISTED = [one for one in FAMILIES if one.formats_listed and UNLISTED.isdisjoint(one.models)]
PHONE = {"input_format": "mulaw", "sample_rate": "8000"}


def test_the_request_of_a_phone_call_is_taken_as_it_is() -> None:
    """Engine and model of Telnyx's are accepted: ours stands in for them."""
    query = PHONE | {
        "transcription_engine": "deepgram",
        "model": "deepgram/nova-3",
        "language": "en-US",
        "interim_results": "true",
        "endpointing": "300",
        "smart_format": "true",
    }

    assert parse_settings(query) == SessionSettings(
        engine="Deepgram",
        input_format="mulaw",
        sample_rate_hz=8000,
        interim_results=True,
        endpointing_ms=300,
        ignored=("smart_format",),
    )


def test_what_changes_nothing_is_named() -> None:
    """`region` is Azure's, and a container says its rate itself; what is no name is not told."""
    query = {"input_format": "mp3", "sample_rate": "8000", "region": "westus", "model": "nova-3"}

    assert parse_settings(query).ignored == ("region", "sample_rate")
    assert parse_settings(PHONE | {"a\r\nb": "1", "x" * 41: "1", "diarize": ""}).ignored == ()


def test_what_is_not_said_has_a_default() -> None:
    """Finals only, 0.7 s of silence ends a segment; an empty value is no value."""
    settings = parse_settings(PHONE | {"language": "", "endpointing": " "})

    assert (settings.engine, settings.interim_results) == ("Deepgram", False)
    assert settings.endpointing_ms == 700


def test_a_container_says_its_rate_itself() -> None:
    """Telnyx ignores `sample_rate` for containers."""
    assert parse_settings({"input_format": "wav", "sample_rate": "x"}).sample_rate_hz is None


@pytest.mark.parametrize("asked", ["amr-nb", "amr_wb", "g729", "opus"])
def test_what_telephones_send_has_the_rate_that_it_always_has(asked: str) -> None:
    """Telnyx wants `sample_rate` for it; there is nothing to choose."""
    settings = parse_settings({"input_format": asked, "sample_rate": "8000"})

    assert (settings.is_container, settings.ignored) == (True, ("sample_rate",))


def test_who_says_nothing_gets_what_the_quickstart_needs() -> None:
    """Telnyx's default is an MP3 stream, for Deepgram."""
    settings = parse_settings({})

    assert (settings.input_format, settings.is_container) == ("mp3", True)


@pytest.mark.parametrize(
    ("asked", "got"), [("10", 200), ("200", 200), ("60000", 5000), ("false", None)]
)
def test_endpointing_is_kept_within_what_makes_sense(asked: str, got: int | None) -> None:
    """The header of the answer says what it came to."""
    assert parse_settings(PHONE | {"endpointing": asked}).endpointing_ms == got


@pytest.mark.parametrize("value", ["pci,ssn", " SSN, pci,"])
def test_what_to_take_out_is_a_list(value: str) -> None:
    """Kinds of numbers, with commas between them."""
    assert parse_settings(PHONE | {"redact": value}).redact == {"pci", "ssn"}


def test_key_terms_come_in_both_of_their_parameters() -> None:
    """With a weight or without, for whatever engine ours stands in for."""
    settings = parse_settings(PHONE | {"keyterm": "Callscribe,Telnyx", "keywords": "Ogg:2"})

    assert settings.key_terms == (KeyTerm("Callscribe"), KeyTerm("Telnyx"), KeyTerm("Ogg", 2))


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us", "multi", "auto", "auto_detect"])
def test_english_by_any_name(language: str) -> None:
    """What lets the engine choose gets the one language it has."""
    assert parse_settings(PHONE | {"language": language}).engine == "Deepgram"


@pytest.mark.parametrize(
    ("code", "parameter", "query"),
    [
        ("40001", "input_format", {"input_format": "vinyl"}),
        ("40002", "input_format", {"input_format": "speex"}),
        ("40002", "input_format", {"input_format": "webm", "transcription_engine": "Azure"}),
        ("40002", "input_format", PHONE | {"transcription_engine": "Telnyx"}),
        ("40003", "sample_rate", {"input_format": "linear16"}),
        ("40003", "sample_rate", {"input_format": "mulaw", "sample_rate": ""}),
        ("40004", "sample_rate", {"input_format": "linear16", "sample_rate": "fast"}),
        ("40004", "sample_rate", {"input_format": "linear16", "sample_rate": "-8000"}),
        ("40004", "sample_rate", {"input_format": "linear16", "sample_rate": "0"}),
        ("40004", "sample_rate", {"input_format": "linear16", "sample_rate": "1" * 5000}),
        ("40004", "sample_rate", {"input_format": "linear16", "sample_rate": "²"}),
        ("40005", "sample_rate", {"input_format": "linear16", "sample_rate": "7999"}),
        ("40005", "sample_rate", {"input_format": "linear16", "sample_rate": "96000"}),
        ("40005", "sample_rate", {"input_format": "alaw", "sample_rate": "44100"}),
        ("40006", "input_format", {"model": "flux", "input_format": "mp3"}),
        ("40006", "input_format", {"model": "deepgram/flux-multi", "input_format": "flac"}),
        ("40007", "transcription_engine", PHONE | {"transcription_engine": "Abacus"}),
        ("40000", "language", PHONE | {"language": "de-DE"}),
        ("40000", "interim_results", PHONE | {"interim_results": "perhaps"}),
        ("40000", "endpointing", PHONE | {"endpointing": "soon"}),
        ("40000", "keyterm", PHONE | {"keyterm": "x" * 61}),
        ("40000", "keywords", PHONE | {"keywords": "Callscribe:more"}),
        ("40000", "redact", PHONE | {"redact": "pci,names"}),
        ("40000", "words", PHONE | {"words": "true", "redact": "pci"}),
        ("40000", "eot_threshold", PHONE | {"model": "flux", "eot_threshold": "0.7"}),
    ],
)
def test_what_cannot_be_honoured_is_refused(
    code: str, parameter: str, query: dict[str, str]
) -> None:
    """With Telnyx's code where there is one, and the parameter it is about."""
    with pytest.raises(RefusedSettingError) as failure:
        parse_settings(query)

    assert (failure.value.code, failure.value.parameter) == (code, parameter)


@pytest.mark.parametrize("engine", LISTED, ids=lambda one: one.default_model or one.name)
def test_an_engine_is_refused_the_formats_that_our_client_would_not_send_it(engine: Engine) -> None:
    """The tables of both sides are written by hand; Telnyx's is one."""
    for input_format in ALL:
        query = {"transcription_engine": engine.name, "model": engine.default_model or ""}
        query |= {"input_format": input_format, "sample_rate": "16000"}
        try:
            parse_settings(query)
        except RefusedSettingError as error:
            refused = "local engine" not in str(error) and error.code in {"40002", "40006"}
        else:
            refused = False
        assert refused is (input_format not in engine.formats), input_format
