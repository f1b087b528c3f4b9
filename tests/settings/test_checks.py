import re
from pathlib import Path

import pytest

from service.settings import checks
from service.wire.webhook_secret import check_webhook_secret
from tests.settings.builders import PUBLIC_KEY, SECRET

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0.0.0.0:8080", ("0.0.0.0", 8080)),
        (":0", ("0.0.0.0", 0)),
        ("[::]:443", ("::", 443)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_listen_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    """IPv6 stands in brackets; no host means every address."""
    assert checks.parse_listen(text) == address


@pytest.mark.parametrize("text", ["", "8080", "host:", "host:http", "::1:80", "h:65536", "h:²"])
def test_what_is_no_address_to_listen_on(text: str) -> None:
    """No guess is made."""
    with pytest.raises(ValueError, match=r"should be|brackets"):
        checks.check_listen(text)


@pytest.mark.parametrize(
    "text",
    ["https://a.example", "https://a.example:8443/base", "http://localhost:8080", "http://[::1]"],
)
def test_public_urls_that_telnyx_can_use(text: str) -> None:
    """Plain http is for this machine only."""
    assert checks.check_public_url(text + "/") == text


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example",
        "a.example",
        "wss://a.example",
        "https://",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://me:secret@a.example",
        "https://a.example:port",
        "https://[::1",
        "https://a.exa mple",
    ],
)
def test_public_urls_that_telnyx_cannot_use(text: str) -> None:
    """Each is refused with what it should be."""
    with pytest.raises(ValueError, match=r"should|not a URL"):
        checks.check_public_url(text)


@pytest.mark.parametrize("text", ["https://desk.example", "http://localhost:3000"])
def test_origins_are_as_browsers_send_them(text: str) -> None:
    """Scheme and host, and a port that is not the usual one."""
    assert checks.check_origin(text) == text


@pytest.mark.parametrize(
    "text",
    ["https://desk.example/", "https://Desk.example", "https://a.example:443", "a.example", "*"],
)
def test_what_is_no_origin(text: str) -> None:
    """What no browser sends would never match."""
    with pytest.raises(ValueError, match="should be"):
        checks.check_origin(text)


@pytest.mark.parametrize(
    "text", ["a.s3.eu-west-1.amazonaws.com", "*.s3.*.amazonaws.com", "http://127.0.0.1:9000"]
)
def test_recordings_may_be_fetched_from_hosts_of_ones_own(text: str) -> None:
    """By name, with stars for parts of it, or as an origin."""
    assert checks.check_recording_host(text) == text


@pytest.mark.parametrize(
    "text", ["", "*", "*.*", "*.com", "A.example", "a.example/b", "a.example:443", "s3://bucket"]
)
def test_what_is_no_host_to_fetch_from(text: str) -> None:
    """Everything would be one, or nothing."""
    with pytest.raises(ValueError, match="should be"):
        checks.check_recording_host(text)


@pytest.mark.parametrize("text", ["sqlite:///calls.db", "sqlite:////var/lib/calls.db"])
def test_sqlite_files_are_databases(text: str) -> None:
    """Relative with three slashes, absolute with four."""
    assert checks.check_database_url(text) == text


@pytest.mark.parametrize(
    "text", ["postgresql://app@db/calls", "postgres://app:hush@db:5432/calls?sslmode=require"]
)
def test_postgresql_is_one_too(text: str) -> None:
    """By either name, with whatever options its driver knows."""
    assert checks.check_database_url(text) == text


@pytest.mark.parametrize("text", ["postgres:", "postgresql://db", "postgresql+asyncpg://db/calls"])
def test_a_postgresql_that_cannot_be_meant_is_refused(text: str) -> None:
    """The fault says how it is written."""
    with pytest.raises(ValueError, match="postgresql://"):
        checks.check_database_url(text)


@pytest.mark.parametrize(
    "text", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "calls.db", "mysql://db"]
)
def test_other_databases_are_refused(text: str) -> None:
    """Above all one that would be gone with the process."""
    with pytest.raises(ValueError, match="sqlite:///"):
        checks.check_database_url(text)


@pytest.mark.parametrize(
    "text",
    ["nats://nats", "nats://nats:4222/", "tls://app:hu@sh@nats.example", "nats://token@[::1]:4222"],
)
def test_a_nats_server_is_named_with_or_without_who_may_enter(text: str) -> None:
    """A cluster tells its clients of the other servers, or has one name for all."""
    assert checks.check_nats_url(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nats", "nats:// or tls://"),
        ("http://nats:4222", "nats:// or tls://"),
        ("nats://u:hush@", "a host"),
        ("nats://u:hush@h:99999", "not a URL"),
        ("nats://u:hush@a,nats://b", "one server"),
        ("nats://u:hush@a/subject", "one server"),
        ("nats://u:hush@a?tls=1", "one server"),
    ],
)
def test_what_is_no_nats_server_is_refused_without_its_password(text: str, told: str) -> None:
    """The fault is logged."""
    with pytest.raises(ValueError, match=told) as refused:
        checks.check_nats_url(text)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("text", ["sqlite:///calls.db?mode=ro", "sqlite:///folder/"])
