"""The catalogue: every engine and model, what each surface of it takes, and nothing made up."""

import json
from typing import Any

import pytest

from service.calls.engines import (
    ENGINES,
    FAMILIES,
    FileRequest,
    catalogue,
    find_engine,
    find_rest_model,
    languages_of,
    review,
    review_file,
    review_stream,
)
from service.calls.engines.formats import ALL
from service.calls.routes import Route


def model_of(engine: str, name: str) -> dict[str, Any]:
    """Return one model's entry."""
    engines: Any = catalogue()["engines"]
    found = next(one for one in engines if one["name"] == engine)
    model: dict[str, Any] = next(one for one in found["models"] if one["name"] == name)
    return model


def test_the_catalogue_is_plain_json_with_every_engine_once() -> None:
    """A program can read it as it is; families of one engine stand together."""
    document: Any = json.loads(json.dumps(catalogue()))

    names = [engine["name"] for engine in document["engines"]]
    assert sorted(names) == sorted(engine.name for engine in ENGINES.values())
    assert len(model_of("Deepgram", "flux")["surfaces"]) == 2
    assert next(one for one in document["engines"] if one["name"] == "Google")["aliases"] == ["A"]


def test_every_model_has_its_own_name_and_somewhere_to_be_used() -> None:
    """No name stands for two models, and what is said of a surface is of one the model has."""
    offers = [model for family in FAMILIES for model in family.offers]
    names = [name for model in offers for name in (model.name, *model.aliases)]

    assert len(names) == len(set(names))
    assert all(model.surfaces for model in offers)
    assert all(set(model.languages) <= model.surfaces for model in offers)
    assert all(model.only_in_docs | model.default_on <= model.surfaces for model in offers)
    assert all(("rest" in model.surfaces) == (model.rest is not None) for model in offers)


def test_formats_are_those_of_the_websocket() -> None:
    """No engine takes a format that does not exist; where none are listed, that is said."""
    assert all(family.formats <= ALL for family in FAMILIES)
    stream = model_of("xAI", "xai/grok-stt")["surfaces"]["websocket"]
    assert (stream["formats"], stream["formats_listed"]) == (["linear16"], False)


def test_languages_are_listed_or_only_counted() -> None:
    """A list where Telnyx has one, its words where it only counts."""
    nova = model_of("Deepgram", "deepgram/nova-3")["surfaces"]

    assert len(nova["in_call"]["languages"]["codes"]) == 15
    assert nova["websocket"]["languages"]["codes"] is None
    assert "40" in nova["websocket"]["languages"]["said"]
    assert model_of("AssemblyAI", "assemblyai/universal-3-5-pro")["surfaces"]["in_call"][
        "languages"
    ]


def test_what_a_surface_heeds_is_said_by_surface() -> None:
    """Limits where they are documented, none where they are not, null where nothing is heeded."""
    surfaces = model_of("Deepgram", "deepgram/nova-3")["surfaces"]

    assert surfaces["in_call"]["endpointing_ms"] == {"min": 0, "max": 5000}
    assert surfaces["websocket"]["endpointing_ms"] == {}
    assert model_of("Telnyx", "openai/whisper-tiny")["surfaces"]["websocket"]["endpointing_ms"] is (
        None
    )
    assert surfaces["rest"]["extensions"] == ["mp3", "wav"]
    assert surfaces["rest"]["model_config"] == "passed_on"


def test_a_model_without_an_entry_of_its_own_has_its_engines_languages() -> None:
    """Per surface; on REST nothing is known then, and some engines are not told at all."""
    nova_2 = find_engine("Deepgram", "nova-2")
    soniox = ENGINES["soniox"]

    assert nova_2
    assert languages_of(nova_2, nova_2.offers[2], "in_call").auto == "auto_detect"
    assert languages_of(nova_2, nova_2.offers[2], "rest").codes == frozenset()
    assert languages_of(soniox, soniox.offers[0], "websocket").said == "found out"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("nova-3", "deepgram/nova-3"),
        ("openai/whisper-tiny", "openai/whisper-tiny"),
        ("prerecorded", "reson8/prerecorded"),
        ("reson8/turns", None),
        ("flux", None),
        ("whisper-1", None),
    ],
)
def test_a_model_for_files_is_found_by_its_name(name: str, found: str | None) -> None:
    """With or without its owner's name; models for live audio only are not among them."""
    model = find_rest_model(name)

    assert (model.name if model else None) == found


def test_a_model_is_warned_of_where_it_is_not_known_to_work() -> None:
    """It is sent all the same."""
    checked = review(Route(engine="Telnyx", model="distil-large-v2"), "media")

    assert checked.problems == ()
    assert "is not known to work with source" in checked.warnings[0]


def test_a_language_outside_of_a_models_list_is_warned_of() -> None:
    """Telnyx does not refuse it, and it will be heard as something else."""
    german = Route(model="flux", language="de")

    assert "take language 'de'" in review(german, "media").warnings[0]
    assert review(Route(model="flux-multi", language="de"), "media").warnings == ()
    assert review(Route(model="flux", language="auto"), "media").warnings == ()


