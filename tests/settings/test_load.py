import json
from pathlib import Path

import pytest

from service.errors import SettingsError
from service.journal.address import SqliteAddress
from service.settings import find_config, load_settings
from tests.settings.builders import KEYS, PUBLIC_KEY, SECRET
from tests.settings.harness import Load, Problems

WHOLE = f"""
listen = "127.0.0.1:9000"
public_url = "https://calls.example.com/"
database_url = "sqlite:///calls/journal.db"
drain_timeout_s = 5

[[route]]
match = {{ direction = "incoming", to = "+1312*", "header.X-Queue" = "billing" }}
answer = false
source = "media"
engine = "Deepgram"
model = "nova-3"
language = "en-US"
interim_results = false
keyterms = ["Callscribe"]
endpointing_ms = 300
tracks = "both"
roles = {{ inbound = "customer", outbound = "agent" }}
endpoints = ["crm", "log"]
metadata = {{ queue = "billing", tier = 2 }}

[[route]]
source = "in_call"
engine = "Azure"
engine_options = {{ region = "eastus" }}

[[endpoint]]
name = "crm"
type = "webhook"
url = "https://crm.example.com/hooks/calls"
secret = "{SECRET}"
events = ["call.*", "transcript.final"]
partials = "debounce:300ms"
headers = {{ X-Env = "prod" }}

[[endpoint]]
name = "log"
type = "log"
"""


def test_a_file_becomes_routes_and_endpoints_in_order(load: Load) -> None:
    """Every key of the file arrives where the rooms look for it."""
    settings = load(WHOLE)

    billing, rest = settings.routes()
    crm, log = settings.endpoint_list()
    assert settings.listen_address == ("127.0.0.1", 9000)
    assert settings.database == SqliteAddress(Path("calls/journal.db"))
    assert (billing.answer, billing.interim_results, billing.endpointing_ms) == (False, False, 300)
    assert billing.match["header.X-Queue"] == "billing"
    assert billing.roles == {"inbound": "customer", "outbound": "agent"}
    assert billing.metadata == {"queue": "billing", "tier": 2}
    assert billing.endpoints == ("crm", "log")
    assert (rest.source, rest.engine_options) == ("in_call", {"region": "eastus"})
    assert (crm.secret, crm.partials, crm.headers) == (SECRET, "debounce:300ms", {"X-Env": "prod"})
    assert (log.name, log.type, log.url, log.events) == ("log", "log", None, ("*",))


def test_media_sockets_are_at_the_public_address(load: Load) -> None:
    """Secure http becomes wss, http becomes ws, and a token goes after the slash."""
    assert load(WHOLE).media_url == "wss://calls.example.com/media/"
    assert load('public_url = "http://localhost:8080"').media_url == "ws://localhost:8080/media/"
    assert load().media_url == ""


def test_addresses_of_somebody_elses_stay_as_they_are_written(load: Load) -> None:
    """Those that paths are added to lose their slash, as theirs."""
    settings = load(
        f"""
telnyx_base_url = "https://api.example.com/v2/"
recogniser_url = "ws://127.0.0.1:8090/hear/"
[[endpoint]]
name = "crm"
type = "webhook"
url = "https://crm.example.com/hooks/?next=/"
secret = "{SECRET}"
[[endpoint]]
name = "cold"
type = "archive"
url = "s3://calls/"
s3_endpoint = "https://s3.example.com/"
[forward]
url = "https://ivr.example.com/telnyx/"
[telemetry]
otlp_url = "http://localhost:4318/"
"""
    )

    crm, cold = settings.endpoint_list()
    assert crm.url == "https://crm.example.com/hooks/?next=/"
    assert settings.forward.url == "https://ivr.example.com/telnyx/"
    assert cold.archive is not None
    assert (cold.archive.url, cold.archive.s3_endpoint) == ("s3://calls", "https://s3.example.com")
    assert settings.telnyx_base_url == "https://api.example.com/v2"
    assert settings.recogniser_url == "ws://127.0.0.1:8090/hear"
    assert settings.telemetry.otlp_url == "http://localhost:4318"


def test_keys_alone_are_enough_to_start() -> None:
    """Without a file or a route there are defaults; a call that matches nothing is left alone."""
    settings = load_settings(None, KEYS)

    assert settings.routes() == ()
    assert settings.listen_address == ("0.0.0.0", 8080)
    assert settings.telnyx_base_url == "https://api.telnyx.com/v2"
    assert settings.drain_timeout_s == 20
    assert settings.max_posts_per_host == 64


