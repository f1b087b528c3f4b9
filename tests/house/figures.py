"""The house in figures, from what git tracks: modules, functions, and their sizes.

`python tests/house/figures.py [CHECKOUT ...]` prints a column for each checkout, this one by
default. It needs nothing but Python and git, so that it runs on older checkouts as well.
"""

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parents[2]
MAX_LINES: Final = 40
MAX_POSITIONAL: Final = 4

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def figures(checkout: Path) -> dict[str, float]:
    """Return the figures of the service in a checkout, by what they are."""
    modules = [checkout / name for name in tracked(checkout, "service/*.py")]
    lines = [len(module.read_text().splitlines()) for module in modules]
    functions = [each for module in modules for each in functions_of(module)]
    return {
        "modules": len(modules),
        "lines of a module, median": statistics.median(lines),
        "lines of a module, largest": max(lines),
        "functions": len(functions),
        f"functions over {MAX_LINES} lines": sum(length(one) > MAX_LINES for one in functions),
        f"functions with more than {MAX_POSITIONAL} positional parameters": sum(
            positional(one) > MAX_POSITIONAL for one in functions
        ),
    }


def tracked(checkout: Path, pattern: str) -> list[str]:
    """Return the files of a checkout that git tracks and that are there."""
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", pattern],
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.splitlines() if (checkout / name).exists()]


def functions_of(module: Path) -> Iterator[_Function]:
    """Yield every function of a module, methods and inner ones included."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, _Function):
            yield node


def length(function: _Function) -> int:
    """Return how many lines a function takes, without its decorators."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def positional(function: _Function) -> int:
    """Return how many parameters a function takes by position; `self` does not count."""
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    return len([name for name in names if name not in ("self", "cls")])


def main(checkouts: list[Path]) -> None:
    """Print a row for each figure."""
    checkouts = checkouts or [HERE]
    for checkout in checkouts:
        if not (checkout / "service").is_dir() or not (checkout / ".git").exists():
            sys.exit(f"{checkout} is no checkout of the service")
    columns = [figures(checkout) for checkout in checkouts]
    for name in columns[0]:
        print(f"{name:<55}", *(f"{column[name]:>8g}" for column in columns))


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
