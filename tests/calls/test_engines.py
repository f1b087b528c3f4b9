"""Engines: found by their names, asked for in their words, honest about what they skip."""

import pytest

from service.calls.engines import (
    ENGINES,
    find_engine,
    in_call_config,
    keyterms_for,
    language_for,
    model_for,
    review,
    stream_codec_for,
)
from service.calls.routes import Route

AZURE_WEST = {"region": "westus2"}


@pytest.mark.parametrize(
    ("name", "model", "found"),
    [
        ("Deepgram", None, "Deepgram"),
        ("Deepgram", "nova-2", "Deepgram"),
        ("A", None, "Google"),
        ("B", None, "Telnyx"),
        ("xAI", None, "xAI"),
        ("local", "anything", "local"),
    ],
)
def test_an_engine_is_found_by_its_name(name: str, model: str | None, found: str) -> None:
    """The letters of older commands still work."""
    engine = find_engine(name, model)

    assert engine is not None
    assert engine.name == found


@pytest.mark.parametrize("name", ["Whisperer", "deepgram", "DEEPGRAM", "telnyx", "a", ""])
def test_an_engine_nobody_has_is_not_found(name: str) -> None:
    """An unknown name is None, not a guess; Telnyx goes by the case, too."""
    assert find_engine(name) is None


def test_a_model_family_has_its_own_rules() -> None:
    """Nova-2, Flux and Linden differ from their siblings; another engine's `flux` does not."""
    assert find_engine("Deepgram", "nova-2").keyterms["media"] == "keywords"  # type: ignore[union-attr]  # found
    assert find_engine("Deepgram", "deepgram/flux").endpointing_ms == {}  # type: ignore[union-attr]  # found
    assert find_engine("Speechmatics", "linden-1").rates_hz == {16_000}  # type: ignore[union-attr]  # found
    assert find_engine("Google", "flux") is ENGINES["google"]


@pytest.mark.parametrize(
    ("route", "codec"),
    [
        (Route(engine="Deepgram"), "PCMU"),
        (Route(engine="Telnyx"), "PCMU"),
        (Route(engine="Speechmatics"), "PCMU"),
        (Route(engine="Speechmatics", model="linden-1"), "L16"),
        (Route(engine="Parakeet"), "L16"),
        (Route(engine="Whisperer"), "PCMU"),
        (Route(engine="Parakeet", stream_codec="default"), "default"),
    ],
)
def test_the_fork_is_asked_for_in_the_codec_that_costs_least(route: Route, codec: str) -> None:
    """Narrow where the engine takes it, wide where it must be; what the route says comes first."""
    assert stream_codec_for(route) == codec


@pytest.mark.parametrize(
    ("engine", "model", "full"),
    [
        ("Deepgram", None, "deepgram/nova-3"),
        ("Deepgram", "nova-3", "deepgram/nova-3"),
        ("Deepgram", "nova-9", "deepgram/nova-9"),
        ("Deepgram", "own/model", "own/model"),
        ("Telnyx", None, None),
        ("Telnyx", "whisper-tiny", "openai/whisper-tiny"),
        ("Soniox", "soniox/stt-rt-v9", "soniox/stt-rt-v9"),
    ],
)
def test_a_model_is_called_by_its_full_name(
    engine: str, model: str | None, full: str | None
) -> None:
    """A bare name gets its owner's prefix; a name nobody knows is left as it is."""
    assert model_for(ENGINES[engine.casefold()], model) == full