def test_the_environment_wins_over_the_file(load: Load) -> None:
    """A variable replaces one key and leaves its neighbours, at any depth."""
    settings = load(
        WHOLE,
        CALLSCRIBE_LISTEN="[::1]:0",
        CALLSCRIBE_DRAIN_TIMEOUT_S="",
        CALLSCRIBE_ROUTE__0__ENGINE="Google",
        CALLSCRIBE_ROUTE__0__KEYTERMS='["one", "two"]',
        CALLSCRIBE_ROUTE__0__ROLES__INBOUND="agent",
        CALLSCRIBE_ENDPOINT__CRM__TIMEOUT_S="2.5",
    )

    route = settings.routes()[0]
    assert settings.listen_address == ("::1", 0)
    assert settings.drain_timeout_s == 5
    assert (route.engine, route.model, route.keyterms) == ("Google", "nova-3", ("one", "two"))
    assert route.roles == {"inbound": "agent", "outbound": "agent"}
    assert settings.endpoint_list()[0].timeout_s == 2.5


def test_a_whole_table_may_come_from_the_environment(load: Load) -> None:
    """JSON replaces all endpoints of the file; a new name makes one more."""
    replaced = load('[[endpoint]]\nname = "old"', CALLSCRIBE_ENDPOINT=_json_endpoint("new"))
    added = load(WHOLE, CALLSCRIBE_ENDPOINT__AUDIT__TYPE="log")

    assert [endpoint.name for endpoint in replaced.endpoint_list()] == ["new"]
    assert [endpoint.name for endpoint in added.endpoint_list()] == ["crm", "log", "audit"]


def test_database_url_has_its_usual_name(load: Load) -> None:
    """DATABASE_URL works; the prefixed name wins over it."""
    plain = load(DATABASE_URL="sqlite:////var/lib/a.db")
    both = load(DATABASE_URL="sqlite:///a.db", CALLSCRIBE_DATABASE_URL="sqlite:///b.db")

    assert plain.database == SqliteAddress(Path("/var/lib/a.db"))
    assert both.database == SqliteAddress(Path("b.db"))


def test_two_public_keys_while_rotating(load: Load) -> None:
    """Both are used, and blanks around the comma do not matter."""
    assert len(load().public_keys()) == 1
    assert len(load(TELNYX_PUBLIC_KEY=f"{PUBLIC_KEY} , {PUBLIC_KEY}").public_keys()) == 2


def test_secrets_are_in_no_repr(load: Load) -> None:
    """Neither the settings nor the endpoints made of them print a key or secret."""
    settings = load(WHOLE, CALLSCRIBE_RECOGNISER_API_KEY="sesame-key")

    printed = f"{settings!r} {settings} {settings.endpoint_list()!r}"
    for secret in (SECRET, "KEY0123456789", "sesame-key", "prod"):
        assert secret not in printed


def test_the_chosen_file_comes_before_the_named_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--config, then CALLSCRIBE_CONFIG, then callscribe.toml if it is here, then none."""
    monkeypatch.chdir(tmp_path)
    named = {"CALLSCRIBE_CONFIG": "named.toml"}

    assert find_config(Path("chosen.toml"), named) == Path("chosen.toml")
    assert find_config(None, named) == Path("named.toml")
    assert find_config(None, {}) is None
    Path("callscribe.toml").touch()
    assert find_config(None, {}) == Path("callscribe.toml")


def test_a_missing_or_unreadable_file_is_one_line(tmp_path: Path) -> None:
    """No traceback for a wrong path, a folder, another encoding, or what is not TOML."""
    (tmp_path / "latin.toml").write_bytes(b'listen = "caf\xe9"')
    (tmp_path / "broken.toml").write_text("listen = ")

    for name in ("absent.toml", "", "latin.toml", "broken.toml"):
        with pytest.raises(SettingsError) as failure:
            load_settings(tmp_path / name, KEYS)
        assert len(failure.value.problems) == 1


def test_a_file_with_a_byte_order_mark_is_read(load: Load) -> None:
    """Some editors write one."""
    assert load("\ufeffdrain_timeout_s = 1").drain_timeout_s == 1


def test_the_api_has_a_table_of_its_own(load: Load, problems: Problems) -> None:
    """In the file or the environment; a key that it has not is told the nearest."""
    text = '[api]\ncors_origins = ["https://desk.example"]\nrate_limit_per_minute = 60'
    changed = load(text, CALLSCRIBE_API__RATE_LIMIT_PER_MINUTE="90").api

    assert (changed.cors_origins, changed.rate_limit_per_minute) == (("https://desk.example",), 90)
    assert load().api.cors_origins == ()
    assert problems("[api]\ncors = []") == [
        'callscribe.toml:2: api.cors: unknown key, did you mean "cors_origins"?'
    ]
    assert "api.cors_origins[0]" in problems('[api]\ncors_origins = ["*"]')[0]


@pytest.mark.parametrize("table", ["route = 1", "endpoint = [1]", "[endpoint]\nname = 1"])
def test_tables_of_the_wrong_shape_are_faults(problems: Problems, table: str) -> None:
    """Whatever the file holds is told, never raised as something else."""
    assert problems(table)


def _json_endpoint(name: str) -> str:
    return json.dumps([{"name": name, "type": "log"}])
