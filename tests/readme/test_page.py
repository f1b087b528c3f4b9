"""What README.md shows beside commands: programs that others run, and tables of all keys."""

import re

import pytest
from pydantic import BaseModel

from service.settings import EndpointSettings, RouteSettings, Settings
from tests.readme.harness import README, REPOSITORY, blocks

CLIENTS = REPOSITORY / "fixtures" / "clients" / "README.md"


def keys_of(title: str) -> set[str]:
    """Return the keys in the first column of a table, by the title of that column."""
    table = README[README.index(f"| {title} |") :].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    return {key.strip("[]") for row in rows for key in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(
    ("title", "table"),
    [
        ("top-level key", Settings),
        ("key of a `[[route]]`", RouteSettings),
        ("key of an `[[endpoint]]`", EndpointSettings),
    ],
)
def test_every_key_of_the_settings_is_in_its_table(title: str, table: type[BaseModel]) -> None:
    """And no other."""
    assert keys_of(title) == set(table.model_fields)


def test_every_program_is_run_by_a_test() -> None:
    """The receiver by tests/delivery/test_certification.py, the follower by tests/clients."""
    receiver, follower = blocks("python")

    assert receiver.startswith("# pip install aiohttp standardwebhooks\n")
    assert "from callscribe import follow" in follower
    assert follower in CLIENTS.read_text()


def test_the_widget_is_put_into_a_page_as_its_own_page_says() -> None:
    """Where it is tried in a browser."""
    (lines,) = blocks("html")

    assert lines in CLIENTS.read_text()
