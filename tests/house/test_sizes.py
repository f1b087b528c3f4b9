"""Modules and functions are short enough to be read at one sitting."""

from tests.house.figures import HERE, MAX_LINES, functions_of, length, tracked

MAX_FILE_LINES = 400
LONG_FILES: frozenset[str] = frozenset()
LONG_FUNCTIONS = frozenset(
    {
        "service/app.py:_open_rooms",
        "service/delivery/lanes.py:open_lanes",
        "service/recogniser/server.py:open_recogniser",
        "service/runtime/registry.py:open_calls",
        "service/simulator/server.py:open_simulator",
        "tests/api/harness.py:open_harness",
    }
)
"""What was longer before there was a bound. Both lists only ever get shorter."""

MODULES = [
    HERE / name for folder in ("service", "tests") for name in tracked(HERE, f"{folder}/*.py")
]


def test_modules_have_at_most_400_lines() -> None:
    """A longer one holds more than one thing; an exception that is none any more is struck out."""
    long = {
        str(module.relative_to(HERE))
        for module in MODULES
        if len(module.read_text().splitlines()) > MAX_FILE_LINES
    }

    assert long == LONG_FILES


def test_functions_have_at_most_40_lines() -> None:
    """With their docstrings; an exception that is none any more is struck out."""
    long = {
        f"{module.relative_to(HERE)}:{function.name}"
        for module in MODULES
        for function in functions_of(module)
        if length(function) > MAX_LINES
    }

    assert long == LONG_FUNCTIONS