@pytest.mark.parametrize(
    ("request_", "extension", "problem"),
    [
        (FileRequest(model=""), "mp3", "model is needed"),
        (FileRequest(response_format="srt"), "mp3", "response_format should be"),  # type: ignore[arg-type]  # what is not allowed
        (FileRequest(), "exe", "a .exe file is not taken"),
        (FileRequest(model="nova-3"), "OGG", "nova-3 does not take .ogg files; it takes mp3, wav"),
        (FileRequest(timestamp_granularities=("segment",)), "", "need response_format"),
        (
            FileRequest(
                model="nova-3", response_format="verbose_json", timestamp_granularities=("word",)
            ),
            "mp3",
            "timestamp_granularities may be segment, not 'word'",
        ),
        (FileRequest(model_config={"diarize": True}), "mp3", "takes no model_config"),
        (
            FileRequest(model="reson8/prerecorded", model_config={"punctuate": True}),
            "mp3",
            "takes diarize, max_speakers, not 'punctuate'",
        ),
        (
            FileRequest(model="reson8/prerecorded", model_config={"max_speakers": 9}),
            "mp3",
            "should be 1 to 8",
        ),
        (FileRequest(model="nova-2-medical", language="de"), "mp3", "does not take language 'de'"),
        (FileRequest(model="nova-2-medical", language="multi"), "mp3", "does not take language"),
    ],
)
def test_what_would_be_refused_for_a_file_is_a_problem(
    request_: FileRequest, extension: str, problem: str
) -> None:
    """Found before anything is sent, and it says what would do."""
    assert problem in "\n".join(review_file(request_, extension).problems)


@pytest.mark.parametrize(
    "request_",
    [
        FileRequest(),
        FileRequest(model="nova-3", model_config={"diarize": True}, language="de"),
        FileRequest(model="nova-3-medical", language="en-GB"),
        FileRequest(model="reson8/prerecorded", model_config={"diarize": True, "max_speakers": 2}),
        FileRequest(
            model="nova-3", response_format="verbose_json", timestamp_granularities=("segment",)
        ),
    ],
)
def test_what_fits_a_model_has_nothing_to_review(request_: FileRequest) -> None:
    """Neither problems nor warnings."""
    assert review_file(request_, "mp3") == type(review_file(request_, "mp3"))()


def test_what_may_surprise_about_a_file_is_a_warning() -> None:
    """Unknown models go out as they are; some give no times, or cannot be told the language."""
    unknown = review_file(FileRequest(model="new/one", model_config={"x": 1}), "mp3")
    text_only = review_file(FileRequest(response_format="verbose_json"), "mp3")
    deaf = review_file(FileRequest(model="nvidia/parakeet-v3", language="de"), "mp3")

    assert (unknown.problems, len(unknown.warnings)) == ((), 1)
    assert "without times" in text_only.warnings[0]
    assert (deaf.ignored, deaf.problems) == (("language",), ())


def test_our_own_recogniser_is_judged_by_what_it_can_do() -> None:
    """Whatever model is asked for, it is the local one that answers."""
    words = FileRequest(
        model="deepgram/nova-3", response_format="verbose_json", timestamp_granularities=("word",)
    )

    assert review_file(words, "ogg", local=True).problems == ()
    assert review_file(FileRequest(language="auto"), "ogg", local=True).problems == ()
    assert review_file(FileRequest(model="x", language="de"), "", local=True).problems
    assert review_file(FileRequest(), "amr", local=True).problems == ()
    assert review_file(FileRequest(), "amr").problems
    assert review_file(FileRequest(), "py", local=True).problems


@pytest.mark.parametrize(
    ("engine", "input_format", "rate_hz", "problem"),
    [
        ("Deepgram", "aac", None, "there is no input format 'aac'"),
        ("Telnyx", "mulaw", 8000, "Telnyx does not take mulaw; it takes linear16"),
        ("Deepgram", "linear16", None, "does not say its sample rate"),
        ("Deepgram", "g729", 16_000, "g729 should have a sample rate of 8000 Hz"),
        ("Parakeet", "linear16", 8000, "should have a sample rate of 16000 Hz"),
    ],
)
def test_a_stream_that_would_be_refused_is_a_problem(
    engine: str, input_format: str, rate_hz: int | None, problem: str
) -> None:
    """Before a session is opened for it."""
    row = ENGINES[engine.casefold()]

    assert problem in "\n".join(review_stream(row, input_format, rate_hz).problems)


def test_a_stream_that_fits_has_nothing_to_review() -> None:
    """A container says its own rate; where no formats are listed, a doubt is all there is."""
    deepgram = ENGINES["deepgram"]

    assert review_stream(deepgram, "mp3", None) == type(review_stream(deepgram, "mp3", None))()
    assert review_stream(deepgram, "linear16", 44_100).problems == ()
    doubt = review_stream(ENGINES["xai"], "mp3", None)
    assert (doubt.problems, len(doubt.warnings)) == ((), 1)
