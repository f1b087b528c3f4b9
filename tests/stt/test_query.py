"""The address of a session: each setting under the name Telnyx gives it."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from service.calls.routes import Route
from service.stt.formats import WireFormat
from service.stt.query import session_url

BASE = "wss://api.example.com/v2/speech-to-text/transcription"
MULAW = WireFormat("mulaw", 8000)


def query(route: Route, base: str = BASE) -> list[tuple[str, str]]:
    """Return the query of the session's address."""
    return parse_qsl(urlsplit(session_url(base, route, MULAW)).query)


def test_a_full_route_is_asked_for_in_full() -> None:
    """Engine, model, format, language, interims, endpointing, keyterms one by one."""
    route = Route(
        model="nova-3",
        language="en-US",
        keyterms=("Callscribe", "Tony's, Inc"),
        endpointing_ms=300,
        engine_options={"redact": ["pci", "ssn"], "smart_format": True, "region": "x", "new": 1},
    )

    assert query(route) == [
        ("transcription_engine", "Deepgram"),
        ("model", "deepgram/nova-3"),
        ("input_format", "mulaw"),
        ("sample_rate", "8000"),
        ("language", "en-US"),
        ("interim_results", "true"),
        ("endpointing", "300"),
        ("keyterm", "Callscribe"),
        ("keyterm", "Tony's, Inc"),
        ("redact", "pci,ssn"),
        ("smart_format", "true"),
        ("new", "1"),
    ]


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (Route(model="nova-2", keyterms=("a", "b")), ("keywords", "a:1,b:1")),
        (Route(engine="local", keyterms=("a", "b")), ("keyterm", "b")),
        (Route(engine="local", engine_options={"redact": ["pci", "ssn"]}), ("redact", "pci,ssn")),
        (Route(redact=("pci", "phone", "numbers", "ssn")), ("redact", "pci,ssn")),
        (
            Route(redact=("pci",), engine_options={"redact": "numbers"}),
            ("redact", "numbers"),
        ),
        (Route(engine="Azure", engine_options={"region": "westus2"}), ("region", "westus2")),
        (Route(model="flux", engine_options={"eot_threshold": 0.6}), ("eot_threshold", "0.6")),
        (Route(engine="A"), ("transcription_engine", "Google")),
        (Route(engine="Telnyx", language="auto"), ("language", "auto_detect")),
        (Route(engine="telnyx", language="xx"), ("language", "xx")),
        (Route(engine="telnyx"), ("transcription_engine", "telnyx")),
        (Route(engine="acme", engine_options={"api_key_ref": "mine"}), ("api_key_ref", "mine")),
        (Route(endpointing_ms=False), ("endpointing", "false")),
        (Route(model="flux-multi", language="ja-JP"), ("language", "ja")),
        (Route(model="flux-multi", language="auto"), ("language", "multi")),
        (Route(engine="Cohere", language="ar-EG"), ("language", "ar")),
        (Route(interim_results=False), ("interim_results", "false")),
        (Route(engine="NewEngine", model="x"), ("transcription_engine", "NewEngine")),
    ],
)
def test_each_engine_is_asked_in_its_own_words(route: Route, expected: tuple[str, str]) -> None:
    """Weights, regions, end-of-turn settings, aliases; an engine nobody knows passes through."""
    assert expected in query(route)


def test_what_an_engine_ignores_is_not_sent() -> None:
    """Endpointing means nothing to Azure, nor keyterms, nor Deepgram's redaction."""
    route = Route(
        engine="Azure",
        keyterms=("a",),
        endpointing_ms=300,
        redact=("pci",),
        engine_options={"redact": "pci"},
    )

    assert {name for name, _ in query(route)} == {
        "transcription_engine",
        "input_format",
        "sample_rate",
    }


def test_an_engine_is_not_asked_for_partials_that_it_does_not_give() -> None:
    """The engine Telnyx falls silent over it."""
    assert "interim_results" not in dict(query(Route(engine="Telnyx")))
    assert dict(query(Route(engine="Soniox")))["interim_results"] == "true"


def test_a_base_without_a_path_gets_telnyxs() -> None:
    """A host is enough; a query that is there already stays."""
    url = session_url("ws://127.0.0.1:9/?token=x", Route(), MULAW)

    assert url.startswith("ws://127.0.0.1:9/v2/speech-to-text/transcription?token=x&")
