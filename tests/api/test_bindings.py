"""Every operation of the API, asked with a key of every binding."""

from pathlib import Path

import pytest

from service.api.about_routes import HEALTHZ, READYZ
from tests.api.bound import BINDINGS, open_bound_world
from tests.api.harness import open_harness
from tests.api.rows import ROWS, UNSERVED, Described
from tests.journal.harness import ADAPTERS

CASES = [
    *(("sqlite", binding) for binding in BINDINGS),
    ("postgresql", "matching route"),
    ("postgresql", "matching metadata"),
]
"""What differs between databases is how each kind of binding is asked for."""


async def described(folder: Path) -> dict[str, Described]:
    """Return the operations that the API says it has."""
    async with open_harness(folder) as harness:
        paths = (await harness.get("/openapi.json")).json["paths"]
    return {
        one["operationId"]: Described(one["operationId"], method.upper(), path)
        for path, methods in paths.items()
        for method, one in methods.items()
    }


async def test_every_operation_has_a_row(tmp_path: Path) -> None:
    """Who adds a route says what a bound key gets of it."""
    assert set(await described(tmp_path)) == set(ROWS) | UNSERVED
    assert {HEALTHZ.id, READYZ.id} == UNSERVED
    assert HEALTHZ.access is READYZ.access is None


@pytest.mark.parametrize(("adapter", "binding"), CASES)
@pytest.mark.parametrize("operation", ROWS)
async def test_a_key_gets_what_it_is_bound_to(
    operation: str, adapter: str, binding: str, tmp_path: Path
) -> None:
    """And cannot tell that there is anything else."""
    first = tmp_path / "described"
    first.mkdir()
    what = (await described(first))[operation]
    second = tmp_path / "served"
    second.mkdir()
    async with open_bound_world(second, binding, ADAPTERS[adapter]) as world:
        await ROWS[operation](world, what)
