"""Lists that age stop nobody: what is not on them is sent as written, and told."""

from typing import Any

import pytest

from service.calls.engines import Offer, describe, in_call_config, review, unlisted
from service.calls.routes import Route
from service.ids import Source

KEY = {"api_key_ref": "my-secret"}


def config(**route: Any) -> dict[str, object]:  # noqa: ANN401 - a route's fields
    """Return what an in-call route's engine is told."""
    return in_call_config(Route(source="in_call", interim_results=False, **route))[1]


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        (Route(engine="acme-stt"), "engine 'acme-stt' is not known here; it is sent as it is"),
        (Route(engine="deepgram"), "known, by their case, are AssemblyAI, Azure, Cohere, Deepgram"),
        (Route(language="ky"), "Deepgram is not known to take language 'ky'"),
        (Route(engine="Azure", engine_options={"region": "mars"}), "known are australiaeast"),
        (Route(engine_options={"mood": "calm"}), "engine_options.mood is not known of Deepgram"),
    ],
)
def test_what_no_list_has_is_a_warning_that_names_what_has(route: Route, warning: str) -> None:
    """It is no problem, and nothing is ignored."""
    checked = review(route, "in_call")

    assert checked.problems == ()
    assert any(warning in line for line in checked.warnings)
    assert "language" not in checked.ignored
    assert not any(name.startswith("engine_options") for name in checked.ignored)


def test_a_language_of_last_month_is_sent_as_written() -> None:
    """Of Deepgram, whose list is short."""
    assert config(language="ky")["language"] == "ky"


def test_a_community_engine_is_asked_for_by_its_name() -> None:
    """With the key that its owner keeps at Telnyx, and whatever else its route says."""
    engine, told = in_call_config(
        Route(engine="acme-stt", model="v2", language="nl-BE", engine_options=KEY | {"style": 1})
    )

    assert engine == "acme-stt"
    assert told == {
        "transcription_engine": "acme-stt",
        "transcription_model": "v2",
        "language": "nl-BE",
        "interim_results": True,
        "api_key_ref": "my-secret",
        "style": 1,
    }


def test_an_option_that_is_anothers_is_still_left_out() -> None:
    """Telnyx is known to refuse it; one that nobody knows may be new."""
    options = {"region": "westus2", "mood": "calm"}

    told = config(engine_options=options)

    assert "region" not in told
    assert told["mood"] == "calm"
    assert review(Route(engine_options=options), "in_call").ignored == ("engine_options.region",)


@pytest.mark.parametrize(
    ("model", "full"), [("flux", "flux"), ("deepgram/flux-multi", "flux-multi")]
)
def test_flux_is_asked_for_in_a_call_by_its_documented_name(model: str, full: str) -> None:
    """With its maker's name; its word for any language is not nova-3's; it ends turns by eot_."""
    told = config(model=model, language="auto", engine_options={"eot_timeout_ms": 800})

    assert told == {
        "transcription_engine": f"deepgram/{full}",
        "transcription_model": f"deepgram/{full}",
        "language": "auto",
        "interim_results": False,
        "eot_timeout_ms": 800,
    }


@pytest.mark.parametrize("language", ["ja", "hi-IN", "ru", "it"])
def test_flux_multi_knows_its_languages(language: str) -> None:
    """Its own, and not those of nova-3; by their short codes."""
    route = Route(model="flux-multi", language=language)

    assert config(model="flux-multi", language=language)["language"] == language[:2]
    assert (
        review(route, "in_call").warnings == review(Route(model="flux-multi"), "in_call").warnings
    )


@pytest.mark.parametrize(
    ("engine", "source", "ignored"),
    [
        ("Deepgram", "media", ()),
        ("Deepgram", "in_call", ("endpointing_ms",)),
        ("Soniox", "in_call", ()),
    ],
)
def test_endpointing_is_switched_off_where_it_can_be(
    engine: str, source: Source, ignored: tuple[str, ...]
) -> None:
    """False is no number of milliseconds, and no fault."""
    checked = review(Route(engine=engine, endpointing_ms=False, interim_results=False), source)

    assert checked.problems == ()
    assert checked.ignored == ignored


def test_endpointing_that_is_off_is_said_in_each_engines_words() -> None:
    """Deepgram has none in a call; it is told no length."""
    assert config(engine="Soniox", endpointing_ms=False)["enable_endpoint_detection"] is False
    assert "utterance_end_ms" not in config(endpointing_ms=False)


NOVA = Offer(
    provider="deepgram",
    model="deepgram/nova-3",
    surfaces={"in_call": ("en-US", "ky"), "websocket": ()},
)
ACME = Offer(provider="acme-stt", model="", surfaces={"websocket": ("nl",)})


@pytest.mark.parametrize(
    ("route", "text"),
    [
        (Route(), ""),
        (Route(language="auto", source="in_call"), ""),
        (Route(language="ky", source="in_call"), ""),
        (Route(language="en-GB", source="in_call"), ""),
        (
            Route(language="de", source="in_call"),
            "Telnyx lists no language 'de' for deepgram/nova-3: it has en-US, ky",
        ),
        (
            Route(model="nova-9"),
            "Telnyx lists no deepgram/nova-9 of Deepgram for websocket: it has deepgram/nova-3",
        ),
        (Route(engine="acme-stt"), ""),
        (
            Route(engine="acme-stt", source="in_call"),
            "Telnyx lists no acme-stt for in_call: it has deepgram",
        ),
        (Route(engine="local"), ""),
    ],
)
def test_what_telnyx_does_not_list_is_said(route: Route, text: str) -> None:
    """By surface: engine, model, language. Ours is not Telnyx's to list."""
    assert unlisted(route, [NOVA, ACME]) == text
    assert unlisted(route, []) == ""


def test_what_telnyx_lists_says_what_is_known_here() -> None:
    """A model that is new stands out."""
    assert describe([NOVA, Offer(provider="x", model="x/new")]) == [
        {
            "provider": "deepgram",
            "model": "deepgram/nova-3",
            "known": True,
            "surfaces": {"in_call": ["en-US", "ky"], "websocket": []},
        },
        {"provider": "x", "model": "x/new", "known": False, "surfaces": {}},
    ]
