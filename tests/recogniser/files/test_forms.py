import pytest

from service.errors import RefusedSettingError
from service.recogniser.files.bad_fields import MissingFieldError
from service.recogniser.files.forms import FileSettings, parse_form

MODEL = ("model", "openai/whisper-large-v3-turbo")
NOVA = ("model", "deepgram/nova-3")
VERBOSE = ("response_format", "verbose_json")


def test_a_model_and_a_file_are_enough() -> None:
    """As the quickstart sends it; the answer is JSON."""
    assert parse_form([MODEL], has_file=True) == FileSettings(
        model="openai/whisper-large-v3-turbo",
        file_url=None,
        response_format="json",
        granularities=frozenset(),
        ignored=(),
    )


@pytest.mark.parametrize("fields", [[], [("model", " ")], [("modell", "x")]])
def test_without_a_model_nothing_goes(fields: list[tuple[str, str]]) -> None:
    """Telnyx answers 422, before anything else is looked at."""
    with pytest.raises(MissingFieldError) as failure:
        parse_form(fields, has_file=False)

    assert failure.value.name == "model"


@pytest.mark.parametrize(
    "extra",
    [
        [("model_config", '{"smart_format": true, "punctuate": true, "language": "en-GB"}')],
        [("model_config", '{"diarize": false, "keyterm": [], "redact": null}')],
        [("model_config[diarize]", "false"), ("model_config[smart_format]", "true")],
        [("model_config", "")],
    ],
)
def test_options_that_are_off_or_done_anyway_are_taken(extra: list[tuple[str, str]]) -> None:
    """In both forms: one JSON part, or a part for each."""
    assert parse_form([NOVA, *extra], has_file=True).model == "deepgram/nova-3"


@pytest.mark.parametrize(
    ("extra", "asked"),
    [
        ([("model_config", '{"multichannel": true}')], True),
        ([("model_config[multichannel]", "true")], True),
        ([("model_config", '{"multichannel": false}')], False),
        ([], False),
    ],
)
def test_channels_are_heard_apart_where_that_is_asked_for(
    extra: list[tuple[str, str]],
    asked: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """In Deepgram's words, of its models' names and of our own engine's."""
    for model in (NOVA, ("model", "moonshine-tiny-en")):
        assert parse_form([model, *extra], has_file=True).multichannel is asked


@pytest.mark.parametrize(
    ("extra", "terms"),
    [
        ([("model_config", '{"keyterm": "Callscribe"}')], ["Callscribe"]),
        ([("model_config", '{"keyterm": ["Callscribe", "Telnyx"]}')], ["Callscribe", "Telnyx"]),
        ([("model_config[keyterm]", "a,b"), ("model_config[keywords]", "c:2")], ["a", "b", "c"]),
        ([("model_config[keyterm][]", "a"), ("model_config[keyterm][]", "b")], ["a", "b"]),
        ([("keyterm", "not of this form")], []),
    ],
)
def test_key_terms_are_options_of_the_model(extra: list[tuple[str, str]], terms: list[str]) -> None:
    """One or a list, in both forms, under Deepgram's names."""
    settings = parse_form([NOVA, *extra], has_file=True)

    assert [term.text for term in settings.key_terms] == terms


@pytest.mark.parametrize(
    ("parameter", "fields", "has_file"),
    [
        ("file", [MODEL], False),
        ("file", [MODEL, ("file_url", "https://a.example/b.mp3")], True),
        ("model", [("model", "a\r\nb: c")], True),
        ("model", [("model", "x" * 101)], True),
        ("language", [MODEL, ("language", "de")], True),
        ("stream", [MODEL, ("stream", "true")], True),
        ("response_format", [MODEL, ("response_format", "xml")], True),
        ("timestamp_granularities", [MODEL, ("timestamp_granularities[]", "segment")], True),
        ("timestamp_granularities", [MODEL, VERBOSE, ("timestamp_granularities", "hour")], True),
        ("model_config", [MODEL, ("model_config", "{}")], True),
        ("model_config", [MODEL, ("model_config[diarize]", "true")], True),
        ("model_config", [NOVA, ("model_config", "[1]")], True),
        ("model_config", [NOVA, ("model_config", "{")], True),
        ("model_config", [NOVA, ("model_config", '{"a":' * 9999)], True),
        ("model_config[diarize]", [NOVA, ("model_config", '{"diarize": true}')], True),
        ("model_config[utterances]", [NOVA, ("model_config[utterances]", "1")], True),
        ("model_config", [NOVA, ("model_config", '{"keyterm": 7}')], True),
        ("model_config[keyterm]", [NOVA, ("model_config[keyterm]", "x" * 61)], True),
        ("model_config[keywords]", [NOVA, ("model_config", '{"keywords": ["a:b"]}')], True),
        ("model_config[language]", [NOVA, ("model_config[language]", "fr")], True),
    ],
)
def test_what_cannot_be_honoured_is_refused(
    parameter: str,
    fields: list[tuple[str, str]],
    has_file: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """With the name of the field it is about."""
    with pytest.raises(RefusedSettingError) as failure:
        parse_form(fields, has_file=has_file)

    assert failure.value.parameter == parameter


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ([MODEL, VERBOSE], False),
        ([MODEL, VERBOSE, ("timestamp_granularities[]", "segment")], False),
        ([MODEL, VERBOSE, ("timestamp_granularities[]", "word")], True),
        ([NOVA, VERBOSE], True),
        ([NOVA], False),
    ],
)
def test_words_are_for_who_asks_and_for_deepgram_s_models(
    fields: list[tuple[str, str]],
    words: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Only a verbose answer has room for them."""
    assert parse_form(fields, has_file=True).words is words


def test_fields_that_change_nothing_are_named() -> None:
    """They go into a header, so never with a line break."""
    fields = [MODEL, ("temperature", "0"), ("prompt", "a"), ("x\r\ny", "z")]

    assert parse_form(fields, has_file=True).ignored == ("prompt", "temperature")
