from pathlib import Path

import pytest

from service.settings import advise
from tests.settings.harness import Load

IN_CALL = '[[route]]\nsource = "in_call"\nengine = "Telnyx"\nendpoints = ["log"]\n'
IN_CALL += 'connect = "+13125550177"\n'
LOG = '[[endpoint]]\nname = "log"\ntype = "log"\n'
CONFIG = Path("/etc/callscribe.toml")


def advice(load: Load, text: str) -> list[str]:
    """Return what is advised, a line each."""
    return [f"{one.subject}: {one.text}" for one in advise(load(text), CONFIG)]


def test_settings_that_are_meant_as_they_are_need_no_advice(load: Load) -> None:
    """Numbers, patterns, addresses, and nobody's number."""
    matches = (
        'direction = "incoming", to = "+1312*"',
        'to = "+1[23]12*", from = "*42"',
        'from = "sip:*@example.com"',
        'from = ""',
        'connection_id = "17*"',
        '"client_state.tier" = "gold plated"',
        '"header.X-Queue" = "1"',
        "",
    )
    routes = "".join(f"{IN_CALL}match = {{ {one} }}\n" for one in matches)

    assert advice(load, LOG + routes) == []


def test_a_service_without_routes_names_the_file_that_was_read(load: Load) -> None:
    """Or that there was none."""
    (with_file,) = advise(load(""), CONFIG)
    (without,) = advise(load(""), None)

    assert with_file.text == (
        "there is no [[route]] (none in /etc/callscribe.toml): every call will be left alone"
    )
    assert "no settings file was read" in without.text


def test_an_endpoint_that_no_route_names_is_told(load: Load) -> None:
    """It would get no call; where there is no route at all, that is told instead."""
    told = ["endpoint erp: gets no call: no [[route]] names it in its endpoints"]
    erp = LOG.replace('name = "log"', 'name = "erp"')

    assert advice(load, LOG + erp + IN_CALL) == told
    assert [one.partition(":")[0] for one in advice(load, erp)] == ["routes"]


@pytest.mark.parametrize(
    ("match", "text"),
    [
        ('to = "1312*"', "match.to matches no telephone number"),
        ('from = "+1312.*"', "match.from matches no telephone number"),
        ('to = "+1 312*"', "match.to matches no telephone number"),
        ('to = "(312) 555*"', "match.to matches no telephone number"),
        ('to = " +1312*"', "match.to can never match: it has blanks around it"),
        ('connection_id = "main"', "match.connection_id can never match"),
    ],
)
def test_patterns_that_never_match_are_told_without_the_pattern(
    load: Load, match: str, text: str
) -> None:
    """It may be somebody's number, and this goes to the log."""
    (said,) = advice(load, f"{LOG}{IN_CALL}match = {{ {match} }}")

    assert said.startswith(f"route 0: {text}")
    assert "312" not in said.replace("+13125550100", "")


def test_a_route_behind_one_that_takes_its_calls_gets_none(load: Load) -> None:
    """The first that matches wins; whichever asks for the same and no more comes before."""
    everything, incoming = IN_CALL, IN_CALL + 'match = { direction = "incoming" }\n'
    narrower = IN_CALL + 'match = { direction = "incoming", to = "+1312*" }\n'

    assert advice(load, LOG + narrower + incoming + everything) == []
    assert advice(load, LOG + incoming + narrower) == [
        "route 1: gets no call: route 0 comes first and takes them"
    ]
    assert advice(load, LOG + everything + incoming + narrower) == [
        "route 1: gets no call: route 0 comes first and takes them",
        "route 2: gets no call: route 0 comes first and takes them",
    ]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ('engine = "Deepgram"\nmodel = "nova-99"', "nova-99' of Deepgram is not known here"),
        ('language = "klingon"', "no engine is known to take language 'klingon'"),
        (
            'engine = "Azure"\ninterim_results = true\nkeyterms = ["a"]',
            "Azure will ignore interim_results, keyterms",
        ),
        ('engine = "deepgram"', "engine 'deepgram' is not known here; it is sent as it is"),
        ('engine = "acme-stt"', "known, by their case, are AssemblyAI, Azure, Cohere, Deepgram"),
        ('engine = "Speechmatics"\nlanguage = "hu"', "is not known to take language 'hu'"),
        ("engine_options = { brand_new = true }", "engine_options.brand_new is not known"),
        (
            'engine = "Google"\nlanguage = "hu"\nfallback = [{ engine = "Speechmatics" }]',
            "Speechmatics will not stand in, unless its fallback names a language: Speechmatics",
        ),
        (
            'engine = "Telnyx"\nfallback = [{ engine = "Deepgram", model = "nova-99" }]',
            "nova-99' of Deepgram is not known here",
        ),
    ],
)
def test_what_the_engines_of_a_route_do_not_know_is_told(load: Load, keys: str, text: str) -> None:
    """Of its first choice and of those that take over."""
    media = f'public_url = "https://a.example"\n{LOG}[[route]]\nendpoints = ["log"]\n'
    route = media + keys

    assert any(text in line for line in advice(load, route))


def test_a_public_url_with_a_path_needs_somebody_to_take_it_away(load: Load) -> None:
    """The service itself answers without it."""
    said = advice(load, f'public_url = "https://a.example/base/"\n{LOG}{IN_CALL}')

    (line,) = said
    assert line.startswith("public_url: has a path: ")
    assert "has to take /base away" in line


def test_a_bus_is_of_no_use_to_a_journal_in_a_file(load: Load) -> None:
    """One worker has it. On PostgreSQL it is."""
    nats = 'nats_url = "nats://nats"\n'
    server = 'database_url = "postgresql://app@db/calls"\n'
    (only,) = advice(load, nats + LOG + IN_CALL)

    assert only.startswith("nats_url: is not used")
    assert advice(load, nats + server + LOG + IN_CALL) == []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("", True),
        ('match = { direction = "*" }', True),
        ("answer = false", False),
        ('match = { direction = "outgoing" }', False),
        ('connect = "sip:desk@example.com"', False),
        ("siprec = true", False),
    ],
)
def test_callers_who_are_answered_and_connected_with_nobody_hear_silence(
    load: Load, keys: str, *, told: bool
) -> None:
    """Unless somebody else has the call."""
    text = f'{LOG}[[route]]\nsource = "in_call"\nengine = "Telnyx"\nendpoints = ["log"]\n{keys}'

    said = [one for one in advice(load, text) if "connects them with nobody" in one]
    assert bool(said) == told