def test_what_no_journal_opens_is_refused_with_the_settings(text: str) -> None:
    """Not only when the journal is opened: both read the URL by the same rules."""
    with pytest.raises(ValueError, match="name a file"):
        checks.check_database_url(text)


@pytest.mark.parametrize("text", ["", ",", "not base64!", "c2hvcnQ=", ",".join([PUBLIC_KEY] * 3)])
def test_public_keys_are_one_or_two(text: str) -> None:
    """Anything but 32 bytes in base64, once or twice, is refused."""
    with pytest.raises(ValueError, match="public key"):
        checks.check_public_keys(text)


@pytest.mark.parametrize(
    "text", ["", SECRET.removeprefix("whsec_"), "whsec_", "whsec_c2hvcnQ=", "whsec_!" + "A" * 40]
)
def test_webhook_secrets_follow_standard_webhooks(text: str) -> None:
    """whsec_ and 24 to 64 bytes; the error says how to make one."""
    with pytest.raises(ValueError, match="openssl rand"):
        check_webhook_secret(text)


@pytest.mark.parametrize("text", ["all", "stable", "off", "debounce:1ms", "debounce:99999ms"])
def test_partials_may_be(text: str) -> None:
    """The four ways of design."""
    assert checks.check_partials(text) == text


@pytest.mark.parametrize("text", ["", "none", "debounce", "debounce:0ms", "debounce:300", "ALL"])
def test_partials_may_not_be(text: str) -> None:
    """Anything else."""
    with pytest.raises(ValueError, match="should be"):
        checks.check_partials(text)


def test_every_event_is_known_by_its_type_and_told_in_the_readme() -> None:
    """Durable ones and the partial, and no others: whoever reads the table knows them all."""
    rows = re.findall(r"^\| (`[a-z]+\.[^|]*) \|", README.read_text(), re.MULTILINE)
    told = []
    for row in rows:
        first, *others = re.findall(r"`([a-z.]+)`", row)
        kind = first.partition(".")[0]
        told += [first, *(kind + one if one.startswith(".") else one for one in others)]

    assert sorted(told) == sorted(checks.EVENT_TYPES)


@pytest.mark.parametrize(
    "text", ["*", "call.*", "call.report", "transcript.final", "transcript.[fg]*"]
)
def test_events_may_be_patterns(text: str) -> None:
    """As long as they fit an event that there is."""
    assert checks.check_event_pattern(text) == text


@pytest.mark.parametrize(
    "text", ["", "calls.*", "transcript", "transcript_final", "recording.heard"]
)
def test_events_that_never_happen_are_refused(text: str) -> None:
    """A pattern that fits nothing is a typing error."""
    with pytest.raises(ValueError, match="no event is called"):
        checks.check_event_pattern(text)


@pytest.mark.parametrize(
    "text", ["direction", "from", "to", "connection_id", "client_state.tier", "header.X-Queue"]
)
def test_what_a_route_can_match(text: str) -> None:
    """The facts of a call's first leg."""
    assert checks.check_match_key(text) == text


@pytest.mark.parametrize("text", ["", "callee", "header", "header.", "client_state", "to.number"])
def test_what_a_route_cannot_match(text: str) -> None:
    """The error names what there is, or the nearest."""
    with pytest.raises(ValueError, match="not something to match"):
        checks.check_match_key(text)


@pytest.mark.parametrize("text", ["", "a b", "-a", "a" * 65, "feed", "Archive"])
def test_names_that_no_endpoint_may_have(text: str) -> None:
    """They go into paths and logs, and two of them are taken."""
    with pytest.raises(ValueError, match=r"should be|always there"):
        checks.check_endpoint_name(text)


@pytest.mark.parametrize("text", ["", "X Env", "X-Env:", "Host", "webhook-id", "Content-Length"])
def test_headers_that_are_not_to_be_set(text: str) -> None:
    """No broken names, and none of those that the delivery sets."""
    with pytest.raises(ValueError, match=r"header name|delivery itself"):
        checks.check_header_name(text)


@pytest.mark.parametrize("text", ["a\r\nb: c", "caf\u00e9", "\0"])
def test_header_values_smuggle_nothing(text: str) -> None:
    """Only printable ASCII."""
    with pytest.raises(ValueError, match="printable"):
        checks.check_header_value(text)
