"""How an engine is asked for what is said in a whole file."""

import pytest

from service.calls.engines import rest_request, takes_files


@pytest.mark.parametrize(
    ("engine", "model", "asked", "form"),
    [
        ("Deepgram", "nova-3", "deepgram/nova-3", "verbose_json"),
        ("Deepgram", None, "deepgram/nova-3", "verbose_json"),
        ("Deepgram", "nova-99", "nova-99", "verbose_json"),
        ("Telnyx", None, "openai/whisper-large-v3-turbo", "json"),
        ("Google", None, "Google", "verbose_json"),
        ("Nobody", "their/model", "their/model", "verbose_json"),
        ("Nobody", None, "Nobody", "verbose_json"),
    ],
)
def test_an_engine_is_asked_for_all_that_it_says(
    engine: str, model: str | None, asked: str, form: str
) -> None:
    """By the name of its model for files; what nobody here knows goes as it is written."""
    request = rest_request(engine, model, "en")

    assert (request.model, request.response_format) == (asked, form)


def test_a_language_goes_where_it_is_heeded() -> None:
    """Others are told nothing: they would refuse it, or find it out themselves."""
    assert rest_request("Deepgram", "nova-3", "en").language == "en"
    assert rest_request("Nvidia", "nvidia/parakeet-v3", "en").model == "nvidia/parakeet-v3"


def test_it_is_known_who_takes_whole_files() -> None:
    """One that nobody here knows may."""
    assert [takes_files(one) for one in ("Deepgram", "Google", "Nobody")] == [True, False, True]
