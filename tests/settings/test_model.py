import pytest
from pydantic import ValidationError

from service.calls.routes import Retention
from service.settings import Settings
from tests.settings.builders import PUBLIC_KEY
from tests.settings.harness import Load, Problems


def test_settings_never_change(load: Load) -> None:
    """What the service was told at its start holds until its end."""
    with pytest.raises(ValidationError, match="frozen"):
        load().listen = ":1"  # type: ignore[misc]  # that it is refused is the point


def test_settings_made_in_code_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `load_settings` looks at variables, and only at those it is handed."""
    monkeypatch.setenv("CALLSCRIBE_LISTEN", "10.0.0.1:1")
    monkeypatch.setenv("TELNYX_API_KEY", "from the process")

    settings = Settings(telnyx_api_key="KEY", telnyx_public_key=PUBLIC_KEY)

    assert settings.listen == "0.0.0.0:8080"
    assert settings.telnyx_api_key.get_secret_value() == "KEY"


def test_routes_keep_the_order_of_their_numbers(load: Load) -> None:
    """The first that matches wins, so variables may not shuffle them."""
    variables = {}
    for number in ("10", "2", "0", "1"):
        variables[f"CALLSCRIBE_ROUTE__{number}__METADATA"] = f'{{"number": {number}}}'
        variables[f"CALLSCRIBE_ROUTE__{number}__SOURCE"] = "in_call"

    settings = load(**variables)

    assert [route.metadata["number"] for route in settings.routes()] == [0, 1, 2, 10]


def test_a_route_has_a_number(problems: Problems) -> None:
    """Routes have no names to go by."""
    assert "numbered from 0" in problems(CALLSCRIBE_ROUTE__BILLING__SOURCE="in_call")[0]


def test_a_direction_that_never_comes_is_refused(problems: Problems) -> None:
    """A route that could match nothing is a typing error."""
    text = '[[route]]\nsource = "in_call"\nmatch = { direction = "inbound" }'

    assert "incoming" in problems(text)[0]


def test_a_database_key_is_32_bytes_and_never_shown(load: Load, problems: Problems) -> None:
    """A word is refused without being repeated; a key is not in what is printed of settings."""
    text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    assert load(CALLSCRIBE_DATABASE_KEY=text).storage_key() == bytes(range(32))
    assert text not in repr(load(CALLSCRIBE_DATABASE_KEY=text))
    assert load().storage_key() is None
    (line,) = problems(CALLSCRIBE_DATABASE_KEY="correct horse")
    assert "openssl rand -base64 32" in line
    assert "correct horse" not in line


def test_a_route_says_how_long_its_calls_are_kept(load: Load) -> None:
    """Each kind by itself, in days; what is not named is kept for ever."""
    text = '[[route]]\nsource = "in_call"\nretention = { text_days = 30, attempts_days = 0.5 }'
    kept, plain = load(text).routes()[0].retention, load('[[route]]\nsource = "in_call"')

    assert (kept.text_days, kept.audio_days, kept.attempts_days) == (30, None, 0.5)
    assert plain.routes()[0].retention == Retention()


def test_a_route_says_who_stands_in_for_its_engine(load: Load) -> None:
    """In order, each with what it has of its own; and what else holds for its sessions."""
    text = """
        public_url = "https://calls.example.com"
        [[route]]
        model = "nova-3"
        language = "en"
        fallback = [
            { engine = "Google" },
            { engine = "Azure", engine_options = { region = "eastus" }, source = "in_call" },
            { engine = "local", language = "en-US" },
        ]
        stream_codec = "PCMA"
        max_session_s = 600
    """
    (route,) = load(text).routes()

    assert [(one.engine, one.source, one.model, one.language) for one in route.choices] == [
        ("Deepgram", "media", "nova-3", "en"),
        ("Google", "media", None, "en"),
        ("Azure", "in_call", None, "en"),
        ("local", "media", None, "en-US"),
    ]
    assert route.choices[2].engine_options == {"region": "eastus"}
    assert (route.stream_codec, route.max_session_s) == ("PCMA", 600)


def test_a_variable_may_say_who_stands_in(load: Load) -> None:
    """As JSON, like every list."""
    settings = load(
        CALLSCRIBE_ROUTE__0__SOURCE="in_call",
        CALLSCRIBE_ROUTE__0__FALLBACK='[{"engine": "Google"}]',
    )

    assert [one.engine for one in settings.routes()[0].choices] == ["Deepgram", "Google"]


def test_days_to_keep_are_more_than_none(problems: Problems) -> None:
    """Nothing is transcribed to be deleted at once."""
    text = '[[route]]\nsource = "in_call"\nretention = { text_days = 0 }'

    assert "text_days" in problems(text)[0]


def test_proxies_are_private_networks_unless_they_are_named(load: Load, problems: Problems) -> None:
    """A network or a single address; nothing else."""
    assert "10.0.0.0/8" in map(str, load().proxies())
    named = load('trusted_proxies = ["203.0.113.0/24", "2001:db8::1"]').proxies()
    assert [str(one) for one in named] == ["203.0.113.0/24", "2001:db8::1/128"]
    (line,) = problems('trusted_proxies = ["proxy.example.com"]')
    assert "10.0.0.0/8" in line


def test_a_route_may_have_a_name(load: Load, problems: Problems) -> None:
    """A short plain one, which the call core is told: what keys are bound to."""
    named = '[[route]]\nsource = "in_call"\nname = '

    settings = load(f'{named}"billing"\n[[route]]\nsource = "in_call"')

    assert [route.name for route in settings.routes()] == ["billing", None]
    (said,) = problems(f'{named}"by phone"')
    assert said.startswith("callscribe.toml:3: route[0].name: should be 1 to 64 letters, digits")


def test_the_access_log_is_kept_as_long_as_is_said(load: Load, problems: Problems) -> None:
    """A year, unless told otherwise; never for ever."""
    kept = load("[access_log]\ndays = 30\naddresses = 'network'").access_log

    assert load().access_log.days == 365
    assert (kept.days, kept.max_entries, kept.addresses) == (30, 1_000_000, "network")
    for wrong in ("days = 0", "max_entries = 10", "addresses = 'some'"):
        assert len(problems(f"[access_log]\n{wrong}")) == 1
