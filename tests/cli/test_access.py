"""`callscribe access`: who looked at which call, beside a service that notes it."""

from pathlib import Path

from service.exits import Exit
from service.ids import CallId
from service.journal.sqlite.access import open_sqlite_accesses
from service.ports import Access
from tests.cli.harness import callscribe as program
from tests.cli.test_keys import service_at

READ = Access(
    at=1_800_000_000.0, key_id="desk", action="read", call_id=CallId("c1"), address="203.0.113.9"
)
LISTED = Access(at=1_800_000_060.0, key_id="crm", action="listed", call_id=None, address="")


async def test_accesses_are_listed_the_newest_first(tmp_path: Path) -> None:
    """All of them, or of a call, with a key, or what was done; there may be none."""
    async with service_at(tmp_path) as variables:
        none = await program("access", **variables)
        async with open_sqlite_accesses(tmp_path / "calls.db") as store:
            await store.keep_accesses([READ, LISTED])
        listed = await program("access", **variables)
        chosen = [
            await program("access", *options, **variables)
            for options in (("--call", "c1"), ("--key", "crm"), ("--action", "read"))
        ]

    assert (none.code, none.out) == (Exit.OK, "nobody looked at anything\n")
    lines = [line.split() for line in listed.out.splitlines()]
    assert lines == [
        ["AT", "KEY", "ACTION", "CALL", "ADDRESS"],
        ["2027-01-15T08:01:00+00:00", "crm", "listed", "-", "-"],
        ["2027-01-15T08:00:00+00:00", "desk", "read", "c1", "203.0.113.9"],
    ]
    assert [("c1" in one.out, "crm" in one.out) for one in chosen] == [
        (True, False), (False, True), (True, False)
    ]  # fmt: skip
