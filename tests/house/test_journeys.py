"""The journeys of the map can be made, and end as calls do."""

import subprocess
import sys

from tests.house.figures import HERE


def test_the_journeys_are_counted_and_nothing_breaks_on_the_way() -> None:
    """Three rows of figures, and not a word on the other channel."""
    made = subprocess.run(
        [sys.executable, "tests/house/journeys.py", "1"],
        cwd=HERE,
        env={"PYTHONPATH": str(HERE)},
        capture_output=True,
        check=False,
        text=True,
    )

    assert (made.returncode, made.stderr) == (0, "")
    rows = [line.split() for line in made.stdout.splitlines()]
    assert rows[0] == ["journey", "steps", "files"]
    assert [all(int(figure) > 0 for figure in row[-2:]) for row in rows[1:]] == [True] * 3
