"""A route changed for one call: what may be changed, and what fits."""

import pytest

from service.calls.routes import Fallback
from service.errors import SettingsError
from service.settings import derive_route
from tests.settings.harness import Load

LOG = '[[endpoint]]\nname = "log"\ntype = "log"\n'
TWO = (
    'public_url = "https://a.example"\n' + LOG + '[[route]]\nname = "billing"\n'
    'match = { to = "+1312*" }\nsource = "in_call"\nendpoints = ["log"]\nredact = ["pci"]\n'
    'metadata = { queue = "billing" }\n[[route]]\nengine = "Google"\n'
)


def test_a_route_is_found_by_its_name(load: Load) -> None:
    """Without one it is the first that matches every call."""
    settings = load(TWO)

    assert derive_route(settings, "billing", {}) == settings.routes()[0]
    assert derive_route(settings, None, {}) == settings.routes()[1]


def test_a_call_may_have_its_words_otherwise(load: Load) -> None:
    """And more metadata; what is hidden and who is told stays as the settings say."""
    changes = {
        "engine": "Deepgram",
        "language": "es",
        "endpointing_ms": False,
        "keyterms": ["Callscribe"],
        "roles": {"inbound": "agent"},
        "fallback": [{"engine": "Google", "language": "es-ES"}],
        "metadata": {"ticket": 7},
        "redact": [],
        "endpoints": [],
        "answer": True,
    }
    route = derive_route(load(TWO), "billing", changes)

    assert (route.engine, route.language, route.endpointing_ms) == ("Deepgram", "es", False)
    assert route.keyterms == ("Callscribe",)
    assert route.roles == {"inbound": "agent"}
    assert route.fallback == (Fallback(engine="Google", language="es-ES"),)
    assert route.metadata == {"queue": "billing", "ticket": 7}
    assert (route.redact, route.endpoints) == (("pci",), ("log",))


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("bills", {}, "route: there is none of this name; there are billing"),
        ("billing", {"tracks": "all"}, "tracks: should be 'inbound', 'outbound' or 'both'"),
        ("billing", {"engine": "local"}, "engine: engine 'local' cannot be used with source"),
        ("billing", {"language": "fr"}, "redact: knows no numbers in 'fr'"),
    ],
)
def test_what_does_not_fit_is_told(
    load: Load, name: str, changes: dict[str, object], problem: str
) -> None:
    """As of the settings themselves, and nothing of other routes."""
    with pytest.raises(SettingsError) as failure:
        derive_route(load(TWO), name, changes)

    (told,) = failure.value.problems
    assert told.startswith(problem)


def test_routes_without_a_name_cannot_be_asked_for(load: Load) -> None:
    """Then it is said how to give them one."""
    settings = load(LOG + '[[route]]\nsource = "in_call"\nmatch = { to = "+1312*" }\n')

    with pytest.raises(SettingsError) as failure:
        derive_route(settings, None, {})

    assert failure.value.problems == [
        'route: name one, for none matches every call; none has a name = "…"'
    ]