@pytest.mark.parametrize(
    ("engine", "language", "code"),
    [
        ("Google", "en-US", "en"),
        ("Google", "he-IL", "iw"),
        ("Google", "auto", None),
        ("Telnyx", "multi", "auto_detect"),
        ("Deepgram", "en-US", "en-US"),
        ("Deepgram", "en", "en-US"),
        ("Deepgram", "tlh", "tlh"),
        ("Azure", "no-NO", "nb"),
        ("Soniox", "es", "es"),
        ("Parakeet", "en", None),
        ("Cohere", "auto", None),
        ("Humain", "auto", "auto"),
        ("xAI", None, None),
    ],
)
def test_a_language_is_said_in_the_engines_own_code(
    engine: str, language: str | None, code: str | None
) -> None:
    """Long codes are shortened where only short ones are known, and the words for auto differ."""
    assert language_for(ENGINES[engine.casefold()], language, "in_call") == code


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (
            Route(engine="A", model="phone_call", language="en-US", keyterms=("Callscribe",)),
            (
                "Google",
                {
                    "transcription_engine": "Google",
                    "model": "phone_call",
                    "language": "en",
                    "interim_results": True,
                    "hints": ["Callscribe"],
                },
            ),
        ),
        (
            Route(engine="Telnyx", model="openai/whisper-tiny", endpointing_ms=300),
            (
                "Telnyx",
                {"transcription_engine": "Telnyx", "transcription_model": "openai/whisper-tiny"},
            ),
        ),
        (
            Route(language="en-US", keyterms=("a", "b"), endpointing_ms=800),
            (
                "Deepgram",
                {
                    "transcription_engine": "deepgram/nova-3",
                    "transcription_model": "deepgram/nova-3",
                    "language": "en-US",
                    "interim_results": True,
                    "keyterms": ["a", "b"],
                    "utterance_end_ms": 800,
                },
            ),
        ),
        (
            Route(
                model="nova-2",
                interim_results=False,
                keyterms=("a",),
                engine_options={"smart_format": False, "colour": "red"},
            ),
            (
                "Deepgram",
                {
                    "transcription_engine": "deepgram/nova-2",
                    "transcription_model": "deepgram/nova-2",
                    "interim_results": False,
                    "hints": ["a"],
                    "smart_format": False,
                    "colour": "red",
                },
            ),
        ),
        (
            Route(engine="Azure", language="auto", engine_options=AZURE_WEST),
            ("Azure", {"transcription_engine": "Azure", "language": "auto", **AZURE_WEST}),
        ),
        (
            Route(engine="xAI", language="en-GB"),
            ("xAI", {"transcription_engine": "xAI", "language": "en", "interim_results": True}),
        ),
        (
            Route(engine="AssemblyAI", language="en"),
            ("AssemblyAI", {"transcription_engine": "AssemblyAI", "interim_results": True}),
        ),
        (
            Route(engine="Speechmatics", model="linden-1", language="en-US"),
            (
                "Speechmatics",
                {
                    "transcription_engine": "Speechmatics",
                    "transcription_model": "speechmatics/linden-1",
                    "language": "en-US",
                    "interim_results": True,
                },
            ),
        ),
        (
            Route(engine="Soniox", language="auto", endpointing_ms=700),
            (
                "Soniox",
                {
                    "transcription_engine": "Soniox",
                    "language": "auto",
                    "interim_results": True,
                    "enable_endpoint_detection": True,
                    "max_endpoint_delay_ms": 700,
                },
            ),
        ),
        (Route(engine="Parakeet"), ("Parakeet", {"transcription_engine": "Parakeet"})),
        (
            Route(engine="Humain", language="codeswitch"),
            ("Humain", {"transcription_engine": "Humain", "language": "codeswitch"}),
        ),
        (
            Route(engine="Reson8", language="de-DE"),
            ("Reson8", {"transcription_engine": "Reson8", "language": "de"}),
        ),
        (
            Route(engine="Cohere", model="cohere/ar-stt", language="ar"),
            (
                "Cohere",
                {
                    "transcription_engine": "Cohere",
                    "transcription_model": "cohere/ar-stt",
                    "language": "ar",
                },
            ),
        ),
        (
            Route(engine="whisperer", interim_results=False),
            ("whisperer", {"transcription_engine": "whisperer", "interim_results": False}),
        ),
    ],
)
def test_every_engine_gets_the_config_it_is_typed_for(
    route: Route, expected: tuple[str, dict[str, object]]
) -> None:
    """Keys, spellings and the discriminator are those of Telnyx's own types."""
    assert in_call_config(route) == expected


