"""File descriptors: how many there may be, and what is said when none is left."""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.descriptors import (
    UNBOUNDED,
    are_all_taken,
    is_out_of_descriptors,
    most_descriptors,
    raise_limit,
    sockets_for_each,
)


@contextmanager
def descriptors(wanted: int) -> Iterator[None]:
    """Let this process open so many."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Take all that this process may have."""
    taken: list[int] = []
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    with descriptors(highest + 2):
        try:
            while True:
                taken.append(os.dup(sys.__stderr__.fileno() if sys.__stderr__ else 2))
        except OSError:
            pass
        try:
            yield
        finally:
            for one in taken:
                os.close(one)


def test_the_limit_is_raised_as_far_as_the_system_lets_it() -> None:
    """Who starts a service has 1,024 for it, mostly, and may have many more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with descriptors(most // 2):
        assert most_descriptors() == most // 2

        assert raise_limit() == most_descriptors() == most


@pytest.mark.parametrize(
    ("endpoints", "all_of_them", "each"),
    [
        (0, 1024, 32),
        (1, 1024, 32),
        (8, 1024, 32),
        (45, 1024, 5),
        (500, 1024, 1),
        (500, UNBOUNDED, 32),
    ],
)
def test_a_quarter_of_them_is_divided_among_the_endpoints(
    endpoints: int, all_of_them: int, each: int
) -> None:
    """Each has one at least; none more than it could use."""
    assert sockets_for_each(endpoints, at_most=32, descriptors=all_of_them) == each


def test_it_is_seen_that_none_is_left() -> None:
    """In what failed, or in what caused that; or by a try."""
    failed = RuntimeError()
    assert not is_out_of_descriptors(failed)
    assert not are_all_taken()

    with no_descriptors():
        assert are_all_taken()
        with pytest.raises(OSError, match="Too many open files") as caught:
            os.dup(2)
    failed.__cause__ = caught.value

    assert is_out_of_descriptors(failed)
    assert not are_all_taken()
