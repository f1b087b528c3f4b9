"""What the STT WebSocket says of a recogniser's writer."""

import pytest

from service.simulator.rng import Rng
from service.simulator.rules.query import SttProblem, SttQuery, check_query
from service.simulator.scenario.stt_settings import SttSettings
from service.simulator.stt.results import ResultWriter


def writer(**settings: object) -> ResultWriter:
    """Return the writer of a session with these settings."""
    query = check_query({"input_format": "linear16", "sample_rate": "8000"})
    assert isinstance(query, SttQuery)
    made = SttSettings.model_validate(settings)
    return ResultWriter(made, made, query, Rng("x"))


def rewritten(text: str | bytes, **settings: object) -> str | None:
    """Return what is made of a recogniser's message."""
    outgoing = writer(**settings).rewrite(text)
    return None if outgoing is None else outgoing.text


@pytest.mark.parametrize("text", ["{", "[]", '{"errors": []}', "[" * 9999])
def test_what_is_no_transcript_is_passed_on_as_it_is(text: str) -> None:
    """Whoever listens shall see it."""
    assert rewritten(text, type_field=True) == text
    assert rewritten(text.encode()) == text


def test_partials_are_held_back_where_the_setting_says_so() -> None:
    """And finals are not."""
    partial = '{"transcript":"a","is_final":false}'
    final = '{"transcript":"a","is_final":true}'

    assert rewritten(partial, partials=False) is None
    assert rewritten(final, partials=False) == final
    assert rewritten(partial) == partial


def test_a_recognisers_answer_has_a_type_only_where_the_setting_says_so() -> None:
    """As documented it has none, as in the SDK's schema it has."""
    typed = '{"type":"transcript","transcript":"a","is_final":true}'
    bare = '{"transcript":"a","is_final":true}'

    assert rewritten(typed) == bare
    assert rewritten(typed, type_field=True) == typed


def test_finals_come_without_saying_so_where_the_setting_says_so() -> None:
    """Some engines have no `is_final`; then there are no partials either."""
    final = '{"transcript":"a","is_final":true,"speech_final":true}'

    assert rewritten(final, is_final=False) == '{"transcript":"a"}'
    assert rewritten('{"transcript":"a","is_final":false}', is_final=False) is None


def test_a_community_engine_is_taken_with_its_key() -> None:
    """By a name that is no vendor's; without a key it is nobody's."""
    asked = {"transcription_engine": "acme-stt", "input_format": "mp3"}

    found = check_query(asked | {"api_key_ref": "mine"})

    assert isinstance(found, SttQuery)
    assert found.engine == "acme-stt"
    for other in ({}, {"api_key_ref": "mine", "transcription_engine": "Acme"}):
        assert isinstance(check_query(asked | other), SttProblem)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (
            {"transcription_engine": "google", "input_format": "speex", "sample_rate": "8000"},
            "40005",
        ),
        (
            {
                "transcription_engine": "Speechmatics",
                "model": "speechmatics/linden-1",
                "input_format": "linear16",
                "sample_rate": "8000",
            },
            "40005",
        ),
        ({"model": "flux"}, ""),
        ({}, ""),
        ({"endpointing": "false"}, ""),
    ],
)
def test_rates_and_defaults_are_the_engines(query: dict[str, str], code: str) -> None:
    """Flux is sent WAV by default, everything else MP3."""
    found = check_query(query)

    assert (found.code if isinstance(found, SttProblem) else "") == code
    if isinstance(found, SttQuery):
        assert found.input_format == ("wav" if "model" in query else "mp3")
        assert found.endpointing_ms == 100
