"""Whether two workers have the same settings is to be seen, and nothing else of these."""

import base64
import json

import pytest

from service.ids import EndpointName
from service.settings import Settings, fingerprints
from tests.settings.builders import SECRET
from tests.settings.harness import Load

OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of thirty-two by").decode()
STORAGE_KEY = base64.b64encode(bytes(32)).decode()
OTHER_KEY = base64.b64encode(bytes(31) + b"1").decode()
TEXT = f"""
require_media_auth = false
stream_secret = "of-thirty-two-letters-and-no-more"
database_key = "{STORAGE_KEY}"
nats_url = "nats://127.0.0.1:4222"
database_url = "postgresql://app@127.0.0.1/calls"

[[route]]
source = "in_call"
endpoints = ["crm"]
metadata = {{ since = 2026-11-30, queue = "billing" }}

[[endpoint]]
name = "crm"
type = "webhook"
url = "https://crm.example.com/in"
secret = "{SECRET}"
headers = {{ Authorization = "Bearer 12345" }}
"""


def unlike(one: Settings, other: Settings) -> list[str]:
    """Return the sections that differ."""
    ours, theirs = fingerprints(one), fingerprints(other)
    assert ours.keys() == theirs.keys()
    return [name for name in ours if ours[name] != theirs[name]]


@pytest.mark.parametrize(
    ("before", "after", "section"),
    [
        ('source = "in_call"', 'source = "in_call"\nredact = ["pci"]', "route"),
        ('queue = "billing"', 'queue = "sales"', "route"),
        ("since = 2026-11-30", "since = 2026-12-01", "route"),
        ("crm.example.com", "crm.example.org", "endpoint"),
        ("Bearer 12345", "Bearer 12346", "endpoint"),
        (SECRET, OTHER_SECRET, "endpoint secrets"),
        ("require_media_auth = false", "require_media_auth = true", "require_media_auth"),
        ("of-thirty-two", "of-thirty-too", "stream_secret"),
        (STORAGE_KEY, OTHER_KEY, "database_key"),
        ("4222", "4223", "nats_url"),
    ],
)
def test_whatever_has_to_be_the_same_is_in_one_section(
    load: Load, before: str, after: str, section: str
) -> None:
    """And in no other, so that people know where to look."""
    assert TEXT.count(before) == 1
    assert unlike(load(TEXT), load(TEXT.replace(before, after))) == [section]


@pytest.mark.parametrize(
    "change",
    [
        'listen = "127.0.0.1:1"',
        'public_url = "https://w2.example.com"',
        'recordings_dir = "/mnt/recordings"',
        "drain_timeout_s = 3",
    ],
)
def test_what_is_a_workers_own_is_in_none(load: Load, change: str) -> None:
    """Addresses, folders, limits."""
    assert unlike(load(TEXT), load(change + TEXT)) == []


def test_what_is_said_as_it_is_by_itself_is_the_same(load: Load) -> None:
    """So a newer version, which has more to be said, differs in nothing."""
    said = TEXT.replace(
        'source = "in_call"', 'source = "in_call"\nredact = []\ninterim_results = true'
    )
    assert unlike(load(TEXT), load(said)) == []


def test_the_order_of_endpoints_says_nothing_and_that_of_routes_does(load: Load) -> None:
    """The first route that matches wins."""
    log = '\n[[endpoint]]\nname = "log"\ntype = "log"\n'
    route = '\n[[route]]\nsource = "in_call"\n[route.match]\nto = "+1555*"\n'
    first, second = TEXT.split("[[endpoint]]")
    assert unlike(load(TEXT + log), load(f"{first}{log}[[endpoint]]{second}")) == []
    general, _, rest = TEXT.partition("[[route]]")
    assert unlike(load(f"{TEXT}{route}"), load(f"{general}{route}[[route]]{rest}")) == ["route"]


def test_rotated_secrets_stand_in_for_those_of_the_settings(load: Load) -> None:
    """Whoever reads the new ones at the start is the same."""
    rotated = {EndpointName("crm"): (OTHER_SECRET, None, None)}
    new = load(TEXT.replace(SECRET, OTHER_SECRET))
    assert fingerprints(load(TEXT), rotated) == fingerprints(new)
    assert fingerprints(load(TEXT), {EndpointName("gone"): (SECRET,)}) == fingerprints(load(TEXT))


def test_nobody_without_the_api_key_can_try_secrets_out(load: Load) -> None:
    """All are made with it; what is told has the size of one number."""
    ours = fingerprints(load(TEXT))
    theirs = fingerprints(load(TEXT, TELNYX_API_KEY="KEY9876543210"))
    assert all(ours[name] != theirs[name] for name in ours)
    assert all(len(one) == 16 for one in ours.values())
    shown = json.dumps(ours)
    for secret in (SECRET, STORAGE_KEY, "12345", "KEY0123456789"):
        assert secret not in shown
