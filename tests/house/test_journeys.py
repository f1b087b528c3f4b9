"""The journeys of the map can be made, and end as calls do; the scripts say what they cannot do."""

import subprocess
import sys
from pathlib import Path

from tests.house.figures import HERE


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script of the house on this checkout."""
    return subprocess.run(
        [sys.executable, f"tests/house/{script}", *arguments],
        cwd=HERE,
        env={"PYTHONPATH": str(HERE)},
        capture_output=True,
        check=False,
        text=True,
    )


def test_the_journeys_are_counted_and_nothing_breaks_on_the_way() -> None:
    """Three rows of figures, and not a word on the other channel."""
    made = run("journeys.py", "1")

    assert (made.returncode, made.stderr) == (0, "")
    rows = [line.split() for line in made.stdout.splitlines()]
    assert rows[0] == ["journey", "steps", "files"]
    assert [all(int(figure) > 0 for figure in row[-2:]) for row in rows[1:]] == [True] * 3


def test_no_trips_and_no_checkout_are_told_in_a_line(tmp_path: Path) -> None:
    """Whoever mistypes an argument reads what it should be, and no traceback."""
    said = [run("journeys.py", "0").stderr, run("figures.py", str(tmp_path)).stderr]

    assert said == [
        "usage: python tests/house/journeys.py [TRIPS], of which there is at least one\n",
        f"{tmp_path} is no checkout of the service\n",
    ]