def test_more_keyterms_than_the_engine_takes_are_cut_and_said() -> None:
    """A hundred are sent; the review warns of the rest."""
    route = Route(keyterms=tuple(f"term{n}" for n in range(101)))

    assert len(keyterms_for(ENGINES["deepgram"], route, "media")) == 100
    assert review(route, "media").warnings == ("only the first 100 keyterms are sent",)


def test_our_own_engine_heeds_keyterms_and_redaction() -> None:
    """Nothing of them is ignored, and terms that it would refuse are found at start."""
    route = Route(engine="local", keyterms=("Müller",), engine_options={"redact": "pci"})

    assert review(route, "media") == type(review(route, "media"))()
    refused = (("x" * 61, "60 characters"), ("x " * 7, "6 words"), ("日本", "English alphabet"))
    for term, problem in refused:
        assert problem in "".join(review(Route(engine="local", keyterms=(term,)), "media").problems)


def test_a_route_that_fits_its_engine_has_nothing_to_review() -> None:
    """The example of the documentation raises nothing."""
    route = Route(model="nova-3", language="en-US", keyterms=("Callscribe",), endpointing_ms=300)

    assert review(route, "media") == type(review(route, "media"))()


def test_what_an_engine_will_not_heed_is_named() -> None:
    """Each setting of the route that goes nowhere is listed by its own name."""
    route = Route(
        engine="Azure",
        model="fast",
        keyterms=("x",),
        endpointing_ms=300,
        engine_options={**AZURE_WEST, "redact": "pci"},
    )

    assert review(route, "in_call").ignored == (
        "model",
        "interim_results",
        "keyterms",
        "endpointing_ms",
        "engine_options.redact",
    )


@pytest.mark.parametrize(
    ("engine", "language", "ignored"),
    [
        ("Parakeet", "en", True),
        ("Speechmatics", "auto", True),
        ("Speechmatics", "en", False),
        ("Deepgram", "auto", False),
    ],
)
def test_a_language_that_goes_nowhere_is_named(
    *, engine: str, language: str, ignored: bool
) -> None:
    """Engines that cannot be told, and `auto` where there is no such word."""
    assert ("language" in review(Route(engine=engine, language=language), "media").ignored) == (
        ignored
    )


def test_an_unknown_model_is_sent_with_a_warning() -> None:
    """Models come and go; ours is not the last word."""
    checked = review(Route(model="nova-99"), "media")

    assert checked.problems == ()
    assert len(checked.warnings) == 1
    assert "nova-99" in checked.warnings[0]


def test_engines_that_cannot_tell_the_legs_apart_are_warned_of() -> None:
    """Only the Telnyx engine names the track of in-call words."""
    assert review(Route(source="in_call"), "in_call").warnings
    assert not review(Route(engine="Telnyx"), "in_call").warnings


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        (Route(engine="local"), "cannot be used with source"),
        (Route(engine="Azure"), "needs engine_options.region"),
        (Route(engine="Azure", engine_options={"region": 2}), "needs engine_options.region"),
        (Route(engine="Soniox", endpointing_ms=100), "endpointing_ms must be between 500 and 3000"),
        (Route(engine_options={"utterance_end_ms": "x"}), "engine_options.utterance_end_ms must"),
    ],
)
def test_what_telnyx_would_refuse_is_a_problem(route: Route, problem: str) -> None:
    """A fault is found when the settings are read, and says what would do."""
    assert problem in "\n".join(review(route, "in_call").problems)


def test_flux_has_its_own_limits() -> None:
    """End-of-turn settings are checked where they are sent, and only there."""
    options = {"eot_threshold": 0.99, "eot_timeout_ms": 5000}

    assert review(Route(model="flux", engine_options=options), "media").problems == (
        "engine_options.eot_threshold must be between 0.5 and 0.9",
    )
    assert review(Route(model="nova-3", engine_options=options), "media").problems == ()
